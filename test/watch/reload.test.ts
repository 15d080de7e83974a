/** What a watch session does with a plugin on its node: options, failures, hangs, ends. */
import {
  chmodSync,
  existsSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { callNode } from "../../src/node/client.js";
import { RpcError } from "../../src/node/errors.js";
import { startPlugin } from "../../src/node/plugin-command.js";
import { locateNode } from "../../src/settings/locate-node.js";
import { bringUp } from "../../src/watch/bring-up.js";
import { targetOf } from "../../src/watch/target.js";
import { findPython } from "../conformance/harness/python.js";
import { ask, listed, liveVersion, startNode, startNodeProcess } from "../support/nodes.js";
import { has, language, writePlugin, writeProgram } from "../support/plugin.js";
import { isAlive } from "../support/processes.js";
import { BIN, Program, run } from "../support/program.js";
import { sandbox } from "../support/sandbox.js";
import { until } from "../support/until.js";

describe("options", () => {
  const options = ["foo_opt", "bar_opt", { name: "many", multi: true }];

  it("given on the command line are set at every reload, and shown at the beginning", async () => {
    const box = sandbox();
    const node = await startNode(box);
    const plugin = writePlugin(box.work, { options });
    const given = ["foo_opt=BAR", "-o", "bar_opt=x=y z"];
    const watch = new Program(box, ["watch", plugin, ...given, node.flag, "--json"]);
    expect((await watch.next("watching")).plugins).toMatchObject([
      { options: ["foo_opt=BAR", "bar_opt=x=y z"] },
    ]);
    await watch.next("reloaded", { cause: "start" });
    writePlugin(box.work, { options, version: "2" });
    await watch.next("reloaded", { cause: "file" });
    expect(await ask(node, "version")).toMatchObject({
      version: "2",
      options: { foo_opt: "BAR", bar_opt: "x=y z" },
    });
  });

  it("of a plugin that runs already are taken over, but for those that are given", async () => {
    const box = sandbox();
    const node = await startNode(box);
    const plugin = writePlugin(box.work, { options });
    const start =
      '{"subcommand":"start","plugin":PLUGIN,"foo_opt":"old","bar_opt":"old","many":"a"}';
    await callNode(
      node.rpcFile,
      "plugin",
      JSON.parse(start.replace("PLUGIN", JSON.stringify(plugin))),
    );
    const watch = new Program(box, ["watch", plugin, "bar_opt=new", node.flag, "--json"]);
    const kept = { takenOver: ["foo_opt", "many"] };
    expect(await watch.next("reloaded")).toMatchObject(kept);
    const wanted = { options: { foo_opt: "old", bar_opt: "new", many: ["a"] } };
    expect(await ask(node, "version")).toMatchObject(wanted);
    writePlugin(box.work, { options, version: "2" });
    expect(await watch.next("reloaded")).toMatchObject(kept);
    expect(await ask(node, "version")).toMatchObject({ ...wanted, version: "2" });
  });

  it("that are secret are shown nowhere", async () => {
    const box = sandbox();
    const node = await startNode(box);
    const plugin = writePlugin(box.work, { options: ["api-token"] });
    const args = ["watch", plugin, "api-token=geheim", node.flag];
    for (const form of [["--json"], ["--verbose"]]) {
      const watch = new Program(box, [...args, ...form]);
      await watch.prints(/reloaded|started in/);
      const { stdout, stderr } = await watch.end();
      expect(stdout).toContain("api-token=***");
      expect(stdout + stderr).not.toContain("geheim");
    }
    expect(await ask(node, "version")).toMatchObject({ options: { "api-token": "geheim" } });
  });

  it("that are secret are hidden in what the node, the plugin and a call say of them", async () => {
    const box = sandbox();
    const node = await startNode(box);
    const number = { name: "api-token", type: "int" };
    const plugin = writePlugin(box.work, { options: [number] });
    const args = ["watch", plugin, "api-token=geheim", "--call", "version", node.flag, "--json"];
    const watch = new Program(box, args);
    expect(await watch.next("failed")).toMatchObject({
      message: expect.stringContaining("'***' is not a number"),
    });
    const restart = await run(box, ["restart"]);
    expect(restart).toMatchObject({ code: 1, stdout: expect.stringContaining("'***'") });
    writePlugin(box.work, { options: ["api-token"], onInit: language.fails("geheim is no good") });
    await watch.next("failed", { phase: "start" });
    writePlugin(box.work, { options: ["api-token"], version: "2" });
    await watch.next("called", { ok: true });
    const { stdout, stderr } = await watch.end();
    expect(stdout + stderr + restart.stdout + restart.stderr).not.toContain("geheim");
  });
});

describe("secrets that are taken over", () => {
  it("are hidden in what the plugin logs and answers", async () => {
    const box = sandbox();
    const node = await startNode(box);
    const plugin = writePlugin(box.work, { options: ["api-token"] });
    await callNode(node.rpcFile, "plugin", {
      subcommand: "start",
      plugin,
      "api-token": "geheim",
    });
    const args = ["watch", plugin, "--call", "version", node.flag, "--json"];
    const watch = new Program(box, args);
    expect(await watch.next("called", { ok: true })).toMatchObject({
      result: expect.stringMatching(/"api-token": ?"\*\*\*"/),
    });
    expect(watch.stdout).not.toContain("geheim");
  });
});

describe("a save that breaks the plugin", () => {
  it("is told with the node's words, and mended by the next save", async () => {
    const box = sandbox();
    const node = await startNode(box);
    const plugin = writePlugin(box.work);
    const watch = new Program(box, ["watch", plugin, node.flag, "--json"]);
    await watch.next("reloaded");
    writePlugin(box.work, { start: language.fails("broken by hand") });
    expect(await watch.outcome()).toMatchObject({
      event: "failed",
      phase: "start",
      code: -3,
      message: `${plugin}: exited before replying to getmanifest`,
      running: false,
    });
    expect(await listed(node)).toEqual([]);
    writePlugin(box.work, { version: "mended" });
    const mended = await watch.outcome();
    expect(mended).toMatchObject({ event: "reloaded" });
    expect(mended).not.toHaveProperty("stopMs");
    expect(await liveVersion(node)).toBe("mended");
  });

  it("leaves the old version running where the file cannot be a plugin at all", async () => {
    const box = sandbox();
    const node = await startNode(box);
    const plugin = writePlugin(box.work);
    const watch = new Program(box, ["watch", plugin, node.flag, "--json"]);
    await watch.next("reloaded");
    for (const [spoil, kind] of [
      [() => chmodSync(plugin, 0o644), "plugin-not-executable"],
      [() => writeFileSync(plugin, ""), "plugin-empty"],
      [() => writeFileSync(plugin, "print(1)\n"), "plugin-not-executable"],
      [() => chmodSync(plugin, 0o755), "plugin-interpreter"],
      [() => writeFileSync(plugin, "#!/no/such/python\n"), "plugin-interpreter"],
      [() => rmSync(plugin), "plugin-missing"],
    ] as const) {
      spoil();
      expect(await watch.outcome()).toMatchObject({ event: "refused", kind, running: true });
      expect(await liveVersion(node)).toBe("1");
    }
    writePlugin(box.work, { version: "2" });
    expect(await watch.outcome()).toMatchObject({ event: "reloaded" });
    expect(await liveVersion(node)).toBe("2");
  });

  it("and hangs in getmanifest is superseded by the next save", async () => {
    const box = sandbox();
    const node = await startNode(box);
    const plugin = writePlugin(box.work);
    const watch = new Program(box, ["watch", plugin, node.flag, "--json"]);
    await watch.next("reloaded");
    const pidFile = join(box.root, "pid");
    writePlugin(box.work, { start: `${language.writesPid(pidFile)}\n${language.hangs}` });
    const pid = await until("the hanging plugin", () => existsSync(pidFile) && numberIn(pidFile));
    writePlugin(box.work, { version: "2" });
    expect(await watch.outcome()).toMatchObject({ event: "reloaded", files: [plugin] });
    expect(await liveVersion(node)).toBe("2");
    expect(await listed(node)).toEqual([{ name: plugin, active: true, dynamic: true }]);
    await until("the end of the hanging plugin", () => !isAlive(pid));
    // A start in its place is what lightningd dies of: the hanging one is ended before.
    expect(readFileSync(join(node.networkDir, "log"), "utf8")).not.toContain("needs restart");
  });

  it("and hangs in init is superseded by a save of another file, or by restart", async () => {
    const box = sandbox();
    const node = await startNode(box);
    const plugin = writePlugin(box.work);
    const pidFile = join(box.root, "pid");
    const watch = new Program(box, ["watch", plugin, node.flag, "--json"]);
    await watch.next("reloaded");
    writePlugin(box.work, { onInit: language.hangsOnce(pidFile) });
    await until("the hanging plugin", () => existsSync(pidFile));
    writeFileSync(join(box.work, `helper${language.extension}`), language.module("1"));
    expect(await watch.outcome()).toMatchObject({ event: "reloaded" });
    expect(await listed(node)).toEqual([{ name: plugin, active: true, dynamic: true }]);
  });
});

describe("a plugin that the node does not let go", () => {
  it("is never started over: not dynamic", async () => {
    const box = sandbox();
    const plugin = writePlugin(box.work, { dynamic: false });
    const node = await startNode(box, { plugins: [plugin] });
    const { pid } = await ask(node, "version");
    const watch = new Program(box, ["watch", plugin, node.flag, "--json"]);
    const refused = { event: "refused", kind: "plugin-not-dynamic", running: true };
    expect(await watch.outcome()).toMatchObject(refused);
    writePlugin(box.work, { dynamic: true, version: "2" });
    expect(await watch.outcome()).toMatchObject(refused);
    expect(await ask(node, "version")).toMatchObject({ version: "1", pid });
  });

  it("is told when its new version is no longer dynamic", async () => {
    const box = sandbox();
    const node = await startNode(box);
    const plugin = writePlugin(box.work);
    const watch = new Program(box, ["watch", plugin, node.flag, "--json"]);
    await watch.next("reloaded");
    writePlugin(box.work, { dynamic: false });
    expect(await watch.outcome()).toMatchObject({
      event: "failed",
      message: `${plugin}: Not a dynamic plugin`,
      running: false,
    });
    writePlugin(box.work, { version: "3" });
    expect(await watch.outcome()).toMatchObject({ event: "reloaded" });
  });
});

describe("while nothing is saved", () => {
  it("a plugin that dies by itself is noticed, and started again by the next save", async () => {
    const box = sandbox();
    const node = await startNode(box);
    const plugin = writePlugin(box.work);
    const watch = new Program(box, ["watch", plugin, node.flag, "--json"]);
    await watch.next("reloaded");
    await expect(callNode(node.rpcFile, "die")).rejects.toBeInstanceOf(RpcError);
    await watch.next("plugin-died", { path: plugin, node: node.rpcFile });
    writePlugin(box.work, { version: "2" });
    expect(await watch.outcome()).toMatchObject({ event: "reloaded" });
    expect(await liveVersion(node)).toBe("2");
  });

  it("a plugin that somebody else has started again is reloaded by the next save", async () => {
    const box = sandbox();
    const node = await startNode(box);
    const plugin = writePlugin(box.work, { version: "1" });
    const watch = new Program(box, ["watch", plugin, node.flag, "--json"]);
    await watch.next("reloaded");
    await callNode(node.rpcFile, "plugin", ["stop", plugin]);
    await callNode(node.rpcFile, "plugin", ["start", plugin]);
    const { pid } = await ask(node, "version");
    writePlugin(box.work, { version: "2" });
    expect(await watch.outcome()).toMatchObject({ event: "reloaded", files: [plugin] });
    const after = await ask(node, "version");
    expect(after.version).toBe("2");
    expect(after.pid).not.toBe(pid);
  });

  it("a node that is killed is waited for, and gets the plugin again with its options", async () => {
    const box = sandbox();
    const node = await startNodeProcess(box);
    const plugin = writePlugin(box.work, { options: ["foo"] });
    const watch = new Program(box, ["watch", plugin, "foo=bar", node.flag, "--json"]);
    await watch.next("reloaded");
    await node.kill();
    await watch.next("node-gone", { node: node.rpcFile });
    writePlugin(box.work, { options: ["foo"], version: "2" });
    await watch.next("unreachable");
    await node.startAgain();
    await watch.next("node-back", { node: node.rpcFile });
    expect(await watch.outcome()).toMatchObject({ event: "reloaded" });
    expect(await ask(node, "version")).toMatchObject({ version: "2", options: { foo: "bar" } });
    writePlugin(box.work, { options: ["foo"], version: "3" });
    expect(await watch.outcome()).toMatchObject({ event: "reloaded", files: [plugin] });
    expect(await liveVersion(node)).toBe("3");
  });

  it("a node that stops and starts again gets the plugin, too", async () => {
    const box = sandbox();
    const node = await startNodeProcess(box);
    const plugin = writePlugin(box.work);
    const watch = new Program(box, ["watch", plugin, node.flag, "--json"]);
    await watch.next("reloaded");
    await callNode(node.rpcFile, "stop");
    await watch.next("node-gone");
    await node.startAgain();
    await watch.next("reloaded", { cause: "node" });
    expect(await liveVersion(node)).toBe("1");
  });
});

describe("several plugins and nodes", () => {
  it("each plugin on each node has its own outcome, and one that fails holds up no other", async () => {
    const box = sandbox();
    const nodes = [await startNode(box), await startNode(box)];
    const flags = nodes.map((node) => node.flag);
    const one = writePlugin(box.folder("work/one"), { options: ["foo"], methods: ["one"] });
    const second = { methods: ["two"], version: null };
    const two = writePlugin(box.folder("work/two"), second);
    writeFileSync(
      join(box.work, "package.json"),
      JSON.stringify({
        "cln-dev": {
          plugins: [{ path: `one/plugin${language.extension}`, options: { foo: "bar" } }, two],
        },
      }),
    );
    const watch = new Program(box, ["watch", ...flags, "--json"]);
    for (let count = 0; count < 4; count++) await watch.next("reloaded");
    const targets = watch.events
      .filter(({ event }) => event === "reloaded")
      .map(({ path, node }) => `${path} ${node}`);
    expect(new Set(targets)).toEqual(
      new Set([one, two].flatMap((path) => nodes.map(({ rpcFile }) => `${path} ${rpcFile}`))),
    );
    for (const node of nodes) {
      expect(await ask(node, "version")).toMatchObject({ options: { foo: "bar" } });
    }

    writePlugin(join(box.work, "two"), { ...second, start: language.fails("two") });
    await watch.next("failed", { path: two });
    await watch.next("failed", { path: two });
    writePlugin(join(box.work, "one"), { options: ["foo"], methods: ["one"], version: "2" });
    expect(await watch.outcome()).toMatchObject({ event: "reloaded", path: one });
    expect(await watch.outcome()).toMatchObject({ event: "reloaded", path: one });
    for (const node of nodes) expect(await liveVersion(node)).toBe("2");
  });
});

it("plugins that share a folder do not reload each other; what they share reloads both", async () => {
  const box = sandbox();
  const node = await startNode(box);
  const one = writePlugin(box.work, { methods: ["one"] }, "one");
  const second = { methods: ["two"], version: null };
  const two = writePlugin(box.work, second, "two");
  const watch = new Program(box, ["watch", one, two, node.flag, "--json"]);
  await watch.outcome();
  await watch.outcome();
  writePlugin(box.work, { methods: ["one"] }, "one");
  expect(await watch.outcome()).toMatchObject({ path: one, files: [one] });
  writePlugin(box.work, second, "two");
  expect(await watch.outcome()).toMatchObject({ path: two, files: [two] });
  const helper = join(box.work, `helper${language.extension}`);
  writeFileSync(helper, language.module("1"));
  const paths = [await watch.outcome(), await watch.outcome()].map(({ path, files }) => {
    expect(files).toEqual([helper]);
    return path;
  });
  expect(new Set(paths)).toEqual(new Set([one, two]));
  // One that comes back while the other is away has not taken its methods away.
  await watch.end();
  expect(watch.events.filter(({ event }) => event === "manifest")).toEqual([]);
});

it("the options that a version changes are told also of plugins that were started together", async () => {
  const box = sandbox();
  const node = await startNode(box);
  const parts = { one: { methods: ["one"] }, two: { methods: ["two"], version: null } };
  const one = writePlugin(box.folder("a"), parts.one, "one");
  const two = writePlugin(box.folder("b"), parts.two, "two");
  const watch = new Program(box, ["watch", one, two, "--call", "help", node.flag, "--json"]);
  // What they show has been read before the calls are made.
  await watch.next("called");
  await watch.next("called");
  writeFileSync(
    one,
    language.plugin({ ...parts.one, options: [{ name: "opt_one", default: "x" }] }),
  );
  expect(await watch.next("manifest")).toMatchObject({ path: one, added: ["option opt_one"] });
  writeFileSync(
    two,
    language.plugin({ ...parts.two, options: [{ name: "opt_two", default: "x" }] }),
  );
  expect(await watch.next("manifest")).toMatchObject({ path: two, added: ["option opt_two"] });
  await watch.end();
});

describe("a build step", () => {
  const script = (box: { root: string }) => join(box.root, "build.sh");

  it("runs before each reload; when it fails the old version goes on and its output is shown", async () => {
    const box = sandbox();
    const node = await startNode(box);
    const source = join(box.work, "source.txt");
    const plugin = join(box.work, "plugin");
    const good = (version: string) => language.plugin({ version });
    writeFileSync(source, good("1"));
    writeProgram(
      script(box),
      `#!/bin/sh\ngrep -q VERSION "${source}" || { echo "no VERSION in it" >&2; exit 3; }\ncp "${source}" "${plugin}" && chmod +x "${plugin}"\n`,
    );
    const args = ["--build", script(box), "--watch", source, node.flag, "--json"];
    const watch = new Program(box, ["watch", plugin, ...args]);
    expect(await watch.outcome()).toMatchObject({ event: "reloaded" });
    expect(await liveVersion(node)).toBe("1");
    writeFileSync(source, "nothing\n");
    expect(await watch.outcome()).toMatchObject({
      event: "failed",
      phase: "build",
      message: `${script(box)}: exit code 3`,
      findings: [{ kind: "quote", text: "no VERSION in it" }],
      running: true,
    });
    expect(await liveVersion(node)).toBe("1");
    writeFileSync(source, good("2"));
    const built = await watch.outcome();
    expect(built).toMatchObject({ event: "reloaded", cause: "file" });
    expect(built.files).toContain(source);
    expect(built.buildMs).toEqual(expect.any(Number));
    expect(await liveVersion(node)).toBe("2");
    // What the build wrote was no change of its own.
    writeFileSync(source, good("3"));
    expect((await watch.outcome()).files).toContain(source);
    expect(await liveVersion(node)).toBe("3");
    expect(watch.events.filter(({ event }) => event === "reloaded")).toHaveLength(3);
  });

  it("is over when its command is, though a server that it left behind holds its output", async () => {
    const box = sandbox();
    const node = await startNode(box);
    const plugin = writePlugin(box.work);
    const pidFile = join(box.root, "pid");
    const build = `sleep 600 & echo $! > "${pidFile}"`;
    const watch = new Program(box, ["watch", plugin, "--build", build, node.flag, "--json"]);
    await watch.next("reloaded");
    const pid = numberIn(pidFile);
    expect(isAlive(pid)).toBe(true);
    process.kill(pid);
  });

  it.skipIf(findPython() === undefined)(
    "is made again for what is saved after it, while the old version stops",
    async () => {
      const box = sandbox();
      const node = await startNode(box);
      const [plugin, source] = [join(box.work, "plugin.py"), join(box.work, "source.txt")];
      const [asked, leave] = [join(box.root, "asked"), join(box.root, "leave")];
      const save = (version: string) => writeFileSync(source, slowToStop(version, asked, leave));
      save("1");
      const build = `install -m 755 "${source}" "${plugin}"`;
      const args = ["--build", build, "--watch", source, node.flag, "--json"];
      writeProgram(plugin, slowToStop("1", asked, leave));
      const watch = new Program(box, ["watch", plugin, ...args]);
      await watch.next("reloaded");
      save("2");
      await until("the stop", () => existsSync(asked));
      save("3");
      writeFileSync(leave, "");
      const live = () => liveVersion(node).catch(() => undefined);
      await until("the last version", async () => (await live()) === "3");
    },
  );

  it.each([
    ["", ""],
    [", also when it does not listen", 'trap "" TERM; '],
  ])(
    "that still runs is ended by a newer save, with all that it has started%s",
    async (_, trap) => {
      const box = sandbox();
      const node = await startNode(box);
      const plugin = writePlugin(box.work);
      const source = join(box.work, "source.txt");
      writeFileSync(source, "fast");
      const pidFile = join(box.root, "pid");
      const build = `if grep -q slow "${source}"; then ${trap}sleep 600 & echo $! > "${pidFile}"; wait; fi`;
      const args = ["--build", build, "--watch", source, node.flag, "--json"];
      const watch = new Program(box, ["watch", plugin, ...args]);
      await watch.next("reloaded");
      writeFileSync(source, "slow\n");
      const pid = await until("the build", () => existsSync(pidFile) && numberIn(pidFile));
      writeFileSync(source, "fast\n");
      expect(await watch.outcome()).toMatchObject({ event: "reloaded", files: [source] });
      await until("the end of the build", () => !isAlive(pid));
    },
  );

  it.skipIf(!has("make"))(
    "that is ended may clear away what it has half written, which make would take for made",
    async () => {
      const box = sandbox();
      const node = await startNode(box);
      const [plugin, source] = [join(box.work, "plugin"), join(box.work, "source.txt")];
      const started = join(box.root, "started");
      const save = (version: string) => writeFileSync(source, language.plugin({ version }));
      save("1");
      writeFileSync(
        join(box.work, "Makefile"),
        `plugin: source.txt\n\thead -n 1 $< > $@; if grep -q slow $<; then touch "${started}"; sleep 600; fi; install -m 755 $< $@\n`,
      );
      const args = ["--build", "make", "--watch", source, node.flag, "--json"];
      const watch = new Program(box, ["watch", plugin, ...args]);
      await watch.next("reloaded");
      save("slow");
      await until("the build", () => existsSync(started));
      // What it says again is older than what the build has begun.
      const before = new Date(Date.now() - 60_000);
      save("3");
      utimesSync(source, before, before);
      expect(await watch.outcome()).toMatchObject({ event: "reloaded" });
      expect(await liveVersion(node)).toBe("3");
    },
  );
});

describe("the end", () => {
  it.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)(
    "by %s is 0, and the plugin goes on",
    async (signal) => {
      const box = sandbox();
      const node = await startNode(box);
      const plugin = writePlugin(box.work);
      const watch = new Program(box, ["watch", plugin, node.flag, "--json"]);
      await watch.next("reloaded");
      watch.kill(signal);
      expect(await watch.ended).toMatchObject({ code: 0, stderr: "" });
      expect(watch.events.at(-1)).toMatchObject({ event: "ended" });
      expect(await liveVersion(node)).toBe("1");
    },
  );

  it("is in order, too, where one wish comes as two signals", async () => {
    const box = sandbox();
    const node = await startNode(box);
    const plugin = writePlugin(box.work);
    const watch = new Program(box, ["watch", plugin, "--stop-on-exit", node.flag, "--json"]);
    await watch.next("reloaded");
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) watch.kill(signal);
    expect(await watch.ended).toMatchObject({ code: 0, stderr: "" });
    expect(watch.events.at(-1)).toMatchObject({ event: "ended" });
    expect(await listed(node)).toEqual([]);
  });

  it("with --stop-on-exit stops the plugin", async () => {
    const box = sandbox();
    const node = await startNode(box);
    const plugin = writePlugin(box.work);
    const watch = new Program(box, ["watch", plugin, "--stop-on-exit", node.flag, "--json"]);
    await watch.next("reloaded");
    expect(await watch.end()).toMatchObject({ code: 0 });
    expect(await listed(node)).toEqual([]);
  });

  it("with --stop-on-exit stops a plugin that is being started, too", async () => {
    const box = sandbox();
    const node = await startNode(box);
    const plugin = writePlugin(box.work, { start: language.hangs });
    const watch = new Program(box, ["watch", plugin, "--stop-on-exit", node.flag, "--json"]);
    await until("the start", async () => (await listed(node)).length === 1);
    expect(await watch.end()).toMatchObject({ code: 0 });
    expect(await listed(node)).toEqual([]);
  });

  it("comes at once while a start hangs", async () => {
    const box = sandbox();
    const node = await startNode(box);
    const plugin = writePlugin(box.work, { start: language.hangs });
    const watch = new Program(box, ["watch", plugin, node.flag, "--json"]);
    await watch.next("phase", { phase: "start" });
    expect(await watch.end()).toMatchObject({ code: 0 });
  });

  it("comes while the node is gone", async () => {
    const box = sandbox();
    const node = await startNode(box);
    const plugin = writePlugin(box.work);
    const watch = new Program(box, ["watch", plugin, node.flag, "--json"]);
    await watch.next("reloaded");
    await node.close();
    await watch.next("node-gone");
    expect(await watch.end()).toMatchObject({ code: 0, stderr: "" });
  });
});

