/** `cln-dev restart`: finds the watch session that is meant, and says what came of it. */
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ask, liveVersion, startNode, type TestNode } from "../../../support/nodes.js";
import { language, writePlugin } from "../../../support/plugin.js";
import { Program, run } from "../../../support/program.js";
import { type Sandbox, sandbox } from "../../../support/sandbox.js";

async function watched(
  box: Sandbox,
  node: TestNode,
  plugin: string,
  ...options: string[]
): Promise<Program> {
  const watch = new Program(box, ["watch", plugin, ...options, node.flag, "--json"]);
  await watch.next("reloaded");
  return watch;
}

describe("with one watch session", () => {
  it("is done by it: without arguments, by file, by symlink, by name, by node", async () => {
    const box = sandbox();
    const node = await startNode(box);
    const plugin = writePlugin(box.work);
    const elsewhere = box.folder("elsewhere");
    symlinkSync(plugin, join(elsewhere, "link"));
    const watch = await watched(box, node, plugin);
    let before = await ask(node, "version");
    for (const [cwd, ...args] of [
      [box.work],
      [box.work, `plugin${language.extension}`],
      [elsewhere, plugin],
      [elsewhere, "link"],
      [elsewhere, `plugin${language.extension}`],
      [elsewhere, node.flag],
    ] as const) {
      const { code, stdout, stderr } = await run(box, ["restart", ...args], { cwd });
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
      expect(stdout).toMatch(/✓ plugin\.\w+ reloaded in \d+ ms {3}stop \d+ ms {3}start \d+ ms\n$/);
      await watch.next("reloaded", { cause: "command", files: [] });
      const now = await ask(node, "version");
      expect(now.pid).not.toBe(before.pid);
      before = now;
    }
    expect(watch.events.filter(({ event }) => event === "reloaded")).toHaveLength(7);
  });

  it("prints a failure, and ends with 1", async () => {
    const box = sandbox();
    const node = await startNode(box);
    const plugin = writePlugin(box.work);
    const watch = await watched(box, node, plugin);
    writePlugin(box.work, { start: language.fails("broken by hand") });
    await watch.next("failed");
    const { code, stdout } = await run(box, ["restart"]);
    expect(code).toBe(1);
    expect(stdout).toContain("did not start: (-3)");
    const json = await run(box, ["restart", "--json"]);
    expect(json.code).toBe(1);
    expect(JSON.parse(json.stdout)).toMatchObject({ event: "failed", code: -3, cause: "command" });
  });

  it("takes options, which the session keeps; those that do not start the plugin are taken back", async () => {
    const box = sandbox();
    const node = await startNode(box);
    const plugin = writePlugin(box.work, { options: ["foo"] });
    const watch = await watched(box, node, plugin, "foo=BAR");
    expect(await run(box, ["restart", "foo=BAAAR"])).toMatchObject({ code: 0, stderr: "" });
    await watch.next("notice", { level: "info", message: "foo=BAAAR (was BAR)" });
    expect(await ask(node, "version")).toMatchObject({ options: { foo: "BAAAR" } });
    writePlugin(box.work, { options: ["foo"], version: "2" });
    await watch.next("reloaded", { cause: "file" });
    expect(await ask(node, "version")).toMatchObject({ version: "2", options: { foo: "BAAAR" } });
    const wrong = await run(box, ["restart", "fooo=1"]);
    expect(wrong.code).toBe(1);
    await watch.next("notice", { message: "the previous options are restored" });
    await watch.next("reloaded", { cause: "settings" });
    expect(await ask(node, "version")).toMatchObject({ options: { foo: "BAAAR" } });
  });

  it("reloads without the session where another plugin, or another node, is meant", async () => {
    const box = sandbox();
    const node = await startNode(box);
    const other = await startNode(box);
    const watch = await watched(box, node, writePlugin(box.work));
    const plugin = writePlugin(box.folder("other"), { version: "other" });
    const { code, stdout } = await run(box, ["restart", plugin, other.flag]);
    expect({ code, stdout }).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/started in/),
    });
    expect(await liveVersion(other)).toBe("other");
    expect(watch.events.filter(({ event }) => event === "reloaded")).toHaveLength(1);
  });

  it("reloads without a session that is stopped, which does not do it again when it continues", async () => {
    const box = sandbox();
    const node = await startNode(box);
    const plugin = writePlugin(box.work, { version: "1" });
    const watch = new Program(box, ["watch", plugin, node.flag, "--json"]);
    await watch.next("reloaded");
    watch.kill("SIGSTOP");
    const { code, stdout } = await run(box, ["restart", plugin, node.flag]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringContaining("reloaded in") });
    watch.kill("SIGCONT");
    // It answers again, and has had its turn with what was asked before.
    expect((await run(box, ["list", node.flag])).stdout).toContain("watched");
    writePlugin(box.work, { version: "2" });
    await watch.next("reloaded", { cause: "file" });
    expect(watch.events.filter(({ event }) => event === "reloading")).toHaveLength(2);
  });

  it("is given up by Ctrl-C, and fails when the session is killed before", async () => {
    const box = sandbox();
    const node = await startNode(box);
    const plugin = writePlugin(box.work, { start: language.hangs });
    const watch = new Program(box, ["watch", plugin, node.flag, "--json"]);
    await watch.next("phase", { phase: "start" });
    const restarts = [0, 1].map(() => new Program(box, ["restart", "--verbose"]));
    for (const restart of restarts) await restart.prints(/asking/, "stderr");
    const [first, second] = restarts;
    first?.kill("SIGINT");
    expect((await first?.ended)?.code).toBe(130);
    watch.kill("SIGKILL");
    const { code, stderr = "" } = (await second?.ended) ?? {};
    expect(code).toBe(1);
    expect(stderr).toMatch(/the watch session \(pid \d+\) ended before the reload/);
    // Its socket is removed by the next command that finds it.
    const sockets = join(String(box.env.XDG_RUNTIME_DIR), "cln-dev");
    expect(readdirSync(sockets)).toEqual([expect.stringMatching(`^${watch.pid}-\\w+\\.sock$`)]);
    expect((await run(box, ["list", node.flag])).code).toBe(0);
    expect(readdirSync(sockets)).toEqual([]);
  });
});

