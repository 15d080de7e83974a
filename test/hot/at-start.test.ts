/** Plugins that the node's own config starts: its bitcoin backend, and one that is asked before init. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { stopPlugin } from "../../src/node/plugins/plugin-command.js";
import { callNode } from "../../src/node/rpc/client.js";
import { startLightningd, writeStubChain } from "../conformance/nodes/lightningd.js";
import { listed, NODE_KINDS } from "../support/nodes.js";
import { writeProgram } from "../support/plugin.js";
import { Program, run } from "../support/program.js";
import { sandbox } from "../support/sandbox.js";
import { until } from "../support/until.js";
import { type PythonParts, pythonPlugin } from "./support.js";

/** The node does not wait for what it has started. */
function hostsOf(root: string): string[] {
  return readdirSync("/proc").filter((name) => {
    try {
      const command = readFileSync(`/proc/${name}/cmdline`, "utf8");
      return command.includes("hot-host.js") && command.includes(root);
    } catch {
      return false;
    }
  });
}

describe.skipIf(!NODE_KINDS.includes("lightningd"))("cln-dev hot-path", () => {
  it("the bitcoin backend and a db_write plugin reload while the node runs, and start with it", async () => {
    const box = sandbox();
    const env = { XDG_CACHE_HOME: join(box.home, "cache") };
    const lightningDir = box.folder("node");
    const flags = [`--lightning-dir=${lightningDir}`, "--regtest"];
    const chain = writeStubChain(lightningDir);
    const writes = join(box.root, "writes");
    const folder = box.folder();
    const saver = (version: string) =>
      pythonPlugin(folder, "saver.py", {
        version,
        manifest: {
          dynamic: false,
          hooks: [{ name: "db_write" }],
          rpcmethods: [{ name: "saver", usage: "" }],
        },
        serve: `
if method == "db_write":
    open(${JSON.stringify(writes)}, "a").write(VERSION)
    answer(request, {"result": "continue"})
else: answer(request, {"version": VERSION})`,
      });
    const front = async (path: string) => {
      const ended = await run(box, ["hot-path", path, ...flags], { env });
      expect(ended).toMatchObject({ code: 0, stderr: expect.stringContaining("plugin=/") });
      return ended.stdout.trim();
    };
    const start = { lightningDir, backend: await front(chain), plugins: [await front(saver("1"))] };
    let node = await startLightningd(start);
    expect((await listed(node)).filter(({ name }) => name.includes("/at-start/"))).toMatchObject([
      { active: true, dynamic: false },
      { active: true, dynamic: false },
    ]);
    expect(existsSync(writes)).toBe(true);
    const args = ["watch", chain, join(folder, "saver.py"), ...flags, "--hot", "--json"];
    const watch = new Program(box, args, { env });
    await watch.next("reloaded", { plugin: "saver.py" });
    await until(
      "both",
      () => watch.events.filter(({ event }) => event === "reloaded").length === 2,
    );
    saver("2");
    expect(await watch.next("reloaded", { plugin: "saver.py" })).toMatchObject({
      hot: { changes: [] },
    });
    await callNode(node.rpcFile, "invoice", ["1000", "label", "text"]);
    expect(readFileSync(writes, "utf8")).toMatch(/2/);
    const text = readFileSync(chain, "utf8");
    writeProgram(chain, text.replaceAll('"feerate": 1000}', '"feerate": 2000}'));
    await watch.next("reloaded", { plugin: "stub-chain.py" });
    expect(JSON.stringify(await callNode(node.rpcFile, "estimatefees"))).toContain("2000");
    // Never dynamic if the node would not survive a stop.
    await expect(stopPlugin(node.rpcFile, start.backend)).rejects.toThrow("cannot be managed");
    writeProgram(chain, text.replace("methods}", 'methods, "hooks": ["custommsg"]}'));
    expect(await watch.outcome()).toMatchObject({ event: "refused", kind: "node-must-restart" });
    writeProgram(chain, text);
    await watch.next("reloaded", { plugin: "stub-chain.py" });
    await watch.end();
    expect(watch.stdout).toContain("stays in hot mode");
    await node.end();
    await until("the end of the hosts", () => hostsOf(box.root).length === 0);
    node = await startLightningd(start);
    expect(await callNode(node.rpcFile, "saver")).toEqual({ version: "2" });
    await node.end();
    await until("the end of the hosts", () => hostsOf(box.root).length === 0);
    expect(existsSync(dirname(start.backend))).toBe(true);
  });

  it("an important plugin: neither a bad save nor a death ends the node; feature bits need a restart", async () => {
    const box = sandbox();
    const env = { XDG_CACHE_HOME: join(box.home, "cache") };
    const lightningDir = box.folder("node");
    const flags = [`--lightning-dir=${lightningDir}`, "--regtest"];
    const folder = box.folder();
    const save = (version: string, parts: PythonParts = {}, featurebits = {}) =>
      pythonPlugin(folder, "vital.py", {
        version,
        manifest: { dynamic: false, rpcmethods: [{ name: "vital", usage: "[x]" }], featurebits },
        serve: `
if params: os._exit(3)
answer(request, {"version": VERSION})`,
        ...parts,
      });
    const plugin = save("1");
    const front = (await run(box, ["hot-path", plugin, ...flags], { env })).stdout.trim();
    const node = await startLightningd({ lightningDir, config: [`important-plugin=${front}`] });
    const args = ["watch", plugin, ...flags, "--hot", "--json"];
    const watch = new Program(box, args, { env });
    await watch.next("reloaded");
    save("2", { start: "raise RuntimeError('bad save')" });
    expect(await watch.outcome()).toMatchObject({ event: "failed", running: true });
    expect(await callNode(node.rpcFile, "vital")).toEqual({ version: "1" });
    await expect(callNode(node.rpcFile, "vital", ["x"])).rejects.toMatchObject({ code: -4 });
    await watch.next("plugin-died");
    save("3");
    await watch.next("reloaded");
    expect(await callNode(node.rpcFile, "vital")).toEqual({ version: "3" });
    save("4", {}, { init: "01" });
    expect(await watch.outcome()).toMatchObject({
      event: "refused",
      kind: "node-must-restart",
      message: expect.stringContaining("+featurebits init"),
    });
    expect(await callNode(node.rpcFile, "vital")).toEqual({ version: "3" });
    save("5");
    await watch.next("reloaded");
    expect(await callNode(node.rpcFile, "vital")).toEqual({ version: "5" });
    await watch.end();
    await node.end();
    await until("the end of the hosts", () => hostsOf(box.root).length === 0);
  });
});
