import { chmodSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { inspectPluginFile } from "../../../src/plugin/file/plugin-file.js";
import type { Handshake, HandshakeOptions } from "../../../src/plugin/handshake/handshake.js";
import { runHandshake } from "../../../src/plugin/handshake/run-handshake.js";
import { isAlive } from "../../support/processes.js";

let folder: string;
beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "cln-dev-shake-")));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Answers what `answers` holds for each method; `null` is no answer. */
const ANSWERING = `#!/usr/bin/env node
const say = (id, answer) => process.stdout.write(JSON.stringify({ jsonrpc: "2.0", id, ...answer }) + "\\n\\n");
let text = "";
process.stdin.on("data", (chunk) => {
  text += chunk;
  let end;
  while ((end = text.indexOf("\\n\\n")) !== -1) {
    const message = JSON.parse(text.slice(0, end));
    text = text.slice(end + 2);
    on[message.method]?.(message);
  }
});
`;
const MANIFEST = `{ options: [
  { name: "word", type: "string", default: "bar", description: "d" },
  { name: "bare", type: "string", description: "d" },
  { name: "number", type: "int", default: 5, description: "d" },
  { name: "truth", type: "bool", default: true, description: "d" },
  { name: "mark", type: "flag", description: "d" },
  { name: "list", type: "string", multi: true, description: "d" },
], rpcmethods: [{ name: "hi", usage: "" }], dynamic: true }`;
const GOOD = `const on = {
  getmanifest: ({ id }) => say(id, { result: ${MANIFEST} }),
  init: ({ id, params }) => { process.stderr.write(JSON.stringify(params)); say(id, { result: {} }); },
};`;

let files = 0;
async function run(source: string, options: Partial<HandshakeOptions> = {}): Promise<Handshake> {
  const path = join(folder, `p${files++}.js`);
  writeFileSync(path, source.startsWith("#!") ? source : ANSWERING + source);
  chmodSync(path, 0o755);
  return await runHandshake(await inspectPluginFile(path), {
    networkDir: folder,
    rpcFile: join(folder, "lightning-rpc"),
    network: "regtest",
    until: "init",
    timeoutMs: 5000,
    ...options,
  });
}

test("a good plugin passes, and is sent what lightningd sends", async () => {
  const shaken = await run(GOOD);
  expect(shaken).toMatchObject({ end: { kind: "passed" }, nodeMessage: undefined, stray: [] });
  expect(shaken.manifest?.rpcmethods).toMatchObject([{ name: "hi" }]);
  expect(shaken.manifestMs).toBeGreaterThan(0);
  expect(shaken.initMs).toBeGreaterThan(0);
  expect(JSON.parse(shaken.stderr)).toMatchObject({
    options: { word: "bar", number: 5, truth: true },
    configuration: {
      "lightning-dir": folder,
      "rpc-file": "lightning-rpc",
      startup: false,
      network: "regtest",
    },
  });
});

test("options arrive as lightningd hands them on", async () => {
  const raw = (name: string, text: string) => ({ name, raw: text });
  const shaken = await run(GOOD, {
    options: [
      raw("word", '"a\\nb  "'),
      raw("number", '"7"'),
      raw("truth", '"No"'),
      raw("mark", "false"),
      raw("list", '"x"'),
      raw("list", '["y"]'),
    ],
  });
  expect(JSON.parse(shaken.stderr).options).toEqual({
    word: "a\\nb",
    number: 7,
    truth: false,
    mark: true,
    list: ["x", '["y"]'],
  });
});

test("environment, working directory and arguments are lightningd's", async () => {
  const shaken = await run(
    `const on = { getmanifest: ({ id }) => {
      const { LIGHTNINGD_PLUGIN, LIGHTNINGD_VERSION } = process.env;
      process.stderr.write([LIGHTNINGD_PLUGIN, LIGHTNINGD_VERSION, process.cwd(), process.argv.length].join());
      say(id, { result: { disable: "seen" } });
    } };`,
    { version: "v25.09" },
  );
  expect(shaken.stderr).toBe(`1,v25.09,${folder},2`);
});

test("stdin, stdout and stderr are pipes, which can be opened by name", async () => {
  const shaken = await run(
    `#!/bin/sh
read -r line < /dev/stdin
echo "heard" > /dev/stderr
echo "said" > /dev/stdout
exit 4
`,
  );
  expect(shaken).toMatchObject({ stderr: "heard\n", stray: ["said"], end: { code: 4 } });
});

