/** `watch --hot`: what the session reports, and what it leaves behind. */
import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { callNode } from "../../src/node/rpc/client.js";
import { writeFronts } from "../../src/watch/hot/front-files.js";
import { hostProgram } from "../../src/watch/hot/host-client.js";
import { findPython } from "../conformance/harness/python.js";
import {
  ask,
  listed,
  liveVersion,
  NODE_KINDS,
  startInstalled,
  startNode,
  type TestNode,
} from "../support/nodes.js";
import { language, writePlugin, writeProgram } from "../support/plugin.js";
import { BIN, Program, run } from "../support/program.js";
import { sandbox, sharedSandbox } from "../support/sandbox.js";
import { until } from "../support/until.js";

/** The running version of a plugin. */
function pidOf(plugin: string): number {
  const isIt = (pid: string) => {
    try {
      const command = readFileSync(`/proc/${pid}/cmdline`, "utf8");
      return command.includes(plugin) && !/hot-host|bin.cln-dev/.test(command);
    } catch {
      return false;
    }
  };
  return Number(readdirSync("/proc").find((name) => /^\d+$/.test(name) && isIt(name)));
}

function parentOf(pid: number): number {
  return Number(/^PPid:\t(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
}

describe.each(NODE_KINDS)("watch --hot on %s", (kind) => {
  const box = sharedSandbox();
  let node: TestNode;

  beforeAll(async () => {
    node = kind === "embedded" ? await startNode(box()) : await startInstalled(box());
  });

  const cache = () => ({ XDG_CACHE_HOME: join(box().home, "cache") });
  const hotFolders = () => {
    const root = join(box().home, "cache", "cln-dev", "hot");
    return existsSync(root) ? readdirSync(root, { recursive: true }) : [];
  };
  const paths = async (stem: string) =>
    (await listed(node)).map(({ name }) => name).filter((name) => name.includes(`/${stem}.`));

  async function watched(
    parts: Parameters<typeof writePlugin>[1],
    stem: string,
    ...args: string[]
  ) {
    const folder = box().folder();
    const plugin = writePlugin(folder, parts, stem);
    const given = ["watch", plugin, ...args, node.flag, "--hot", "--json"];
    const watch = new Program(box(), given, { env: cache() });
    expect(await watch.outcome()).toMatchObject({ event: "reloaded" });
    const save = (next: Parameters<typeof writePlugin>[1]) => writePlugin(folder, next, stem);
    return { folder, plugin, watch, save };
  }

  it("takes over, survives a broken save, and hands the plugin back with its options", async () => {
    const options = ["foo_opt"];
    const { plugin, watch, save } = await watched({ options }, "plain", "foo_opt=given");
    expect(await paths("plain")).not.toEqual([plugin]);
    save({ options, version: "2" });
    expect(await watch.outcome()).toMatchObject({
      event: "reloaded",
      hot: { changes: [], handover: "beside", held: 0 },
    });
    const { pid } = await ask(node, "version");
    save({ options, version: "3", start: language.fails("broken by hand") });
    expect(await watch.outcome()).toMatchObject({
      event: "failed",
      phase: "start",
      running: true,
      hot: true,
      message: "exited before replying to getmanifest",
    });
    expect(JSON.stringify(watch.events.at(-1))).toContain("broken by hand");
    expect(await ask(node, "version")).toMatchObject({ version: "2", pid });
    save({ options, version: "4" });
    expect(await watch.outcome()).toMatchObject({ event: "reloaded" });
    expect(await liveVersion(node)).toBe("4");
    const ended = await watch.end();
    expect({
      ended: ended.stdout.split("\n").slice(-4),
      stderr: ended.stderr,
      paths: await paths("plain"),
    }).toMatchObject({ paths: [plugin] });
    expect(await ask(node, "version")).toMatchObject({ options: { foo_opt: "given" } });
    expect(hotFolders()).toEqual([]);
    await callNode(node.rpcFile, "plugin", ["stop", plugin]);
  });

  it("replaces the host of another release by one new start, and says so once", async () => {
    const folder = box().folder();
    const plugin = writePlugin(folder, {}, "release");
    const host = join(box().folder(), "hot-host.js");
    cpSync(dirname(hostProgram()), dirname(host), { recursive: true });
    const text = readFileSync(host, "utf8");
    writeFileSync(host, text.replace(/release:[`"][^`"]+[`"]/, 'release:"0.0.1"'));
    process.env.XDG_CACHE_HOME = cache().XDG_CACHE_HOME;
    const { front } = writeFronts({ plugin, node: node.rpcFile }, host);
    await callNode(node.rpcFile, "plugin", ["start", front]);
    const args = ["watch", plugin, node.flag, "--hot", "--json", "--stop-on-exit"];
    const watch = new Program(box(), args, { env: cache() });
    expect(await watch.outcome()).toMatchObject({ event: "reloaded", stopMs: expect.any(Number) });
    writePlugin(folder, { version: "2" }, "release");
    expect(await watch.outcome()).toMatchObject({ event: "reloaded", hot: { changes: [] } });
    await watch.end();
    expect(watch.stdout.split("another release of cln-dev")).toHaveLength(2);
  });

  it("changes an option by a new registration", async () => {
    const options = ["foo_opt"];
    const { plugin, watch } = await watched({ options }, "opts", "foo_opt=one", "--stop-on-exit");
    const args = ["restart", plugin, "foo_opt=two", node.flag];
    expect(await run(box(), args, { env: cache() })).toMatchObject({ code: 0 });
    expect(await watch.outcome()).toMatchObject({ hot: { changes: ["options"] } });
    expect(await ask(node, "version")).toMatchObject({ options: { foo_opt: "two" } });
    await run(box(), ["restart", plugin, node.flag], { env: cache() });
    expect(await watch.outcome()).toMatchObject({ hot: { changes: [] } });
    expect(await ask(node, "version")).toMatchObject({ options: { foo_opt: "two" } });
    await watch.end();
  });

  it("--exec runs a file that is no program, and q says that the node cannot", async () => {
    const folder = box().folder();
    const plugin = writePlugin(folder, {}, "plain-file");
    const save = (version: string) => {
      writePlugin(folder, { version }, "plain-file");
      const text = readFileSync(plugin, "utf8");
      writeFileSync(plugin, text.slice(text.indexOf("\n") + 1));
      chmodSync(plugin, 0o600);
    };
    save("1");
    const interpreter = language.name === "python" ? `${findPython()} -S` : process.execPath;
    const exec = ["--exec", `${interpreter} {plugin}`];
    const args = ["watch", plugin, ...exec, node.flag, "--hot", "--json"];
    const watch = new Program(box(), args, { env: cache() });
    expect(await watch.outcome()).toMatchObject({ event: "reloaded" });
    save("2");
    expect(await watch.outcome()).toMatchObject({ event: "reloaded", hot: { changes: [] } });
    expect(await liveVersion(node)).toBe("2");
    await watch.end();
    expect(watch.stdout).toMatch(/could not be restarted without hot mode: .*not executable/);
    expect(await paths("plain-file")).toEqual([]);
  });

  it("shows what a version writes to stderr, once", async () => {
    if (language.name !== "python") return;
    const { watch, save } = await watched({}, "talks", "--stop-on-exit");
    save({ version: "2", start: `print("said by the second", file=sys.stderr, flush=True)` });
    await watch.next("log", { level: "stderr" });
    expect(await watch.outcome()).toMatchObject({ event: "reloaded" });
    save({ version: "3" });
    expect(await watch.outcome()).toMatchObject({ event: "reloaded" });
    await watch.end();
    expect(watch.stdout.split("said by the second")).toHaveLength(2);
  });

  it("registers again what the new version shows differently, with the gap", async () => {
    const { watch, save } = await watched({}, "grows", "--stop-on-exit");
    save({ version: "2", methods: ["two"] });
    const outcome = await watch.outcome();
    expect(outcome).toMatchObject({ event: "reloaded", hot: { changes: ["+method two"] } });
    expect(await ask(node, "two")).toEqual({});
    expect(await liveVersion(node)).toBe("2");
    // And again, from the front that has joined.
    save({ version: "3" });
    expect(await watch.outcome()).toMatchObject({ hot: { changes: ["-method two"] } });
    await expect(ask(node, "two")).rejects.toMatchObject({ code: -32601 });
    await watch.end();
    expect(await paths("grows")).toEqual([]);
    expect(hotFolders()).toEqual([]);
  });

  it.skipIf(kind !== NODE_KINDS.at(-1))(
    "30 methods are added one by one: one plain plugin is left at the end",
    async () => {
      const { plugin, watch, save } = await watched({}, "many");
      const methods: string[] = [];
      for (let count = 1; count <= 30; count++) {
        methods.push(`many${count}`);
        save({ version: String(count + 1), methods });
        expect(await watch.outcome()).toMatchObject({ hot: { changes: [`+method many${count}`] } });
      }
      expect(await ask(node, "many1")).toEqual({});
      const before = await paths("many");
      await watch.end();
      expect({ before: before.length, after: await paths("many") }).toEqual({
        before: 1,
        after: [plugin],
      });
      expect(await ask(node, "many30")).toEqual({});
      expect(hotFolders()).toEqual([]);
      await callNode(node.rpcFile, "plugin", ["stop", plugin]);
    },
  );

  it("the node does not take a name that it has: the previous version is registered again", async () => {
    const { watch, save } = await watched({}, "clash", "--stop-on-exit");
    save({ version: "2", methods: ["getinfo"] });
    const outcome = await watch.outcome();
    expect(outcome).toMatchObject({ event: "failed", running: true });
    expect(await liveVersion(node)).toBe("1");
    // It dies when the new front is there already.
    save({ version: "2", methods: ["two"], onInit: language.fails("at init") });
    expect(await watch.outcome()).toMatchObject({ event: "failed", running: true });
    expect(await liveVersion(node)).toBe("1");
    const other = writePlugin(box().folder(), { version: null, methods: ["taken"] }, "other");
    await callNode(node.rpcFile, "plugin", ["start", other]);
    save({ version: "3", methods: ["taken"] });
    expect(await watch.outcome()).toMatchObject({ event: "failed", running: true });
    expect(await liveVersion(node)).toBe("1");
    save({ version: "4" });
    expect(await watch.outcome()).toMatchObject({ event: "reloaded" });
    expect(await liveVersion(node)).toBe("4");
    await callNode(node.rpcFile, "plugin", ["stop", other]);
    await watch.end();
  });

  it("a session that was killed leaves the host; the next one meets it, with the options", async () => {
    const options = ["foo_opt"];
    const { plugin, watch, save } = await watched({ options }, "left", "foo_opt=kept");
    watch.kill("SIGKILL");
    await watch.ended;
    expect(await liveVersion(node)).toBe("1");
    const again = new Program(
      box(),
      ["watch", plugin, node.flag, "--hot", "--json", "--keep-hot"],
      { env: cache() },
    );
    expect(await again.outcome()).toMatchObject({
      hot: { changes: [] },
      takenOver: ["foo_opt=kept"],
    });
    save({ options, version: "2" });
    expect(await again.outcome()).toMatchObject({ hot: { changes: [] } });
    await again.end();
    expect(again.stdout).toContain("stays in hot mode");
    expect(await ask(node, "version")).toMatchObject({
      version: "2",
      options: { foo_opt: "kept" },
    });
    const list = await run(box(), ["list", node.flag, "--json"], { env: cache() });
    expect(list.stdout).toContain(`"path":"${plugin}","hot":true`);
    // A session without --hot puts it back to a plain start.
    const plain = new Program(box(), ["watch", plugin, node.flag, "--json", "--stop-on-exit"], {
      env: cache(),
    });
    expect(await plain.outcome()).toMatchObject({ event: "reloaded", takenOver: ["foo_opt=kept"] });
    expect(await paths("left")).toEqual([plugin]);
    await plain.end();
    expect(hotFolders()).toEqual([]);
  });

  it("stop and restart know a hot plugin by its own path and by its name", async () => {
    const { plugin, watch, save } = await watched({}, "named");
    const named = ["restart", `named${language.extension}`, node.flag];
    expect(await run(box(), named, { env: cache() })).toMatchObject({ code: 0 });
    expect(await watch.outcome()).toMatchObject({ cause: "command", hot: { changes: [] } });
    const stopped = await run(box(), ["stop", plugin, node.flag], { env: cache() });
    expect(stopped).toMatchObject({ code: 0, stdout: expect.stringContaining("stopped") });
    expect(await paths("named")).toEqual([]);
    await watch.next("plugin-died");
    expect(watch.events.filter(({ event }) => event === "plugin-died")).toHaveLength(1);
    save({ version: "2" });
    expect(await watch.outcome()).toMatchObject({ event: "reloaded" });
    expect(await liveVersion(node)).toBe("2");
    await watch.end();
    await run(box(), ["stop", `named${language.extension}`, node.flag], { env: cache() });
    expect(await paths("named")).toEqual([]);
  });

  it("a port that the old version holds: it ends first, in the same reload", async () => {
    const port = join(box().root, `port-${kind}`);
    if (language.name !== "python") return;
    const lock = `import fcntl; held = open(${JSON.stringify(port)}, "w"); fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)`;
    writeFileSync(port, "");
    const { watch, save } = await watched({ start: lock }, "locks", "--stop-on-exit");
    let failures = 0;
    let calls = 0;
    let running = true;
    const caller = (async () => {
      while (running) {
        calls++;
        await liveVersion(node).catch(() => failures++);
      }
    })();
    save({ start: lock, version: "2" });
    expect(await watch.outcome()).toMatchObject({
      event: "reloaded",
      hot: { handover: "old-first", because: "Resource temporarily unavailable" },
    });
    save({ start: lock, version: "3" });
    const second = await watch.outcome();
    expect(second).toMatchObject({ hot: { handover: "old-first" } });
    expect(JSON.stringify(second)).not.toContain("because");
    await until("calls of the new version", () => calls > 10);
    running = false;
    await caller;
    expect(await liveVersion(node)).toBe("3");
    expect(failures).toBe(0);
    // The old version has ended by then: nothing was started beside it.
    save({ start: language.fails("broken by hand") });
    expect(await watch.outcome()).toMatchObject({ event: "failed", running: false });
    expect(JSON.stringify(watch.events.at(-1))).toContain("Started in hot mode");
    await watch.end();
  });

  it.skipIf(!existsSync("/proc/self/stat"))(
    "a death is reported once, also when the front goes with it",
    async () => {
      const folder = box().folder();
      const write = (stem: string, method: string) =>
        writePlugin(folder, { version: null, methods: [method] }, stem);
      const [one, two] = [write("once", "one"), write("other", "two")];
      const args = ["watch", one, two, node.flag, "--hot", "--json", "--stop-on-exit"];
      const watch = new Program(box(), args, { env: cache() });
      await watch.outcome();
      await watch.outcome();
      const version = pidOf(one);
      const front = parentOf(parentOf(version));
      process.kill(version, "SIGKILL");
      process.kill(front, "SIGKILL");
      await watch.next("plugin-died", { path: one });
      await until("the node's list", async () => (await paths("once")).length === 0);
      // Who reports this one has looked for the other as well.
      const [other] = await paths("other");
      await callNode(node.rpcFile, "plugin", ["stop", other]);
      await watch.next("plugin-died", { path: two });
      await watch.end();
      expect(watch.stdout.match(/"plugin-died".*once/g)).toHaveLength(1);
    },
  );

  it("a plugin that dies is reported with its traceback, and comes back with the next save", async () => {
    const { plugin, watch, save } = await watched({}, "dies", "--stop-on-exit");
    await expect(callNode(node.rpcFile, "die")).rejects.toMatchObject({ code: -4 });
    await watch.next("plugin-died", { path: plugin });
    await expect(callNode(node.rpcFile, "version")).rejects.toMatchObject({
      message: expect.stringContaining("is down"),
    });
    save({ version: "2" });
    expect(await watch.outcome()).toMatchObject({ event: "reloaded" });
    await until("the new version", async () => (await liveVersion(node)) === "2");
    await watch.end();
  });
});

const WITHOUT_PROC = ["-m", "sh", "-c", 'mount -t tmpfs none /proc && exec "$@"', "sh"];
const canHideProc = spawnSync("unshare", [...WITHOUT_PROC, "true"]).status === 0;

describe.skipIf(!canHideProc)("watch --hot without /proc, as on macOS", () => {
  it("takes over, and registers again by a front that pumps", async () => {
    const box = sandbox();
    const program = writeProgram(
      join(box.root, "cln-dev"),
      `#!/bin/sh\nexec unshare ${WITHOUT_PROC.map((word) => `'${word}'`).join(" ")} ${process.execPath} ${BIN} "$@"\n`,
    );
    const folder = box.folder();
    const plugin = writePlugin(folder, {}, "pumped");
    const cache = { XDG_CACHE_HOME: join(box.home, "cache") };
    const args = ["watch", plugin, "--embedded", "--hot", "--json", "--call", "version"];
    const watch = new Program(box, args, { env: cache, program });
    expect(await watch.outcome()).toMatchObject({ event: "reloaded" });
    for (const [version, change] of [
      ["2", "+method two"],
      ["3", "-method two"],
    ] as const) {
      writePlugin(folder, { version, methods: version === "2" ? ["two"] : [] }, "pumped");
      expect(await watch.outcome()).toMatchObject({ hot: { changes: [change] } });
      const result = expect.stringContaining(`"${version}"`);
      expect(await watch.next("called")).toMatchObject({ ok: true, result });
    }
    writePlugin(folder, { version: "4" }, "pumped");
    expect(await watch.outcome()).toMatchObject({ hot: { changes: [] } });
    await watch.end();
  });
});
