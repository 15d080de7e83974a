/** `startEmbeddedNode()` and the node that it gives, as the public API has them. */
import { describe, expect, it, onTestFinished } from "vitest";
import {
  type EmbeddedNodeOptions,
  locateNode,
  RpcError,
  startEmbeddedNode,
} from "../../src/index.js";
import { writePlugin } from "../support/plugin.js";
import { type Sandbox, sandbox } from "../support/sandbox.js";

async function startNode(box: Sandbox, options: EmbeddedNodeOptions = {}) {
  const node = await startEmbeddedNode({ lightningDir: box.folder(), env: box.env, ...options });
  onTestFinished(() => node.close());
  return node;
}

describe("startEmbeddedNode()", () => {
  it("starts plugins with their options, and calls their methods", async () => {
    const box = sandbox();
    const greeting = { name: "greeting", multi: true };
    const plugin = writePlugin(box.work, { dynamic: false, options: [greeting, "name"] });
    const options = { greeting: ["hi", "hello"], name: "cln", alias: "TEST" };
    const node = await startNode(box, { plugins: [plugin], options });
    const { version, options: given } = await node.call<{ version: string; options: object }>(
      "version",
    );
    expect({ version, given }).toEqual({
      version: "1",
      given: { greeting: ["hi", "hello"], name: "cln" },
    });
    expect(await node.call("getinfo")).toMatchObject({ alias: "TEST", network: "regtest" });
    await expect(node.call("nothing")).rejects.toThrow(RpcError);
  });

  it("starts and stops plugins while it runs", async () => {
    const box = sandbox();
    const plugin = writePlugin(box.work, { options: [{ name: "many", multi: true }, "one"] });
    const node = await startNode(box);
    await node.startPlugin(plugin, { many: ["a", "b"], one: "no" });
    expect(await node.call("version")).toMatchObject({ options: { many: ["a", "b"], one: "no" } });
    expect(await node.stopPlugin(plugin)).toBe(true);
    expect(await node.stopPlugin(plugin)).toBe(false);
    await expect(node.startPlugin(plugin, { other: 1 })).rejects.toThrow(RpcError);
  });

  it("ends with its plugins when its scope ends", async () => {
    const box = sandbox();
    const plugin = writePlugin(box.work);
    let pid = 0;
    {
      await using node = await startEmbeddedNode({ env: { ...box.env }, plugins: [plugin] });
      ({ pid } = await node.call<{ pid: number }>("version"));
    }
    expect(() => process.kill(pid, 0)).toThrow(/ESRCH/);
  });

  it("is found by its lightning-dir, and raises events", async () => {
    const node = await startNode(sandbox());
    const found = locateNode({ lightningDir: node.lightningDir, network: "regtest" });
    expect(found.rpcFile).toBe(node.rpcFile);
    expect(await found.listPlugins()).toEqual([]);
    expect(await node.raise("connect")).toMatchObject({ topic: "connect" });
  });
});
