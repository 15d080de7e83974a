/** A plugin that dies by itself, and is run again offline to see why. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { callNode } from "../../../src/node/rpc/client.js";
import { RpcError } from "../../../src/node/rpc/errors.js";
import { startNode } from "../../support/nodes.js";
import { writeProgram } from "../../support/plugin.js";
import { pidIn } from "../../support/processes.js";
import { Program } from "../../support/program.js";
import { sandbox } from "../../support/sandbox.js";
import { until } from "../../support/until.js";

it("gives way to a newer version also where it is being run offline", async () => {
  const box = sandbox();
  const node = await startNode(box);
  const mark = (name: string) => join(box.root, name);
  // Started once more it answers nothing, and says so when it is given up and not killed.
  const path = writeProgram(
    join(box.work, "plugin.js"),
    `#!${process.execPath}
const { existsSync, renameSync, writeFileSync } = require("node:fs");
const mark = (path, text) => (writeFileSync(path + ".tmp", text), renameSync(path + ".tmp", path));
const again = existsSync("${mark("first")}");
if (!again) mark("${mark("first")}", "");
else mark("${mark("offline")}", String(process.pid));
const manifest = { options: [], rpcmethods: [{ name: "die", usage: "" }], dynamic: true };
const lines = require("node:readline").createInterface({ input: process.stdin });
lines.on("line", (line) => {
  if (line.trim() === "" || again) return;
  const { id, method } = JSON.parse(line);
  if (method === "die") process.exit(7);
  const result = method === "getmanifest" ? manifest : {};
  process.stdout.write(JSON.stringify({ jsonrpc: "2.0", id, result }) + "\\n\\n");
});
lines.on("close", () => again && mark("${mark("ran-out")}", ""));
`,
  );
  const watch = new Program(box, ["watch", path, node.flag, "--json"]);
  await watch.next("reloaded");
  await expect(callNode(node.rpcFile, "die")).rejects.toBeInstanceOf(RpcError);
  await watch.next("plugin-died");
  await until("the offline run", () => existsSync(mark("offline")));
  const pid = pidIn(mark("offline"));
  // It starts when it has the place to itself.
  const version = (text: string) => `#!${process.execPath}
const alone = () => { try { process.kill(${pid}, 0); return false; } catch { return true; } };
while (!alone()) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
const manifest = { options: [], rpcmethods: [], dynamic: true };
require("node:readline").createInterface({ input: process.stdin }).on("line", (line) => {
  if (line.trim() === "") return;
  const { id, method } = JSON.parse(line);
  const result = method === "getmanifest" ? manifest : {};
  process.stdout.write(JSON.stringify({ jsonrpc: "2.0", id, result }) + "\\n\\n");
});
// ${text}
`;
  writeProgram(path, version("mended"));
  await watch.next("reloaded", { cause: "file" });
  expect(existsSync(mark("ran-out"))).toBe(false);
  // What the old one died of is of no interest any more.
  writeProgram(path, version("and better"));
  await watch.next("reloaded", { cause: "file" });
  expect(watch.events.filter(({ event }) => event === "explained")).toEqual([]);
});

it("that the node has ended, for what it printed in a method, is explained by that", async () => {
  const box = sandbox();
  const node = await startNode(box);
  const path = writeProgram(
    join(box.work, "plugin.js"),
    `#!${process.execPath}
const manifest = { options: [], rpcmethods: [{ name: "count", usage: "" }], dynamic: true };
require("node:readline").createInterface({ input: process.stdin }).on("line", (line) => {
  if (line.trim() === "") return;
  const { id, method } = JSON.parse(line);
  if (method === "count") console.log("debug", 3);
  const result = method === "getmanifest" ? manifest : {};
  process.stdout.write(JSON.stringify({ jsonrpc: "2.0", id, result }) + "\\n\\n");
});
`,
  );
  const watch = new Program(box, ["watch", path, node.flag, "--json"]);
  await watch.next("reloaded");
  await expect(callNode(node.rpcFile, "count")).rejects.toBeInstanceOf(RpcError);
  await watch.next("explained", {
    reason: `the node ended it: it printed \`debug 3\` to stdout (${path}:6), which is reserved for JSON-RPC`,
  });
});
