/** `watch()` of the public API, in this process, on an embedded node. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import {
  Failure,
  NodeUnreachable,
  startEmbeddedNode,
  type WatchEvent,
  type WatchOptions,
  watch,
} from "../../src/index.js";
import { language, type PluginParts, writePlugin } from "../support/plugin.js";
import { type Sandbox, sandbox } from "../support/sandbox.js";

/** A watch of a plugin on an embedded node. Both end with the test. */
async function startWatch(
  box: Sandbox,
  options: Partial<WatchOptions> = {},
  parts: PluginParts = {},
) {
  const plugin = writePlugin(box.work, { version: "1", options: ["greeting"], ...parts });
  const node = await startNode(box);
  const session = await watch({ plugin, node, ...options });
  onTestFinished(() => session.close());
  return { session, node, plugin };
}

async function startNode(box: Sandbox) {
  const node = await startEmbeddedNode({ lightningDir: box.folder(), env: box.env });
  onTestFinished(() => node.close());
  return node;
}

describe("watch()", () => {
  it("starts the plugin with its options and reloads it at a save", async () => {
    const { session, node, plugin } = await startWatch(sandbox(), { options: { greeting: "hi" } });
    const outcome = await session.ready;
    expect(outcome).toMatchObject({ event: "reloaded", cause: "start", path: plugin });
    expect(await node.call("version")).toMatchObject({
      version: "1",
      options: { greeting: "hi" },
    });
    const reloaded = new Promise<WatchEvent>((resolve) => session.on("reloaded", resolve));
    writeFileSync(plugin, language.plugin({ version: "2", options: ["greeting"] }));
    expect(await reloaded).toMatchObject({ cause: "file", files: [plugin] });
    const { version } = await session.node.call<{ version: string }>("version");
    expect(version).toBe("2");
  });

  it("gives a failed start as an outcome", async () => {
    const box = sandbox();
    const { session } = await startWatch(box, {}, { start: language.fails("no luck") });
    const reason = expect.stringContaining("no luck");
    expect(await session.ready).toMatchObject({ event: "failed", reason });
    writePlugin(box.work, { version: "2" });
    expect(await session.restart()).toMatchObject({ event: "reloaded" });
  });

  it("passes every event to a listener that is added at once, and to a loop until it is closed", async () => {
    const { session } = await startWatch(sandbox());
    const heard: string[] = [];
    session
      .on("watching", ({ event }) => heard.push(event))
      .on("reloading", ({ event }) => heard.push(event));
    const looped: string[] = [];
    for await (const { event } of session) {
      looped.push(event);
      if (event === "reloaded") await session.close();
    }
    expect(heard).toEqual(["watching", "reloading"]);
    expect(looped.at(0)).toBe("watching");
    expect(looped.at(-1)).toBe("ended");
    const after: string[] = [];
    for await (const { event } of session) after.push(event);
    expect(after).toEqual([]);
  });

  it("goes on when a listener throws, and does not hide that", async () => {
    const { session } = await startWatch(sandbox());
    const thrown = new Promise((resolve) => process.once("uncaughtException", resolve));
    session.on("reloading", () => {
      throw new Error("a bug of the caller");
    });
    expect(await session.ready).toMatchObject({ event: "reloaded" });
    expect(String(await thrown)).toContain("a bug of the caller");
  });

  it("leaves the plugin running, or stops it", async () => {
    const { session, node, plugin } = await startWatch(sandbox());
    await session.ready;
    await session.close();
    expect(await node.listPlugins()).toMatchObject([{ name: plugin, active: true }]);
    const second = await watch({ plugin, node });
    await second.ready;
    await second.close({ stopPlugin: true });
    expect(await node.listPlugins()).toEqual([]);
  });

  it("runs several at the same time, each on its own", async () => {
    const box = sandbox();
    const node = await startNode(box);
    const parts = { version: null, methods: ["one"] };
    const one = await watch({ plugin: writePlugin(box.work, parts, "one"), node });
    onTestFinished(() => one.close());
    const two = await watch({ plugin: writePlugin(box.work, { version: "2" }, "two"), node });
    onTestFinished(() => two.close());
    expect(await Promise.all([one.ready, two.ready])).toMatchObject([
      { event: "reloaded", path: expect.stringContaining("one.") },
      { event: "reloaded", path: expect.stringContaining("two.") },
    ]);
    await one.close();
    expect(await two.restart()).toMatchObject({ event: "reloaded", cause: "command" });
  });

  it("reloads in hot mode", async () => {
    const { session, node } = await startWatch(sandbox(), { hot: true });
    await session.ready;
    expect(await session.restart()).toMatchObject({ event: "reloaded", hot: expect.anything() });
    expect(await node.call("version")).toMatchObject({ version: "1" });
  });

  it("closes by its signal and by `await using`", async () => {
    const box = sandbox();
    const ending = new AbortController();
    const { session, plugin, node } = await startWatch(box, { signal: ending.signal });
    const ended = new Promise((resolve) => session.on("ended", resolve));
    await session.ready;
    ending.abort();
    expect(await ended).toMatchObject({ running: [`plugin${language.extension}`] });
    let inner: WatchEvent | undefined;
    {
      await using another = await watch({ plugin, node });
      another.on("ended", (event) => {
        inner = event;
      });
      await another.ready;
    }
    expect(inner).toMatchObject({ event: "ended" });
  });

  it("shows what the plugin writes to stderr", async () => {
    const { session } = await startWatch(sandbox(), {}, { start: language.complains("a word") });
    const line = new Promise((resolve) => session.on("log", resolve));
    expect(await line).toMatchObject({ level: "stderr", text: "a word" });
  });

  it("rejects for a plugin that is missing, a wrong setting and a node that is not there", async () => {
    const box = sandbox();
    const node = await startNode(box);
    const plugin = writePlugin(box.work);
    const missing = watch({ plugin: join(box.work, "none.py"), node });
    await expect(missing).rejects.toThrow(Failure);
    await expect(watch({ plugin, node: { network: "nonsense" } })).rejects.toThrow(/nonsense/);
    const lightningDir = box.folder();
    await expect(watch({ plugin, node: { lightningDir } })).rejects.toThrow(NodeUnreachable);
  });
});