describe("with several watch sessions", () => {
  it("asks for the one that is meant, and takes it", async () => {
    const box = sandbox();
    const nodes = [await startNode(box), await startNode(box)] as const;
    const plugins = [
      writePlugin(box.folder("one"), { version: "one" }),
      writePlugin(box.folder("two"), { version: "two" }),
    ] as const;
    const one = await watched(box, nodes[0], plugins[0]);
    const two = await watched(box, nodes[1], plugins[1]);
    const { code, stdout, stderr } = await run(box, ["restart"]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    for (const [index, { pid }] of [one, two].entries()) {
      const dir = nodes[index]?.lightningDir;
      expect(stderr).toContain(`cln-dev restart ${plugins[index]} --lightning-dir=${dir}`);
      expect(stderr).toContain(`(pid ${pid}, started `);
    }
    for (const args of [[plugins[1]], [nodes[1].flag]]) {
      expect((await run(box, ["restart", ...args])).code).toBe(0);
      await two.next("reloaded", { cause: "command" });
    }
    // In a project's folder, or below, the project's own.
    const key = { "cln-dev": { path: plugins[1] } };
    writeFileSync(join(box.work, "package.json"), JSON.stringify(key));
    mkdirSync(join(box.work, "below"));
    expect((await run(box, ["restart"], { cwd: join(box.work, "below") })).code).toBe(0);
    await two.next("reloaded", { cause: "command" });
    // In a plugin's folder, its session; the same for commands that need a node only.
    const inOne = { cwd: box.folder("one") };
    expect((await run(box, ["restart"], inOne)).code).toBe(0);
    await one.next("reloaded", { cause: "command" });
    expect((await run(box, ["call", "version"], inOne)).stdout).toContain('"one"');
    expect((await run(box, ["call", "version"], { cwd: box.home })).stderr).toContain(
      `--lightning-dir=${nodes[1].lightningDir}`,
    );
    // Each of them by the session that has it.
    expect((await run(box, ["restart", ...plugins])).code).toBe(0);
    await one.next("reloaded", { cause: "command" });
    await two.next("reloaded", { cause: "command" });
  });
});

it("with two sessions that no argument could choose between, prints how to end one", async () => {
  const box = sandbox();
  const node = await startNode(box);
  const plugin = writePlugin(box.work);
  const one = await watched(box, node, plugin);
  const two = await watched(box, node, plugin);
  const { code, stderr } = await run(box, ["restart", plugin, node.flag]);
  expect(code).toBe(2);
  expect(stderr).toContain("2 watch sessions have the same plugin on the same node");
  for (const { pid } of [one, two]) {
    expect(stderr).toMatch(
      new RegExp(`^  +kill ${pid} {3}\\(pid ${pid}, started \\d+ s ago\\)$`, "m"),
    );
  }
  process.kill(one.pid, "SIGTERM");
  await one.ended;
  expect((await run(box, ["restart", plugin, node.flag])).code).toBe(0);
});

describe("without a watch session", () => {
  it("reloads: by arguments, or by package.json from a folder below", async () => {
    const box = sandbox();
    const node = await startNode(box);
    const plugin = writePlugin(box.work, { options: ["foo"] });
    const first = await run(box, ["restart", plugin, "foo=1", node.flag]);
    expect(first).toMatchObject({ code: 0, stderr: "" });
    expect(first.stdout).toMatch(/plugin\.\w+ started in/);
    expect(await ask(node, "version")).toMatchObject({ options: { foo: "1" } });
    writeFileSync(
      join(box.work, "package.json"),
      JSON.stringify({
        "cln-dev": {
          path: `plugin${language.extension}`,
          options: { foo: "2" },
          "lightning-dir": node.lightningDir,
        },
      }),
    );
    mkdirSync(join(box.work, "deep/down"), { recursive: true });
    const second = await run(box, ["restart"], { cwd: join(box.work, "deep/down") });
    expect(second).toMatchObject({ code: 0, stderr: "" });
    expect(second.stdout).toMatch(/plugin\.\w+ reloaded in/);
    expect(await ask(node, "version")).toMatchObject({ options: { foo: "2" } });
  });

  it("reports what it lacks", async () => {
    const box = sandbox();
    const { code, stderr } = await run(box, ["restart"]);
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /^cln-dev: no plugin is named: .*\n {2}Run "cln-dev restart my-plugin.py"/,
    );
  });
});
