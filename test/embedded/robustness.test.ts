/** Bad clients and bad plugins: each ends in an error or a killed plugin, and the node goes on. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { RunningEmbeddedNode } from "../../src/embedded/api.js";
import { isAlive } from "../support/processes.js";
import {
  call,
  failureOf,
  makeFile,
  makeFolder,
  makePlugin,
  method,
  onCleanup,
  RawClient,
  startNode,
  until,
} from "./support.js";

const request = (id: unknown, name: string, params: unknown = []) =>
  JSON.stringify({ jsonrpc: "2.0", id, method: name, params });

const isUp = async (node: RunningEmbeddedNode) =>
  expect(await call(node, "batching", [true])).toEqual({});

const logOf = (node: RunningEmbeddedNode) => readFileSync(node.logFile, "utf8");

describe("a client", () => {
  it.each([
    ["broken JSON", '{"jsonrpc": }'],
    ["a batch", `[${request(1, "help")}]`],
    ["no jsonrpc", '{"id":1,"method":"help","params":[]}'],
    ["invalid UTF-8", Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])],
    ["very deep nesting", `${"[".repeat(200_000)}}`],
  ])("with %s gets an error, and its connection is dead but open", async (_, text) => {
    const node = await startNode();
    const client = new RawClient(node.rpcFile);
    client.send(text);
    const answer = await client.answer();
    expect(answer).toMatchObject({ id: null, error: { code: -32600 } });
    client.send(request(2, "batching", [true]));
    await isUp(node);
    expect(client.answers).toHaveLength(1);
    expect(client.ended).toBe(false);
  });

  it("with 100 MB without an end gets an error, and costs no more than that", async () => {
    const node = await startNode();
    const client = new RawClient(node.rpcFile);
    const before = process.memoryUsage().rss;
    const chunk = Buffer.alloc(1024 * 1024, "x");
    client.send('{"jsonrpc":"2.0","id":1,"method":"help","params":["');
    for (let sent = 0; sent < 100; sent++) {
      client.send(chunk);
      await new Promise((resolve) => client.socket.once("drain", resolve));
    }
    expect((await client.answer()).error?.message).toMatch(/^(a message of )?more than \d+ bytes/);
    expect(process.memoryUsage().rss - before).toBeLessThan(400 * 1024 * 1024);
    await isUp(node);
  });

  it("with a filter that is nested too deep gets an error, and the node lives", async () => {
    const node = await startNode();
    const client = new RawClient(node.rpcFile);
    const filter = `${'{"a":'.repeat(4000)}true${"}".repeat(4000)}`;
    client.send(`{"jsonrpc":"2.0","id":1,"method":"getinfo","params":{},"filter":${filter}}`);
    expect((await client.answer()).error?.message).toMatch(/^filter: is nested too deep/);
    await isUp(node);
  });

  it("may nest deeply where JSON allows it", async () => {
    const node = await startNode();
    const plugin = makePlugin(
      makeFolder(),
      "p.js",
      { rpcmethods: [method("count")] },
      "{ count: (params) => ({ depth: JSON.stringify(params).length }) }",
    );
    await call(node, "plugin", ["start", plugin]);
    const client = new RawClient(node.rpcFile);
    const params = `${"[".repeat(1000)}${"]".repeat(1000)}`;
    client.send(`{"jsonrpc":"2.0","id":1,"method":"count","params":${params}}`);
    expect((await client.answer()).result).toEqual({ depth: 2000 });
  });

  it("that never reads does not make the node gather answers for it", async () => {
    const node = await startNode();
    const client = new RawClient(node.rpcFile);
    client.socket.pause();
    const many = request(1, "listconfigs").repeat(20_000);
    const before = process.memoryUsage().rss;
    client.send(many);
    for (let round = 0; round < 20; round++) await isUp(node);
    expect(process.memoryUsage().rss - before).toBeLessThan(200 * 1024 * 1024);
  });

  it("that pipelines 100 calls gets each answer under its id", async () => {
    const node = await startNode();
    const plugin = makePlugin(
      makeFolder(),
      "p.js",
      { rpcmethods: [method("echo")] },
      "{ echo: (params) => ({ params }) }",
    );
    await call(node, "plugin", ["start", plugin]);
    const client = new RawClient(node.rpcFile);
    const ids = Array.from({ length: 100 }, (_, index) => index);
    client.send(ids.map((id) => request(id, "echo", [id])).join(""));
    await client.answer(100);
    const byId = new Map(client.answers.map(({ id, result }) => [id, result]));
    expect(byId).toEqual(new Map(ids.map((id) => [id, { params: [id] }])));
  });

  it("may come 2,000 times, and 200 at once", async () => {
    const node = await startNode();
    for (let round = 0; round < 40; round++) {
      await Promise.all(Array.from({ length: 50 }, () => isUp(node)));
    }
    const clients: RawClient[] = [];
    while (clients.length < 200) {
      const client = new RawClient(node.rpcFile);
      clients.push(client);
      if (clients.length % 50 === 0) {
        await new Promise((resolve) => client.socket.once("connect", resolve));
      }
    }
    for (const [id, client] of clients.entries()) client.send(request(id, "batching", [true]));
    for (const [id, client] of clients.entries()) {
      expect(await client.answer()).toMatchObject({ id, result: {} });
    }
  });

  it("that goes away does not stop what it has begun", async () => {
    const node = await startNode();
    const client = new RawClient(node.rpcFile);
    const plugin = makePlugin(makeFolder(), "p.js");
    client.send(request(1, "plugin", ["start", plugin]));
    await until("it has begun", () => logOf(node).includes("started("));
    client.socket.destroy();
    const active = { command: "list", plugins: [{ name: plugin, active: true, dynamic: true }] };
    await until("it is active", async () => {
      const list = await call(node, "plugin", ["list"]);
      return JSON.stringify(list) === JSON.stringify(active);
    });
  });
});

/** A plugin that starts faster than a whole Node, and ends its answers after some if it is asked to. */
function shellPlugin(rpcmethods: object[], result: string, answers = 1000): string {
  const manifest = JSON.stringify({ dynamic: true, options: [], rpcmethods });
  // The id is between the first "id": and its comma; each message has an empty line behind it.
  return `#!/bin/sh
    left=${answers}
    answer() {
      [ $left -gt 0 ] || exec sleep 30
      left=$((left - 1)); id=\${asked#*'"id":'}
      printf '{"jsonrpc":"2.0","id":%s,"result":%s}' "\${id%%,*}" "$1"
    }
    read -r asked; answer '${manifest}'
    while read -r asked; do
      case $asked in "") ;; *'"method":"init"'*) answer '{}' ;; *) answer '${result}' ;; esac
    done`;
}

