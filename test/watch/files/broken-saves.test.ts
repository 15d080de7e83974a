/** Saves that break the plugin, and plugins that the node does not let go. */
import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ask, listed, liveVersion, startNode } from "../../support/nodes.js";
import { language, writePlugin } from "../../support/plugin.js";
import { isAlive, pidIn } from "../../support/processes.js";
import { Program } from "../../support/program.js";
import { sandbox } from "../../support/sandbox.js";
import { until } from "../../support/until.js";

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
    expect(watch.events.at(-1)).toMatchObject({
      message: expect.stringContaining(`${plugin} is gone: `),
      fix: "Put it back, or restart the watch with its new path",
    });
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
    const pid = await until("the hanging plugin", () => existsSync(pidFile) && pidIn(pidFile));
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

it("with --safe, a file that is still open for writing is checked when it is closed", async () => {
  const box = sandbox();
  const node = await startNode(box);
  const plugin = writePlugin(box.work);
  const watch = new Program(box, ["watch", plugin, "--safe", node.flag, "--json"]);
  await watch.next("reloaded");
  const file = await open(plugin, "w");
  await file.write(language.plugin({ version: "2" }));
  await watch.next("phase", { phase: "check" });
  // Here the time is what is tested: a failure would be told by now.
  await new Promise((resolve) => setTimeout(resolve, 400));
  await file.close();
  expect(await watch.outcome()).toMatchObject({ event: "reloaded", files: [plugin] });
  expect(await liveVersion(node)).toBe("2");
});

describe("a plugin that the node does not let go", () => {
  it("is never started over: not dynamic", async () => {
    const box = sandbox();
    const plugin = writePlugin(box.work, { dynamic: false });
    const node = await startNode(box, { plugins: [plugin] });
    const { pid } = await ask(node, "version");
    const watch = new Program(box, ["watch", plugin, node.flag, "--json"]);
    const refused = { event: "refused", kind: "plugin-not-dynamic", running: true };
    const fix = expect.stringMatching(
      /^Change false to true at \S+:\d+, and restart the node once/,
    );
    expect(await watch.outcome()).toMatchObject({ ...refused, fix });
    writePlugin(box.work, { dynamic: true, version: "2" });
    const message = expect.stringContaining(
      'it was started before "dynamic": true was added to the file',
    );
    expect(await watch.outcome()).toMatchObject({
      ...refused,
      message,
      fix: "Restart the node once",
    });
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