it("a second session for the same plugin on the same node is warned of", async () => {
  const box = sandbox();
  const nodes = [await startNode(box), await startNode(box)] as const;
  const plugin = writePlugin(box.work);
  const watchOn = async ({ flag }: { readonly flag: string }) => {
    const watch = new Program(box, ["watch", plugin, flag, "--json"]);
    await watch.next("reloaded");
    return watch;
  };
  const first = await watchOn(nodes[0]);
  const elsewhere = await watchOn(nodes[1]);
  const second = await watchOn(nodes[0]);
  await until("the warning", () =>
    second.events.some(
      ({ event, message }) =>
        event === "notice" &&
        message ===
          `another watch session (pid ${first.pid}) has ${plugin} on this node, too: end one of the two`,
    ),
  );
  for (const watch of [first, elsewhere, second]) await watch.end();
  for (const watch of [first, elsewhere]) {
    expect(watch.events.filter(({ event }) => event === "notice")).toEqual([]);
  }
});

it.skipIf(!has("npm"))("npm run dev works from a folder below, and ends in order", async () => {
  const box = sandbox();
  const node = await startNode(box);
  writePlugin(box.work, { options: ["foo"] });
  const folder = box.folder("work/deep/down");
  box.folder("work/node_modules/.bin");
  symlinkSync(BIN, join(box.work, "node_modules/.bin/cln-dev"));
  const settings = {
    path: `plugin${language.extension}`,
    options: { foo: "from package.json" },
    "lightning-dir": node.lightningDir,
  };
  writeFileSync(
    join(box.work, "package.json"),
    JSON.stringify({ scripts: { dev: "cln-dev watch --json" }, "cln-dev": settings }),
  );
  const npm = new Program(box, ["run", "--silent", "dev"], { cwd: folder, program: "npm" });
  await npm.next("reloaded");
  expect(await ask(node, "version")).toMatchObject({ options: { foo: "from package.json" } });
  writePlugin(box.work, { options: ["foo"], version: "2" });
  await npm.next("reloaded", { cause: "file" });
  // A terminal sends it to both, and npm passes it on.
  const pid = Number(/(\d+)\.sock$/.exec(String(npm.events[0]?.control))?.[1]);
  process.kill(pid, "SIGINT");
  npm.kill("SIGINT");
  await npm.ended;
  // npm's own, on Node 22 and later.
  rmSync(join(String(box.env.TMPDIR), "node-compile-cache"), { recursive: true, force: true });
  expect(npm.events.at(-1)).toMatchObject({ event: "ended" });
  await until("the end of the session", () => !isAlive(pid));
});