describe("a plugin", () => {
  const GO = { rpcmethods: [method("go"), method("pid")] };
  const PID = "pid: () => ({ pid: process.pid })";

  async function started(
    handlers: string,
    start = "",
  ): Promise<{ node: RunningEmbeddedNode; pid: number }> {
    const node = await startNode();
    const plugin = makePlugin(makeFolder(), "p.js", GO, `{ ${PID}, ${handlers} }`, start);
    await call(node, "plugin", ["start", plugin]);
    const { pid } = (await call(node, "pid")) as { pid: number };
    onCleanup(() => {
      if (isAlive(pid)) process.kill(pid, "SIGKILL");
    });
    return { node, pid };
  }

  async function expectKilled(node: RunningEmbeddedNode, pid: number, why: string): Promise<void> {
    await until("it is gone", () => !isAlive(pid));
    await until("the log says why", () => logOf(node).includes(`Killing plugin: ${why}`));
    expect(await call(node, "plugin", ["list"])).toEqual({ command: "list", plugins: [] });
  }

  it("that prints garbage is killed", async () => {
    const { node, pid } = await started('go: () => void process.stdout.write("oops }\\n")');
    expect(await failureOf(call(node, "go"))).toMatchObject({ code: -4 });
    await expectKilled(node, pid, "Failed to parse RPC JSON response '");
  });

  it("that floods its stdout with garbage is killed", async () => {
    const { node, pid } = await started(
      'go: () => { const flood = () => { while (process.stdout.write("y\\n".repeat(9999))); process.stdout.once("drain", flood); }; flood(); }',
    );
    expect(await failureOf(call(node, "go"))).toMatchObject({ code: -4 });
    await expectKilled(node, pid, "more than 1048576 bytes without a message");
  });

  it("that floods the log and its stderr slows nobody down for long, and fills no memory", async () => {
    const { node } = await started(
      `go: () => { for (let i = 0; i < 50000; i++) { log("line " + i); process.stderr.write("x".repeat(100) + "\\n"); } return {}; }`,
    );
    const before = process.memoryUsage().rss;
    await call(node, "go");
    await until("all is logged", () => logOf(node).includes("plugin-p.js: line 49999"));
    const { bytes_used } = (await call(node, "getlog", ["broken"])) as { bytes_used: number };
    expect(bytes_used).toBeLessThanOrEqual(4 * 1024 * 1024);
    expect(process.memoryUsage().rss - before).toBeLessThan(200 * 1024 * 1024);
  });

  it("that closes its stdout and lives on is killed", async () => {
    const { node, pid } = await started('go: () => void require("node:fs").closeSync(1)');
    expect(await failureOf(call(node, "go"))).toMatchObject({ code: -4 });
    await expectKilled(node, pid, "exited during normal operation");
  });

  it("that ignores SIGTERM and the end of its stdin is gone after a stop", async () => {
    const { node, pid } = await started(
      "go: () => ({})",
      'process.on("SIGTERM", () => {}); process.stdin.removeAllListeners("end"); setInterval(() => {}, 1000);',
    );
    await call(node, "plugin", ["stop", "p.js"]);
    await expectKilled(node, pid, "stopped by lightningd via RPC");
  });

  it("whose child outlives it and holds its pipes does not hold up the node's end", async () => {
    const node = await startNode();
    const folder = makeFolder();
    const script = `#!/bin/sh
      sleep 30 &
      echo $! > ${join(folder, "child")}
      exec ${process.execPath} ${makePlugin(folder, "real.js", GO, `{ ${PID} }`)}`;
    await call(node, "plugin", ["start", makeFile(join(folder, "p.sh"), script)]);
    const child = Number(readFileSync(join(folder, "child"), "utf8"));
    onCleanup(() => {
      if (isAlive(child)) process.kill(child, "SIGKILL");
    });
    const { pid } = (await call(node, "pid")) as { pid: number };
    await node.close();
    expect(isAlive(pid)).toBe(false);
    expect(isAlive(child)).toBe(true);
  });

  it("that answers twice, or to what nobody asked, is passed over", async () => {
    const { node } = await started(
      `go: (_, { id }) => { write({ id: "nobody", result: {} }); write({ id, result: { n: 1 } }); write({ id, result: { n: 2 } }); }`,
    );
    expect(await call(node, "go")).toEqual({ n: 1 });
    expect(await call(node, "pid")).toBeTruthy();
  });

  it("that does not read is killed before it fills the memory", async () => {
    const { node, pid } = await started("go: () => { for (;;); }");
    const going = failureOf(call(node, "go"));
    const large = request(1, "pid", ["x".repeat(8 * 1024 * 1024)]);
    const client = new RawClient(node.rpcFile);
    for (let sent = 0; sent < 10; sent++) client.send(large);
    await expectKilled(node, pid, "Plugin is not reading its stdin: ");
    expect(await going).toMatchObject({ code: -4 });
  });

  it.each([
    [0, "timed out before replying to getmanifest"],
    [1, "timed out before replying to init"],
  ])("that answers %i questions and no more is killed in time", async (answers, why) => {
    const node = await startNode({ pluginTimeoutMs: 1500 });
    const plugin = makeFile(join(makeFolder(), "p.sh"), shellPlugin([], "{}", answers));
    expect(await failureOf(call(node, "plugin", ["start", plugin]))).toEqual({
      code: -3,
      message: `${plugin}: ${why}`,
    });
  });

  it("that does not end after `shutdown` is killed in time", async () => {
    const node = await startNode({ shutdownTimeoutMs: 200 });
    const plugin = makePlugin(makeFolder(), "p.js", { subscriptions: ["*"] });
    await call(node, "plugin", ["start", plugin]);
    expect(await call(node, "plugin", ["stop", "p.js"])).toEqual({
      command: "stop",
      result: "Successfully stopped p.js.",
    });
    expect(logOf(node)).toContain("Timeout on shutdown: killing anyway");
  });

  it("named like a method of the node is refused, where lightningd would crash", async () => {
    const node = await startNode();
    const plugin = makePlugin(makeFolder(), "p.js", { rpcmethods: [method("getinfo")] });
    expect((await failureOf(call(node, "plugin", ["start", plugin]))).message).toMatch(
      /Could not register method "getinfo", .* already registered by plugin lightningd/,
    );
  });

  it("may have 49 others beside it", async () => {
    const node = await startNode();
    const folder = makeFolder();
    for (let index = 0; index < 50; index++) {
      const script = shellPlugin([method(`m${index}`)], `{"me":${index}}`);
      makeFile(join(folder, `p${index}.sh`), script);
    }
    const { plugins } = (await call(node, "plugin", ["startdir", folder])) as {
      plugins: { active: boolean }[];
    };
    expect(plugins.filter(({ active }) => active)).toHaveLength(50);
    expect(await call(node, "m49")).toEqual({ me: 49 });
  });
});
