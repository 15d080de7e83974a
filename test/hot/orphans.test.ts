/** Nothing outlives what it belongs to: the front and the versions their host, all of them their node. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { listPlugins, stopPlugin } from "../../src/node/plugins/plugin-command.js";
import { callNode } from "../../src/node/rpc/client.js";
import { ask, NODE_KINDS, startInstalled, startNode, startNodeProcess } from "../support/nodes.js";
import { isAlive } from "../support/processes.js";
import { sandbox } from "../support/sandbox.js";
import { until } from "../support/until.js";
import { pythonPlugin, startHot } from "./support.js";

/** A version that ends neither with its stdin nor at a polite word. */
const STUBBORN = {
  manifest: {
    rpcmethods: [
      { name: "ask", usage: "" },
      { name: "never", usage: "" },
    ],
  },
  serve: `if method == "ask": answer(request, {"pid": os.getpid()})`,
  start: `
import signal
signal.signal(signal.SIGTERM, signal.SIG_IGN)`,
  end: "time.sleep(600)",
};

/** The processes that a text in their command line shows to be the plugin's: front, host, versions. */
function processesOf(text: string): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(text) && isAlive(pid);
      } catch {
        return false;
      }
    });
}

function killByPidFile({ lightningDir }: { readonly lightningDir: string }): void {
  const pid = readFileSync(join(lightningDir, "lightningd-regtest.pid"), "utf8");
  process.kill(Number(pid), "SIGKILL");
}

describe.skipIf(!existsSync("/proc/self/cmdline")).each(NODE_KINDS)("on %s", (kind) => {
  /** A plugin with an old version that owes an answer, one that serves, and a third that is prepared. */
  async function threeVersions(
    node: { readonly rpcFile: string },
    box: ReturnType<typeof sandbox>,
  ) {
    const folder = box.folder();
    const write = () => pythonPlugin(folder, "stubborn.py", STUBBORN);
    const one = await startHot(box, node, write());
    const { pid: old } = await ask(node, "ask");
    callNode(node.rpcFile, "never").catch(() => {});
    write();
    expect(await one.host.reload()).toMatchObject({ result: "switched" });
    const { pid } = await ask(node, "ask");
    const versions = () => processesOf(join(folder, "stubborn.py"));
    // The two, and a shell that stands ready.
    await until("three", () => versions().length === 3);
    expect(versions()).toEqual(expect.arrayContaining([old, pid]));
    return { ...one, all: () => [...versions(), ...processesOf(join(box.home, "cache"))] };
  }

  it("a killed host leaves neither the front nor a version", async () => {
    const box = sandbox();
    const node = kind === "embedded" ? await startNode(box) : await startInstalled(box);
    const one = await threeVersions(node, box);
    process.kill(one.pid, "SIGKILL");
    await until("their end", () => one.all().length === 0);
    await until("the node's list", async () =>
      (await listPlugins(node.rpcFile)).every(({ name }) => name !== one.front),
    );
  });

  it("a plugin that is stopped leaves nothing", async () => {
    const box = sandbox();
    const node = kind === "embedded" ? await startNode(box) : await startInstalled(box);
    const one = await threeVersions(node, box);
    await stopPlugin(node.rpcFile, one.front);
    await until("their end", () => one.all().length === 0);
  });

  it("a killed node leaves nothing", async () => {
    const box = sandbox();
    const [node, kill] =
      kind === "embedded"
        ? await startNodeProcess(box).then((node) => [node, node.kill] as const)
        : await startInstalled(box).then((node) => [node, () => killByPidFile(node)] as const);
    const one = await threeVersions(node, box);
    await kill();
    await until("their end", () => one.all().length === 0);
    expect(isAlive(one.pid)).toBe(false);
  });
});
