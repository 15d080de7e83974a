/** What only a real lightningd can prove of a watch session: options, hangs, deaths. Skipped without one. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { callNode } from "../../../src/node/rpc/client.js";
import { RpcError } from "../../../src/node/rpc/errors.js";
import {
  ask,
  listed,
  liveVersion,
  NODE_KINDS,
  startInstalled,
  type TestNode,
} from "../../support/nodes.js";
import { language, writePlugin } from "../../support/plugin.js";
import { isAlive } from "../../support/processes.js";
import { Program } from "../../support/program.js";
import { sharedSandbox } from "../../support/sandbox.js";
import { until } from "../../support/until.js";

describe.skipIf(!NODE_KINDS.includes("lightningd"))("on a real lightningd", () => {
  const box = sharedSandbox();
  const options = ["foo_opt", "bar_opt", { name: "many", multi: true }];
  const named = (path: string) => async () =>
    (await listed(node)).filter((plugin) => plugin.name === path);
  let node: TestNode;

  beforeAll(async () => {
    node = await startInstalled(box());
  });

  /** A watch of a fresh plugin, which is stopped again when the test is over. */
  async function watched(parts: Parameters<typeof writePlugin>[1], ...args: string[]) {
    const folder = box().folder();
    const plugin = writePlugin(folder, parts);
    const given = ["watch", plugin, ...args, node.flag, "--stop-on-exit", "--json"];
    const watch = new Program(box(), given);
    await watch.next("reloaded");
    return { folder, plugin, watch, entries: named(plugin) };
  }

  it("options stay: given ones and those that the plugin ran with", async () => {
    const folder = box().folder();
    const plugin = writePlugin(folder, { options });
    const keywords = { subcommand: "start", plugin, foo_opt: "old ä", bar_opt: "old", many: "a" };
    await callNode(node.rpcFile, "plugin", keywords);
    const args = ["watch", plugin, "bar_opt=new", node.flag, "--stop-on-exit", "--json"];
    const watch = new Program(box(), args);
    const kept = { takenOver: ["foo_opt=old ä", "many=a"] };
    expect(await watch.next("reloaded")).toMatchObject(kept);
    writePlugin(folder, { options, version: "2" });
    expect(await watch.next("reloaded")).toMatchObject(kept);
    expect(await ask(node, "version")).toMatchObject({
      version: "2",
      options: { foo_opt: "old ä", bar_opt: "new", many: ["a"] },
    });
    await watch.end();
    expect(await named(plugin)()).toEqual([]);
  });

  it("a broken save is told and mended, and the node's words are shown", async () => {
    const { folder, plugin, watch } = await watched({});
    writePlugin(folder, { start: language.fails("broken by hand") });
    expect(await watch.outcome()).toMatchObject({
      event: "failed",
      code: -3,
      message: `${plugin}: exited before replying to getmanifest`,
    });
    writePlugin(folder, { version: "mended" });
    expect(await watch.outcome()).toMatchObject({ event: "reloaded" });
    expect(await liveVersion(node)).toBe("mended");
    await watch.end();
  });

  it("a start that hangs, in getmanifest or in init, is superseded by the next save", async () => {
    const { folder, watch, entries } = await watched({});
    for (const phase of ["start", "onInit"]) {
      const pidFile = join(box().root, `pid-${phase}`);
      writePlugin(folder, { [phase]: `${language.writesPid(pidFile)}; ${language.hangs}` });
      const pid = await until("the hang", () => existsSync(pidFile) && numberIn(pidFile));
      writePlugin(folder, { version: phase });
      expect(await watch.outcome()).toMatchObject({ event: "reloaded" });
      expect(await liveVersion(node)).toBe(phase);
      expect(await entries()).toMatchObject([{ active: true, dynamic: true }]);
      await until("the end of the hanging one", () => !isAlive(pid));
    }
    await watch.end();
  });

  it("a plugin that dies by itself is noticed, and comes back with the next save", async () => {
    const { folder, plugin, watch } = await watched({});
    await expect(callNode(node.rpcFile, "die")).rejects.toBeInstanceOf(RpcError);
    await watch.next("plugin-died", { path: plugin });
    writePlugin(folder, { version: "2" });
    expect(await watch.outcome()).toMatchObject({ event: "reloaded" });
    expect(await liveVersion(node)).toBe("2");
    await watch.end();
  });
});

function numberIn(file: string): number {
  return Number(readFileSync(file, "utf8"));
}
