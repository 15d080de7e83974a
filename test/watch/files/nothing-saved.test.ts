/** What happens while nothing is saved: deaths, nodes that go and come, other hands at the node. */
import { utimesSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { targetOf } from "../../../src/events/reload-target.js";
import { startPlugin } from "../../../src/node/plugins/plugin-command.js";
import { callNode } from "../../../src/node/rpc/client.js";
import { RpcError } from "../../../src/node/rpc/errors.js";
import { locateAddress } from "../../../src/settings/locate/locate-node.js";
import { startWithRetry } from "../../../src/watch/reload/start/start-plugin.js";
import { ask, listed, liveVersion, startNode, startNodeProcess } from "../../support/nodes.js";
import { writePlugin } from "../../support/plugin.js";
import { Program } from "../../support/program.js";
import { sandbox } from "../../support/sandbox.js";
import { until } from "../../support/until.js";

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

it("two sessions for the same plugin on the same node are both warned of the other", async () => {
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
  const warningOf = ({ pid }: Program) =>
    `another watch session (pid ${pid}) is also running ${plugin} on this node: end one of them`;
  const isWarned = (one: Program, other: Program) => () =>
    one.events.some(({ message }) => message === warningOf(other));
  await until("the warning of the second", isWarned(second, first));
  await until("the warning of the first", isWarned(first, second));
  for (const watch of [first, elsewhere, second]) await watch.end();
  expect(elsewhere.events.filter(({ event }) => event === "notice")).toEqual([]);
});

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
    expect(await watch.outcome()).toMatchObject({
      event: "reloaded",
      takenOver: ["foo_opt=by hand"],
    });
    expect(await ask(node, "version")).toMatchObject({ options: { foo_opt: "by hand" } });
    expect(watch.events.some(({ event }) => event === "explained")).toBe(false);
  });

  it("may start the plugin a moment before us: it makes way", async () => {
    const box = sandbox();
    const node = await startNode(box);
    const plugin = writePlugin(box.work);
    await startPlugin(node.rpcFile, plugin, []);
    const target = targetOf(
      { path: plugin, options: [], watch: [], only: [], ignore: [], call: [], safe: false },
      locateAddress(
        { lightningDir: node.lightningDir, network: "regtest" },
        { home: box.home, cwd: box.work },
      ),
    );
    const { signal } = new AbortController();
    const nextHint = () => Promise.resolve();
    await startWithRetry({
      target,
      path: plugin,
      options: [],
      signal,
      abandoned: signal,
      nextHint,
    });
    expect(await listed(node)).toMatchObject([{ active: true }]);
  });
});
