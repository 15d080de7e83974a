/** Signals, and the end of `cln-dev watch`, under npm as well. */
import { rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ask, listed, liveVersion, startNode } from "../support/nodes.js";
import { has, language, writePlugin } from "../support/plugin.js";
import { isAlive } from "../support/processes.js";
import { BIN, Program } from "../support/program.js";
import { sandbox } from "../support/sandbox.js";
import { until } from "../support/until.js";

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
  const pid = Number(/(\d+)-\w+\.sock$/.exec(String(npm.events[0]?.control))?.[1]);
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
