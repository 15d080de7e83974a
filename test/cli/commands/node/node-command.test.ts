/** `cln-dev node`: the embedded node in the foreground. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { expect, it } from "vitest";
import type { Context } from "../../../../src/cli/commands/context.js";
import { node } from "../../../../src/cli/commands/node/node.js";
import { callNode } from "../../../../src/node/rpc/client.js";
import { makeFolder, makePlugin, until } from "../../../embedded/support.js";

function textOf(stream: PassThrough): () => string {
  let text = "";
  stream.on("data", (chunk: Buffer) => {
    text += chunk.toString("utf8");
  });
  return () => text;
}

function run(io: object, flags: object, own: Parameters<typeof node>[1] = {}) {
  const all = { lightningDir: [], json: false, quiet: false, ...flags };
  return node({ flags: all, io } as unknown as Context, own);
}

it("prints where it is, passes on the stderr of plugins, and ends on a signal", async () => {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const [out, err] = [textOf(stdout), textOf(stderr)];
  const ending = new AbortController();
  const lightningDir = join(makeFolder(), "dir");
  const plugin = makePlugin(
    makeFolder(),
    "loud.js",
    { dynamic: false },
    `{ init: () => { process.stderr.write("one\\ntwo \\x1b[31m, not ended"); return {}; } }`,
  );
  const io = { stdout, stderr, signal: ending.signal };
  const done = run(io, { lightningDir: [lightningDir] }, { plugin: [plugin] });
  const rpcFile = join(lightningDir, "regtest", "lightning-rpc");
  await until("it says where", () => out().includes(rpcFile));
  expect(out()).toContain(`lightning-cli --lightning-dir=${lightningDir} getinfo`);
  await until("the plugin's words come", () => err().includes("loud.js: one\n"));
  await until("what it did not end comes", () => err().includes("not ended\n"));
  expect(await callNode(rpcFile, "getinfo")).toMatchObject({ network: "regtest" });
  ending.abort();
  expect(await done).toBe(0);
  expect(existsSync(rpcFile)).toBe(false);
  expect(err()).not.toContain("\x1b");
});

it("prints one line with --json, nothing with --quiet, and refuses flags that it cannot use", async () => {
  const tell = async (flags: object) => {
    const stdout = new PassThrough();
    const out = textOf(stdout);
    const lightningDir = makeFolder();
    const io = { stdout, stderr: stdout, signal: new AbortController().signal };
    const done = run(io, { lightningDir: [lightningDir], ...flags });
    const rpcFile = join(lightningDir, "regtest", "lightning-rpc");
    await Promise.race([done, until("it is up", () => existsSync(rpcFile))]);
    await callNode(rpcFile, "stop");
    expect(await done).toBe(0);
    return { rpcFile, text: out() };
  };
  const { rpcFile, text } = await tell({ json: true });
  expect(JSON.parse(text)).toMatchObject({ event: "node", rpcFile });
  expect((await tell({ quiet: true })).text).toBe("");
  await expect(tell({ rpcFile: "/elsewhere" })).rejects.toThrow("--rpc-file cannot be used with");
  await expect(tell({ conf: "/elsewhere" })).rejects.toThrow("--conf cannot be used with");
});

it("writes its log, also into an earlier file, and prints how to reach it", async () => {
  const lightningDir = makeFolder();
  writeFileSync(join(lightningDir, "config"), "log-level=info\n");
  for (const times of [1, 2]) {
    const stdout = new PassThrough();
    const out = textOf(stdout);
    const ending = new AbortController();
    const io = { stdout, stderr: stdout, signal: ending.signal };
    const done = run(io, { lightningDir: [lightningDir] });
    const log = join(lightningDir, "regtest", "log");
    // Nobody asks it anything meanwhile.
    await until("the log", () => {
      return (
        existsSync(log) && readFileSync(log, "utf8").split("Server started").length === times + 1
      );
    });
    expect(out()).toContain(
      `lightning-cli --lightning-dir=${lightningDir} --network=regtest getinfo`,
    );
    ending.abort();
    await done;
  }
});

it("ends with 0 when a client stops it", async () => {
  const stdout = new PassThrough();
  const out = textOf(stdout);
  const lightningDir = makeFolder();
  const io = { stdout, stderr: stdout, signal: new AbortController().signal };
  const done = run(io, { lightningDir: [lightningDir] });
  await until("it is up", () => out().includes("lightning-rpc"));
  await callNode(join(lightningDir, "regtest", "lightning-rpc"), "stop");
  expect(await done).toBe(0);
});

it("refuses a log level that there is not", async () => {
  const io = {
    stdout: new PassThrough(),
    stderr: new PassThrough(),
    signal: new AbortController().signal,
  };
  await expect(run(io, {}, { logLevel: "loud" })).rejects.toThrow("--log-level does not take loud");
});