describe("ends otherwise", () => {
  const manifest = (result: string) =>
    `const on = { getmanifest: ({ id }) => say(id, { result: ${result} }) };`;
  const init = (body: string) =>
    `const on = { getmanifest: ({ id }) => say(id, { result: ${MANIFEST} }), init: ({ id }) => { ${body} } };`;
  test.each<[string, string, Partial<HandshakeOptions>, Partial<Handshake>]>([
    [
      "exits before getmanifest",
      "process.exit(3)",
      {},
      {
        end: { kind: "exited", phase: "getmanifest", code: 3, signal: null },
        nodeMessage: "exited before replying to getmanifest",
      },
    ],
    [
      "is ended by a signal",
      "process.kill(process.pid, 'SIGTERM')",
      {},
      { end: { kind: "exited", phase: "getmanifest", code: null, signal: "SIGTERM" } },
    ],
    [
      "exits before init is answered",
      init("process.exit(0)"),
      {},
      {
        end: { kind: "exited", phase: "init", code: 0, signal: null },
        nodeMessage: "exited before replying to init",
      },
    ],
    [
      "closes stdout and lives on",
      "require('fs').closeSync(1); setInterval(() => {}, 1000); const on = {};",
      {},
      { end: { kind: "exited", phase: "getmanifest", code: null, signal: null } },
    ],
    [
      "never answers getmanifest",
      "const on = {}",
      { timeoutMs: 300 },
      {
        end: { kind: "timeout", phase: "getmanifest", ms: 300, answersAtEof: false },
        nodeMessage: "timed out before replying to getmanifest",
      },
    ],
    [
      "never answers init",
      init(""),
      { timeoutMs: 1500 },
      {
        end: { kind: "timeout", phase: "init", ms: 1500, answersAtEof: false },
        nodeMessage: "timed out before replying to init",
      },
    ],
    [
      "answers only at the end of its stdin",
      `let all = ""; process.stdin.removeAllListeners("data"); process.stdin.on("data", (c) => { all += c; });
       process.stdin.on("end", () => say(JSON.parse(all).id, { result: {} }));`,
      { timeoutMs: 1500 },
      { end: { kind: "timeout", phase: "getmanifest", ms: 1500, answersAtEof: true } },
    ],
    [
      "prints, then answers",
      `console.log('hello there');${GOOD}`,
      {},
      {
        stray: ["hello there"],
        nodeMessage: expect.stringMatching(
          /^Failed to parse RPC JSON response 'hello there\n\{"jsonrpc"/,
        ),
      },
    ],
    [
      "prints and exits",
      "console.log('usage: x'); process.exit(1)",
      {},
      { stray: ["usage: x"], nodeMessage: "exited before replying to getmanifest" },
    ],
    [
      "prints without a line end",
      "process.stdout.write('loading...'); setTimeout(() => process.exit(1), 20)",
      {},
      { stray: ["loading..."] },
    ],
    [
      "prints a Python dictionary",
      "console.log(\"{'a': 1}\"); const on = {}",
      {},
      { stray: ["{'a': 1}"], nodeMessage: "Failed to parse RPC JSON response '{'a': 1}\n'" },
    ],
    [
      "answers without jsonrpc",
      "console.log('{\"id\": 1}'); const on = {}",
      {},
      { nodeMessage: `JSON-RPC message does not contain "jsonrpc" field: '{"id": 1}\n'` },
    ],
    [
      "answers getmanifest with an error",
      "const on = { getmanifest: ({ id }) => say(id, { error: { code: 1, message: 'no' } }) }",
      {},
      {
        end: { kind: "refused", about: "manifest" },
        nodeMessage: expect.stringMatching(
          /^Invalid\/missing result tok in '\{"jsonrpc".*"no"\}\}'$/,
        ),
      },
    ],
    [
      "has a faulty manifest",
      manifest("{ rpcmethods: [], dynamic: true }"),
      {},
      {
        end: { kind: "refused", about: "manifest" },
        nodeMessage: '"result.options" was not found in the manifest',
      },
    ],
    [
      "is not dynamic",
      manifest("{ options: [], rpcmethods: [] }"),
      {},
      { end: { kind: "not-dynamic" }, nodeMessage: "Not a dynamic plugin" },
    ],
    [
      "does not know the option",
      GOOD,
      { options: [{ name: "wrod", raw: '"x"' }] },
      { end: { kind: "refused", about: "options" }, nodeMessage: "unknown parameter wrod" },
    ],
    [
      "does not take the value",
      GOOD,
      { options: [{ name: "number", raw: '"x"' }] },
      { end: { kind: "refused", about: "options" }, nodeMessage: "'x' is not a number" },
    ],
    [
      "disables itself",
      manifest("{ disable: 'no key' }"),
      {},
      { end: { kind: "disabled", phase: "getmanifest", reason: "no key" } },
    ],
    [
      "disables itself at init",
      init("say(id, { result: { disable: 'no peer' } })"),
      {},
      {
        end: { kind: "disabled", phase: "init", reason: "no peer" },
        nodeMessage: "disabled itself at init: no peer",
      },
    ],
    [
      "answers init with an error",
      init("say(id, { error: { code: -1, message: 'bad' } })"),
      {},
      { end: { kind: "init-error", error: { code: -1, message: "bad" } }, nodeMessage: undefined },
    ],
    [
      "ends right after init",
      init("say(id, { result: {} }); process.exit(0)"),
      { aliveForMs: 3000 },
      { end: { kind: "exited", phase: "running", code: 0, signal: null } },
    ],
    [
      "logs at a level that is none",
      `process.stdout.write('{"jsonrpc":"2.0","method":"log","params":{"level":"warning","message":"m"}}'); const on = {}`,
      {},
      {
        nodeMessage: expect.stringContaining(
          'Unknown log-level "warning", valid values are "trace"',
        ),
      },
    ],
  ])("%s", async (_, source, options, expected) => {
    expect(await run(source, options)).toMatchObject(expected);
  });
});

