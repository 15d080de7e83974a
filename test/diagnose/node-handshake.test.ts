/** The offline run is the node's handshake: what the plugin reads there is what the node has sent it. */
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { diagnoseFailedStart } from "../../src/diagnose/failures/start.js";
import { runEmbeddedNode } from "../../src/embedded/node.js";
import { isObject } from "../../src/jsonrpc/json.js";
import { startPlugin } from "../../src/node/plugins/plugin-command.js";
import { RpcError } from "../../src/node/rpc/errors.js";
import { inspectPluginFile } from "../../src/plugin/file/plugin-file.js";
import { installed } from "../conformance/nodes/installed.js";
import { startLightningd } from "../conformance/nodes/lightningd.js";
import { Sandbox } from "../support/sandbox.js";

let box: Sandbox;
beforeAll(() => {
  box = new Sandbox();
});
afterAll(() => box.end());

/** Notes each request and what its environment says, and ends when init has come. */
function write(): string {
  const path = join(box.work, "notes.js");
  writeFileSync(
    path,
    `#!${process.execPath}
const { appendFileSync } = require("node:fs");
const note = (value) => appendFileSync(${JSON.stringify(join(box.work, "notes"))}, JSON.stringify(value) + "\\n");
note({ argv: process.argv.slice(2), version: process.env.LIGHTNINGD_VERSION, cwd: process.cwd() });
let text = "";
process.stdin.on("data", (chunk) => {
  text += chunk;
  for (let end; (end = text.indexOf("\\n\\n")) !== -1; text = text.slice(end + 2)) {
    const { id, method, params } = JSON.parse(text.slice(0, end));
    note({ id: String(id).replace(/\\d+/g, "N").replace(/^[^/]*\\//, ""), method, params });
    if (method === "init") throw new Error("no init");
    const result = { options: [{ name: "word", type: "string", default: "x", description: "d" }], rpcmethods: [], dynamic: true };
    process.stdout.write(JSON.stringify({ jsonrpc: "2.0", id, result }));
  }
});
`,
  );
  chmodSync(path, 0o755);
  return path;
}

describe.each([
  {
    name: "the embedded node",
    start: async () => {
      const lightningDir = box.folder("l1");
      writeFileSync(join(lightningDir, "config"), "network=regtest\nallow-deprecated-apis=false\n");
      const node = await runEmbeddedNode({ lightningDir });
      return { ...node, end: () => node.close() };
    },
  },
  ...(installed === undefined
    ? []
    : [
        {
          name: "lightningd with --developer",
          start: () => startLightningd({ config: ["developer", "allow-deprecated-apis=false"] }),
        },
        {
          name: "lightningd",
          start: () => startLightningd({ config: ["allow-deprecated-apis=false"] }),
        },
      ]),
])("of $name", ({ start }) => {
  test("the same requests, version and directory", async () => {
    const node = await start();
    try {
      const path = write();
      const file = await inspectPluginFile(path);
      writeFileSync(join(box.work, "notes"), "");
      const options = [{ name: "word", raw: '"hi"' }];
      const since = new Date();
      const error: unknown = await startPlugin(node.rpcFile, path, options).catch(
        (e: unknown) => e,
      );
      if (!(error instanceof RpcError)) throw new Error("it starts");
      await diagnoseFailedStart(error, {
        file,
        options,
        node: { ...node, network: "regtest" },
        since,
      });
      const notes: unknown[] = readFileSync(join(box.work, "notes"), "utf8")
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as unknown);
      expect(notes).toHaveLength(6);
      expect(notes.slice(3)).toEqual(notes.slice(0, 3));
      const manifest = notes[1];
      expect(isObject(manifest) && manifest.params).toEqual({ "allow-deprecated-apis": false });
    } finally {
      await node.end();
    }
  });
});
