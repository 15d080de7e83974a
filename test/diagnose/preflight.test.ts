import { chmodSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Preflight, type PreflightOptions, preflight } from "../../src/diagnose/preflight.js";
import { inspectPluginFile } from "../../src/plugin/file/plugin-file.js";

let folder: string;
let path: string;
let server: ReturnType<typeof createServer>;

/** A socket that answers listconfigs as a node whose config sets an option of the plugin. */
beforeAll(async () => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "cln-dev-safe-")));
  path = join(folder, "p.js");
  const of = (source: string) => ({ value_str: "v", source, plugin: path });
  const configs = {
    "in-config": of("/home/me/.lightning/config:5"),
    given: of("pluginstart"),
    untouched: of("default"),
    foreign: { value_str: "v", source: "cmdline", plugin: "/other" },
  };
  server = createServer((socket) =>
    socket.on("data", (chunk) => {
      const { id } = JSON.parse(String(chunk));
      socket.write(JSON.stringify({ jsonrpc: "2.0", id, result: { configs } }));
    }),
  );
  await new Promise<void>((resolve) => server.listen(join(folder, "rpc"), resolve));
});
afterAll(async () => {
  await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true, force: true });
});

const option = (name: string) => ({ name, type: "string", description: "d" });
const ALL = [option("in-config"), option("given")];

async function look(
  manifest: string,
  init = "say(id, {})",
  options: Partial<PreflightOptions> = {},
): Promise<Preflight> {
  writeFileSync(
    path,
    `#!/usr/bin/env node
    let text = "";
    const say = (id, result) => process.stdout.write(JSON.stringify({ jsonrpc: "2.0", id, result }));
    process.stdin.on("data", (chunk) => {
      text += chunk;
      for (let end; (end = text.indexOf("\\n\\n")) !== -1; text = text.slice(end + 2)) {
        const { id, method } = JSON.parse(text.slice(0, end));
        if (method === "getmanifest") process.stdout.write('{"jsonrpc":"2.0","id":' + JSON.stringify(id) + ',"result":' + ${JSON.stringify(manifest)} + '}');
        else { ${init} }
      }
    });`,
  );
  chmodSync(path, 0o755);
  return await preflight({
    file: await inspectPluginFile(path),
    options: [{ name: "given", raw: '"x"' }],
    node: { networkDir: folder, rpcFile: join(folder, "rpc"), network: "regtest" },
    version: "v26.06.6",
    running: true,
    timeoutMs: 5000,
    ...options,
  });
}

const manifest = (more = {}) =>
  JSON.stringify({ options: ALL, rpcmethods: [], dynamic: true, ...more });

test("a good version passes", async () => {
  expect(await look(manifest())).toMatchObject({ ok: true, note: undefined });
});

test("one that fails its handshake does not, and is explained", async () => {
  expect(await look(manifest(), "throw new Error('no init')")).toMatchObject({
    ok: false,
    message: "exited before replying to init",
    explanation: { reason: expect.stringContaining("Error: no init") },
    findings: expect.arrayContaining([expect.objectContaining({ kind: "own-frame" })]),
  });
  expect(await look(manifest({ dynamic: false }))).toMatchObject({
    ok: false,
    message: "Not a dynamic plugin",
  });
});

test("one that answers init with an error does not, although the node would take it", async () => {
  const init = `process.stdout.write(JSON.stringify({ jsonrpc: "2.0", id, error: { code: 1, message: "bad key" } }))`;
  const found = await look(manifest(), init);
  expect(found).toMatchObject({ ok: false, explanation: { id: "init-error" } });
  expect(found).toMatchObject({ explanation: { reason: expect.stringContaining("bad key") } });
});

test("an init that only lacks what the running version holds is let through, and that is said", async () => {
  const init = "throw new Error('listen EADDRINUSE: address already in use')";
  expect(await look(manifest(), init)).toMatchObject({
    ok: true,
    note: expect.stringContaining("the running version holds"),
  });
  expect(await look(manifest(), init, { running: false })).toMatchObject({ ok: false });
});

test("one that ends right after its init does not pass", async () => {
  const found = await look(manifest(), "say(id, {}); process.exit(0)");
  expect(found).toMatchObject({ ok: false, message: "exited during normal operation" });
});

test.each([
  [
    "a method named like a built-in",
    JSON.stringify({ options: ALL, dynamic: true, rpcmethods: [{ name: "getinfo", usage: "" }] }),
    /getinfo is named like a method of lightningd/,
  ],
  [
    "a \\u escape in usage",
    '{"options":[{"name":"given","type":"string","description":"d"}],"dynamic":true,"rpcmethods":[{"name":"cafe","usage":"caf\\u00e9"}]}',
    /the usage of cafe contains a \\u escape/,
  ],
  [
    "an option that the config sets and the new version dropped",
    JSON.stringify({ options: [option("given")], dynamic: true, rpcmethods: [] }),
    /no longer declares in-config \(set in \/home\/me\/\.lightning\/config:5\)/,
  ],
])("refused, because the node would crash: %s", async (_, text, reason) => {
  const found = await look(text);
  expect(found).toMatchObject({ ok: false, message: "lightningd would crash" });
  expect(found.ok ? "" : found.explanation?.reason).toMatch(reason);
});

test("methods that only another release has in itself", async () => {
  const has = (name: string) => manifest({ rpcmethods: [{ name, usage: "" }] });
  const crash = { ok: false, explanation: { id: "kills-node-builtin-method" } };
  expect(await look(has("chaininfo"))).toMatchObject({ ok: true });
  expect(
    await look(has("chaininfo"), undefined, { version: "v26.06-258-g090f4b0e6" }),
  ).toMatchObject(crash);
  expect(await look(has("decodepay"), undefined, { version: "v25.05" })).toMatchObject(crash);
  expect(await look(has("dev-fail"))).toMatchObject(crash);
});

test("a \\u escape harms only releases from v25.12 on", async () => {
  const text =
    '{"options":[{"name":"given","type":"string","description":"d"},{"name":"in-config","type":"string","description":"d"}],"dynamic":true,"rpcmethods":[{"name":"cafe","usage":"caf\\u00e9"}]}';
  expect(await look(text)).toMatchObject({ ok: false, crashes: true });
  expect(await look(text, undefined, { version: "v25.05" })).toMatchObject({ ok: true });
});

test("a giant log message", async () => {
  const init = `process.stdout.write(JSON.stringify({ jsonrpc: "2.0", method: "log", params: { message: "x".repeat(300000) } })); say(id, {})`;
  expect(await look(manifest(), init)).toMatchObject({
    ok: false,
    explanation: { id: "kills-node-giant-log" },
  });
  expect(await look(manifest(), init, { version: "v25.12" })).toMatchObject({ ok: true });
});

test("a dropped option harms neither a start without options nor a newer node", async () => {
  const dropped = JSON.stringify({ options: [option("given")], dynamic: true, rpcmethods: [] });
  expect(await look(dropped, undefined, { options: [] })).toMatchObject({ ok: true });
  for (const version of ["v26.09", "v26.06.6-113-gabcdef", "v23.05.2"]) {
    expect(await look(dropped, undefined, { version })).toMatchObject({ ok: true });
  }
});