it("SIGUSR2 reloads", async () => {
  const box = sandbox();
  const node = await startNode(box);
  const plugin = writePlugin(box.work);
  const watch = new Program(box, ["watch", plugin, node.flag, "--json"]);
  await watch.next("reloaded");
  const { pid } = await ask(node, "version");
  watch.kill("SIGUSR2");
  expect(await watch.outcome()).toMatchObject({ event: "reloaded", cause: "signal", files: [] });
  expect((await ask(node, "version")).pid).not.toBe(pid);
});

function numberIn(file: string): number {
  return Number(readFileSync(file, "utf8"));
}

describe("somebody else at the node", () => {
  it("may stop the plugin: that is no death, and a start by hand is taken over by the next save", async () => {
    const box = sandbox();
    const node = await startNode(box);
    const options = ["foo_opt"];
    const plugin = writePlugin(box.work, { options });
    const watch = new Program(box, ["watch", plugin, node.flag, "--json"]);
    await watch.next("reloaded");
    await callNode(node.rpcFile, "plugin", ["stop", plugin]);
    expect(await watch.next("plugin-died")).toMatchObject({ stopped: true });
    await callNode(node.rpcFile, "plugin", { subcommand: "start", plugin, foo_opt: "by hand" });
    const now = new Date();
    utimesSync(plugin, now, now);
    expect(await watch.outcome()).toMatchObject({ event: "reloaded", takenOver: ["foo_opt"] });
    expect(await ask(node, "version")).toMatchObject({ options: { foo_opt: "by hand" } });
    expect(watch.events.some(({ event }) => event === "explained")).toBe(false);
  });

  it("may start the plugin a moment before us: it makes way", async () => {
    const box = sandbox();
    const node = await startNode(box);
    const plugin = writePlugin(box.work);
    await startPlugin(node.rpcFile, plugin, []);
    const target = targetOf(
      { path: plugin, options: [], watch: [], ignore: [], call: [], safe: false },
      locateNode(
        { lightningDir: node.lightningDir, network: "regtest" },
        { home: box.home, cwd: box.work },
      ),
    );
    const { signal } = new AbortController();
    const nextHint = () => Promise.resolve();
    await bringUp({ target, path: plugin, options: [], signal, leave: signal, nextHint });
    expect(await listed(node)).toMatchObject([{ active: true }]);
  });
});

/** A plugin that takes its time when it is stopped: until a file is there. */
function slowToStop(version: string, asked: string, leave: string): string {
  return `#!${findPython()} -S
import json, os, sys, time
for line in sys.stdin:
    if not line.strip():
        continue
    request = json.loads(line)
    result = {}
    if request["method"] == "getmanifest":
        methods = [{"name": "version", "usage": "", "description": ""}]
        result = {"dynamic": True, "options": [], "rpcmethods": methods, "subscriptions": ["shutdown"]}
    elif request["method"] == "version":
        result = {"version": ${JSON.stringify(version)}}
    elif request["method"] == "shutdown":
        open(${JSON.stringify(asked)}, "w").close()
        while not os.path.exists(${JSON.stringify(leave)}):
            time.sleep(0.005)
        sys.exit(0)
    if "id" in request:
        print(json.dumps({"jsonrpc": "2.0", "id": request["id"], "result": result}), end="\\n\\n", flush=True)
`;
}
