/** `cln-dev start`, `stop` and `list`: one-shot plugin control. */
import { rmSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { ask, listed, liveVersion, startNode } from "../../../support/nodes.js";
import { language, writePlugin } from "../../../support/plugin.js";
import { Program, run } from "../../../support/program.js";
import { sandbox } from "../../../support/sandbox.js";

describe("start", () => {
  it("starts a plugin with its options, and restarts one that runs, with what it had", async () => {
    const box = sandbox();
    const node = await startNode(box);
    const plugin = writePlugin(box.work, { options: ["foo", "bar"] });
    const first = await run(box, ["start", plugin, "foo=1", "-o", "bar=2", node.flag]);
    expect(first).toMatchObject({ code: 0, stderr: "" });
    expect(first.stdout).toMatch(
      /^\d\d:\d\d:\d\d {2}✓ plugin\.\w+ started in \d+ ms {3}start \d+ ms\n$/,
    );
    const { pid } = await ask(node, "version");
    const second = await run(box, ["start", plugin, "bar=3", node.flag]);
    expect(second.stdout).toMatch(/reloaded in .* kept foo=1\n$/);
    const now = await ask(node, "version");
    expect(now).toMatchObject({ options: { foo: "1", bar: "3" } });
    expect(now.pid).not.toBe(pid);
  });

  it("prints why it did not, and ends with 1; as events with --json", async () => {
    const box = sandbox();
    const node = await startNode(box);
    const plugin = writePlugin(box.work, { start: language.fails("broken by hand") });
    const { code, stdout } = await run(box, ["start", plugin, node.flag]);
    expect(code).toBe(1);
    expect(stdout).toContain("✗ plugin");
    expect(stdout).toContain("exited before replying to getmanifest");
    const json = await run(box, ["start", plugin, node.flag, "--json"]);
    expect(json.code).toBe(1);
    const events = json.stdout.trim().split("\n");
    expect(events.map((line) => JSON.parse(line).event)).toEqual(["reloading", "phase", "failed"]);
  });

  it("is given up by Ctrl-C", async () => {
    const box = sandbox();
    const node = await startNode(box);
    const plugin = writePlugin(box.work, { start: language.hangs });
    const start = new Program(box, ["start", plugin, node.flag, "--json"]);
    await start.next("phase", { phase: "start" });
    start.kill("SIGINT");
    expect((await start.ended).code).toBe(130);
  });

  it("on several nodes, all at once", async () => {
    const box = sandbox();
    const nodes = [await startNode(box), await startNode(box)];
    const plugin = writePlugin(box.work);
    const { code, stdout } = await run(box, ["start", plugin, ...nodes.map(({ flag }) => flag)]);
    expect({ code, lines: stdout.trim().split("\n").length }).toEqual({ code: 0, lines: 2 });
    for (const node of nodes) expect(await liveVersion(node)).toBe("1");
  });
});

describe("stop", () => {
  it("stops by file, by name and by package.json; what does not run is no error", async () => {
    const box = sandbox();
    const node = await startNode(box);
    const name = `plugin${language.extension}`;
    const plugin = writePlugin(box.work);
    for (const [args, cwd] of [
      [[name], box.work],
      [[plugin], box.root],
      [[name], box.root],
    ] as const) {
      await run(box, ["start", plugin, node.flag]);
      const stopped = await run(box, ["stop", ...args, node.flag], { cwd });
      expect(stopped).toMatchObject({ code: 0, stdout: `${name} stopped\n`, stderr: "" });
      expect(await listed(node)).toEqual([]);
    }
    const again = await run(box, ["stop", plugin, node.flag]);
    expect(again).toMatchObject({ code: 0, stdout: `${name} was not running\n` });
    const json = await run(box, ["stop", plugin, node.flag, "--json"]);
    const answer = { plugin, stopped: false, node: node.rpcFile };
    expect(JSON.parse(json.stdout)).toEqual(answer);
  });

  it("stops one whose file is gone", async () => {
    const box = sandbox();
    const node = await startNode(box);
    const plugin = writePlugin(box.work);
    await run(box, ["start", plugin, node.flag]);
    rmSync(plugin);
    expect(await run(box, ["stop", plugin, node.flag])).toMatchObject({ code: 0, stderr: "" });
    expect(await listed(node)).toEqual([]);
  });

  it("reports that a plugin which is not dynamic stays, and ends with 1", async () => {
    const box = sandbox();
    const plugin = writePlugin(box.work, { dynamic: false });
    const node = await startNode(box, { plugins: [plugin] });
    const { code, stderr } = await run(box, ["stop", plugin, node.flag]);
    expect(code).toBe(1);
    expect(stderr).toContain(`${plugin} cannot be stopped while the node runs`);
    expect(stderr).toContain('its manifest does not say "dynamic": true');
    expect(await liveVersion(node)).toBe("1");
  });
});

describe("list", () => {
  it("shows each plugin, and which are watched", async () => {
    const box = sandbox();
    const own = writePlugin(box.folder("own"), { dynamic: false, version: null }, "static");
    const node = await startNode(box, { plugins: [own] });
    const plugin = writePlugin(box.work);
    const watch = new Program(box, ["watch", plugin, node.flag, "--json"]);
    await watch.next("reloaded");
    const { code, stdout, stderr } = await run(box, ["list", node.flag]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const rows = stdout.trimEnd().split("\n");
    expect(rows.find((row) => row.endsWith(own))).toMatch(/^static\.\w+ +active +\S+static/);
    expect(rows.find((row) => row.endsWith(plugin))).toMatch(
      /^plugin\.\w+ +active +dynamic +watched +/,
    );
    const json = await run(box, ["list", node.flag, "--json"]);
    expect(JSON.parse(json.stdout)).toEqual([
      {
        node: node.rpcFile,
        plugins: [
          { name: own, path: own, active: true, dynamic: false, watched: false, hot: false },
          { name: plugin, path: plugin, active: true, dynamic: true, watched: true, hot: false },
        ],
      },
    ]);
  });

  it("reports when there are none, and takes several nodes", async () => {
    const box = sandbox();
    const nodes = [await startNode(box), await startNode(box)];
    await run(box, ["start", writePlugin(box.work), nodes[1]?.flag ?? ""]);
    const flags = nodes.map(({ flag }) => flag);
    const { code, stdout } = await run(box, ["list", ...flags]);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      new RegExp(`^${nodes[0]?.rpcFile}\n +no plugins\n${nodes[1]?.rpcFile}\nplugin`),
    );
    const [none] = flags;
    expect((await run(box, ["list", String(none)])).stdout).toBe("no plugins\n");
  });
});
