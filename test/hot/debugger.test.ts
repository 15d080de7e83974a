/** A debugger survives reloads: its port is free for the next version, and a breakpoint ends nothing. */
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ask, startNode } from "../support/nodes.js";
import { writeProgram } from "../support/plugin.js";
import { Program } from "../support/program.js";
import { type Sandbox, sandbox } from "../support/sandbox.js";
import { until } from "../support/until.js";
import { pythonPlugin } from "./support.js";

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const address = server.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}

const nodePlugin = (version: string) => `#!${process.execPath}
const lines = require("node:readline").createInterface({ input: process.stdin });
lines.on("line", (line) => {
  if (line === "") return;
  const { id, method } = JSON.parse(line);
  const manifest = { dynamic: true, options: [], rpcmethods: [{ name: "version", usage: "" }] };
  const result = method === "getmanifest" ? manifest : { version: "${version}", pid: process.pid };
  if (id !== undefined) process.stdout.write(JSON.stringify({ jsonrpc: "2.0", id, result }) + "\\n\\n");
});
`;

/** A client of Node's inspector: the DevTools protocol over the one WebSocket that it opens. */
async function attach(box: Sandbox, port: number) {
  const target = await until("the inspector", async () => {
    const answer = await fetch(`http://127.0.0.1:${port}/json/list`).catch(() => undefined);
    return answer?.ok ? await answer.text() : undefined;
  });
  const pathname = /"ws:\/\/[^/]+(\/[^"]+)"/.exec(target)?.[1] ?? "";
  const socket = connect(port, "127.0.0.1");
  box.onEnd(() => void socket.destroy());
  socket.on("error", () => {});
  let text = "";
  socket.on("data", (chunk: Buffer) => {
    text += chunk.toString("latin1");
  });
  const key = randomBytes(16).toString("base64");
  const upgrade = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13";
  const head = `GET ${pathname} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n${upgrade}`;
  socket.write(`${head}\r\nSec-WebSocket-Key: ${key}\r\n\r\n`);
  await until("the WebSocket", () => text.includes("101 Switching"));
  let id = 0;
  return async (method: string) => {
    const message = Buffer.from(JSON.stringify({ id: ++id, method }));
    // A short text frame, masked by zeros.
    socket.write(Buffer.concat([Buffer.from([0x81, 0x80 | message.length, 0, 0, 0, 0]), message]));
    await until(method, () => text.includes(`{"id":${id},"result"`));
  };
}

describe("a debugger", () => {
  it("of Node: a breakpoint is not called hung, and the next version has the port", async () => {
    const box = sandbox();
    const node = await startNode(box);
    const port = await freePort();
    const folder = box.folder();
    const write = (version: string) => writeProgram(join(folder, "a.js"), nodePlugin(version));
    const plugin = write("1");
    const exec = `${process.execPath} --inspect=127.0.0.1:${port} {plugin}`;
    const args = ["watch", plugin, node.flag, "--hot", "--exec", exec, "--json", "--trace"];
    const env = { XDG_CACHE_HOME: join(box.home, "cache") };
    const watch = new Program(box, [...args, "--stop-on-exit"], { env });
    expect(await watch.outcome()).toMatchObject({ event: "reloaded" });
    const inspect = await attach(box, port);
    await inspect("Debugger.enable");
    await inspect("Debugger.pause");
    const stopped = ask(node, "version");
    await watch.next("trace", { kind: "pending", method: "version" });
    await inspect("Debugger.disable");
    expect(await stopped).toMatchObject({ version: "1" });
    write("2");
    expect(await watch.outcome()).toMatchObject({
      event: "reloaded",
      hot: { handover: "old-first" },
    });
    await (await attach(box, port))("Debugger.enable");
    expect(await ask(node, "version")).toMatchObject({ version: "2" });
    await watch.end();
  });

  const hasDebugpy = spawnSync("python3", ["-c", "import debugpy"]).status === 0;
  it.skipIf(!hasDebugpy)("of Python: debugpy listens again after each reload", async () => {
    const box = sandbox();
    const node = await startNode(box);
    const port = await freePort();
    const folder = box.folder();
    const manifest = { rpcmethods: [{ name: "version", usage: "" }] };
    const write = (version: string) => pythonPlugin(folder, "a.py", { version, manifest });
    const plugin = write("1");
    const exec = `python3 -Xfrozen_modules=off -m debugpy --listen 127.0.0.1:${port} {plugin}`;
    const args = ["watch", plugin, node.flag, "--hot", "--exec", exec, "--json", "--stop-on-exit"];
    const env = { XDG_CACHE_HOME: join(box.home, "cache") };
    const watch = new Program(box, args, { env });
    expect(await watch.outcome()).toMatchObject({ event: "reloaded" });
    for (const version of ["2", "3"]) {
      write(version);
      expect(await watch.outcome()).toMatchObject({ event: "reloaded" });
      expect(await ask(node, "version")).toMatchObject({ version });
    }
    expect(watch.stdout).not.toMatch(/address already in use|Errno 98/i);
    await watch.end();
  });
});
