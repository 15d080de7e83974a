/** What a save may change in hot mode: the manifest, ports and locks, the file itself. */
import { chmodSync, existsSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { EMIT_METHOD } from "../../src/embedded/methods/emit.js";
import { callNode } from "../../src/node/rpc/client.js";
import { ask, NODE_KINDS, startInstalled, startNode, type TestNode } from "../support/nodes.js";
import { Program } from "../support/program.js";
import { sharedSandbox } from "../support/sandbox.js";
import { until } from "../support/until.js";
import { PYTHON, type PythonParts, pythonPlugin } from "./support.js";

/** Says in the answer which options it was given, and what it has seen. */
const SERVE = `
if method == "rpc_command": seen.append("asked"); answer(request, {"result": "continue"})
elif "id" not in request: seen.append(method)
else: answer(request, {"version": VERSION, "options": init["options"], "seen": seen})`;

const option = (name: string, type: string, value: unknown) => ({
  name,
  type,
  default: value,
  description: "for a test",
});

describe.skipIf(!existsSync(PYTHON)).each(NODE_KINDS)("a save in hot mode on %s", (kind) => {
  const box = sharedSandbox();
  let node: TestNode;

  beforeAll(async () => {
    node = kind === "embedded" ? await startNode(box()) : await startInstalled(box());
  });

  async function watched(name: string, parts: PythonParts, ...args: string[]) {
    const folder = box().folder();
    const write = (next: PythonParts) =>
      pythonPlugin(folder, `${name}.py`, {
        serve: SERVE,
        ...next,
        start: `seen = []\n${next.start ?? ""}`,
        manifest: { rpcmethods: [{ name, usage: "" }], ...next.manifest },
      });
    const plugin = write(parts);
    const env = { XDG_CACHE_HOME: join(box().home, "cache") };
    const flags = [node.flag, "--hot", "--json", "--stop-on-exit"];
    const watch = new Program(box(), ["watch", plugin, ...args, ...flags], { env });
    expect(await watch.outcome()).toMatchObject({ event: "reloaded" });
    const save = async (next: PythonParts) => {
      write(next);
      return await watch.outcome();
    };
    return { plugin, watch, save, write, call: () => ask(node, name) };
  }

  it("changes options, subscriptions and hooks, with the gap", async () => {
    const one = await watched("shape", {});
    const change = async (
      manifest: NonNullable<PythonParts["manifest"]>,
      changes: readonly string[],
    ) => {
      const outcome = await one.save({ manifest });
      expect(outcome).toMatchObject({ event: "reloaded", hot: { changes } });
      if (changes.length > 0) expect(outcome).toMatchObject({ hot: { gapMs: expect.any(Number) } });
      return (await one.call()).options;
    };
    const text = { options: [option("shape_opt", "string", "one")] };
    expect(await change(text, ["+option shape_opt"])).toEqual({ shape_opt: "one" });
    const other = { options: [option("shape_opt", "string", "two")] };
    expect(await change(other, ["~option shape_opt"])).toEqual({ shape_opt: "two" });
    const number = { options: [option("shape_opt", "int", 3)] };
    expect(await change(number, ["~option shape_opt"])).toEqual({ shape_opt: 3 });

    const subscriptions = { subscriptions: ["invoice_creation"] };
    await change(subscriptions, ["+subscription invoice_creation", "-option shape_opt"]);
    if (kind === "embedded") await callNode(node.rpcFile, EMIT_METHOD, ["invoice_creation"]);
    else await callNode(node.rpcFile, "invoice", [1, `label-${kind}`, "text"]);
    await until("the event", async () => String((await one.call()).seen) === "invoice_creation");

    const hooks = { hooks: [{ name: "rpc_command" }] };
    await change(hooks, ["+hook rpc_command", "-subscription invoice_creation"]);
    await callNode(node.rpcFile, "listpeers");
    expect((await one.call()).seen).toContain("asked");
    await change({}, ["-hook rpc_command"]);
    expect(await callNode(node.rpcFile, "listpeers")).toMatchObject({ peers: [] });
    expect((await one.call()).seen).toEqual([]);
    await one.watch.end();
  });

  it("that names a method like one of the node's is refused before the node sees it", async () => {
    const one = await watched("builtin", {});
    const rpcmethods = ["builtin", "getinfo"].map((name) => ({ name, usage: "" }));
    expect(await one.save({ manifest: { rpcmethods } })).toMatchObject({
      event: "failed",
      phase: "check",
      running: true,
      hot: true,
    });
    expect((await one.call()).version).toBe("1");
    await one.watch.end();
  });

  it.each([
    ["at init", (code: string) => ({ init: `${code}; answer(request, {})` })],
    ["before the manifest", (code: string) => ({ start: code })],
  ])("finds that the old version holds its port %s, and no call fails", async (when, at) => {
    const free = createServer();
    await new Promise<void>((resolve) => free.listen(0, "127.0.0.1", resolve));
    const address = free.address();
    const port = typeof address === "object" ? address?.port : undefined;
    await new Promise((resolve) => free.close(resolve));
    const bind = `import socket; server = socket.create_server(("127.0.0.1", ${port}))`;
    const name = `port${when.length}`;
    const one = await watched(name, at(bind));
    const called = { failures: 0, answers: 0 };
    let running = true;
    const caller = (async () => {
      while (running) {
        await one.call().then(
          () => called.answers++,
          () => called.failures++,
        );
      }
    })();
    const first = await one.save({ version: "2", ...at(bind) });
    expect(first).toMatchObject({ event: "reloaded", hot: { handover: "old-first" } });
    expect(JSON.stringify(first)).toContain("Address already in use");
    expect(await one.save({ version: "3", ...at(bind) })).toMatchObject({
      hot: { handover: "old-first" },
    });
    const before = called.answers;
    await until("calls of the new version", () => called.answers > before + 5);
    running = false;
    await caller;
    expect(called.failures).toBe(0);
    expect((await one.call()).version).toBe("3");
    await one.watch.end();
  });

  it("finds that the old version has its database to itself", async () => {
    const file = join(box().root, `${kind}.sqlite3`);
    const start = `
import sqlite3
db = sqlite3.connect(${JSON.stringify(file)}, timeout=0, isolation_level=None)
db.execute("pragma locking_mode = exclusive")
db.execute("create table if not exists runs (version)")
db.execute("insert into runs values ('" + VERSION + "')")`;
    const serve = `answer(request, {"version": VERSION, "runs": [row[0] for row in db.execute("select version from runs")]})`;
    const one = await watched("database", { start, serve });
    expect(await one.save({ version: "2", start, serve })).toMatchObject({
      event: "reloaded",
      hot: { handover: "old-first", because: expect.stringContaining("database is locked") },
    });
    expect((await one.call()).runs).toEqual(["1", "2"]);
    await one.watch.end();
  });

  it("that leaves no program behind: the previous version is still serving", async () => {
    const one = await watched("file", {});
    const bad: readonly (readonly [() => void, RegExp])[] = [
      [() => writeFileSync(one.plugin, ""), /empty/],
      [() => writeFileSync(one.plugin, "#!/no/interpreter\n"), /\/no\/interpreter/],
      [() => chmodSync(one.plugin, 0o600), /executable/],
    ];
    for (const [damage, reason] of bad) {
      damage();
      const outcome = await one.watch.outcome();
      expect(outcome).toMatchObject({ event: expect.stringMatching(/^(refused|failed)$/) });
      expect(JSON.stringify(outcome)).toMatch(reason);
      expect(outcome).toMatchObject({ running: true });
      expect((await one.call()).version).toBe("1");
    }
    expect(await one.save({ version: "2" })).toMatchObject({ event: "reloaded" });
    expect((await one.call()).version).toBe("2");
    await one.watch.end();
  });
});