test("floods are bounded: stderr keeps both ends, stdout is given up", async () => {
  const flood = await run(
    "for (let i = 0; i < 40000; i++) process.stderr.write('line ' + i + '\\n'); process.stdin.destroy(); const on = {}",
  );
  expect(flood.stderr).toMatch(/^line 0\n[\s\S]*bytes left out[\s\S]*line 39999\n$/);
  expect(flood.stderr.length).toBeLessThan(70_000);
  const endless = await run(
    "const more = () => process.stdout.write('{' + 'x'.repeat(1 << 20), more); more(); const on = {}",
  );
  expect(endless.end.kind).toBe("garbage");
});

test("nothing is left running, not even what the plugin has started", async () => {
  const shaken = await run(
    `#!/bin/sh
sleep 1000 &
echo "$$ $!" >&2
wait
`,
    { timeoutMs: 400 },
  );
  expect(shaken.end).toMatchObject({ kind: "timeout" });
  for (const pid of shaken.stderr.trim().split(" ").map(Number)) {
    expect(isAlive(pid)).toBe(false);
  }
});

test("the caller can give it up", async () => {
  const shaken = await run("const on = {}", { signal: AbortSignal.timeout(100) });
  expect(shaken).toMatchObject({ end: { kind: "cut" }, nodeMessage: undefined });
  const never = await run("const on = {}", { signal: AbortSignal.abort() });
  expect(never.end.kind).toBe("cut");
});

test("an interpreter that is gone: lightningd's message", async () => {
  const path = join(folder, "bad.py");
  writeFileSync(path, "#!/nowhere/python\n");
  chmodSync(path, 0o755);
  const file = { path, realPath: path, language: "python", interpreter: undefined } as const;
  const shaken = await runHandshake(file, {
    networkDir: folder,
    rpcFile: join(folder, "lightning-rpc"),
    network: "regtest",
    until: "getmanifest",
    timeoutMs: 1000,
  });
  expect(shaken.end).toEqual({ kind: "not-started", code: "ENOENT" });
  expect(shaken.nodeMessage).toBe("opening pipe: No such file or directory");
});

test("an id with escaped slashes: lightningd would wait for ever", async () => {
  const shaken = await run(
    `const on = { getmanifest: ({ id }) => process.stdout.write(
       JSON.stringify({ jsonrpc: "2.0", id, result: ${MANIFEST} }).replaceAll("/", "\\\\/")) }`,
    { callerId: '"cli:plugin#7"' },
  );
  expect(shaken.end).toMatchObject({ kind: "other-id", phase: "getmanifest" });
  expect(shaken.end).toHaveProperty(
    "sent",
    expect.stringMatching(/^"cli:plugin#7\/cln:getmanifest#\d+"$/),
  );
  expect(shaken.nodeMessage).toBe("timed out before replying to getmanifest");
});

test.runIf(process.platform === "linux")(
  "SIGPIPE is ignored, as lightningd leaves it",
  async () => {
    const path = join(folder, "pipe.sh");
    writeFileSync(path, "#!/bin/sh\ngrep SigIgn /proc/self/status >&2\n");
    chmodSync(path, 0o755);
    const { stderr } = await runHandshake(await inspectPluginFile(path), {
      networkDir: folder,
      rpcFile: join(folder, "lightning-rpc"),
      network: "regtest",
      until: "getmanifest",
      timeoutMs: 1000,
    });
    const ignored = BigInt(`0x${/SigIgn:\s*([0-9a-f]+)/.exec(stderr)?.[1] ?? "0"}`);
    expect(ignored & 0x1000n).toBe(0x1000n);
  },
);

test("what the plugin sees comes from the caller: environment, version, configuration, deprecation", async () => {
  const { stderr, end } = await run(
    `const on = { getmanifest: ({ id, params }) => {
       const { LIGHTNINGD_VERSION, MINE, HOME = null } = process.env;
       console.error(JSON.stringify([params, LIGHTNINGD_VERSION, MINE, HOME]));
       say(id, { result: ${MANIFEST} });
     }, init: ({ id, params }) => {
       console.error(JSON.stringify(params.configuration));
       say(id, { result: {} });
     } }`,
    {
      until: "init",
      version: "v25.05",
      env: { PATH: process.env.PATH, MINE: "1" },
      allowDeprecatedApis: false,
      configuration: '{"lightning-dir":"/elsewhere"}',
    },
  );
  expect(end.kind).toBe("passed");
  expect(stderr.trim().split("\n")).toEqual([
    '[{"allow-deprecated-apis":false},"v25.05","1",null]',
    '{"lightning-dir":"/elsewhere"}',
  ]);
});
