/** The node's own life: how it begins and ends, and that nothing outlives it. */
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { startEmbeddedNode } from "../../src/embedded/node.js";
import { Failure } from "../../src/failure.js";
import {
  call,
  failureOf,
  isAlive,
  makeFolder,
  makePlugin,
  method,
  onCleanup,
  startNode,
  until,
} from "./support.js";

const PID = { rpcmethods: [method("pid")] };
const PID_HANDLERS = "{ pid: () => ({ pid: process.pid }) }";

async function pidOf(node: { rpcFile: string }): Promise<number> {
  const { callNode } = await import("../../src/node/client.js");
  const result = await callNode(node.rpcFile, "pid");
  return (result as { pid: number }).pid;
}

describe("the start", () => {
  it("makes a lightning-dir that lightning-cli finds by itself, and a socket for its owner only", async () => {
    const node = await startNode({ lightningDir: join(makeFolder(), "dir") });
    expect(readFileSync(join(node.lightningDir, "config"), "utf8")).toBe("network=regtest\n");
    expect(readFileSync(join(node.lightningDir, "lightningd-regtest.pid"), "utf8")).toBe(
      `${process.pid}\n`,
    );
    expect(node.rpcFile).toBe(join(node.lightningDir, "regtest", "lightning-rpc"));
    expect(statSync(node.rpcFile).mode & 0o777).toBe(0o600);
    expect(await call(node, "getinfo")).toMatchObject({ network: "regtest", num_peers: 0 });
  });

  it("uses a folder of its own when none is named, and takes it away", async () => {
    const node = await startEmbeddedNode();
    expect(existsSync(node.rpcFile)).toBe(true);
    await node.close();
    expect(existsSync(node.lightningDir)).toBe(false);
  });

  it("works where the socket's path is longer than an address may be", async () => {
    const lightningDir = join(makeFolder(), "long".repeat(20), "path".repeat(20));
    mkdirSync(lightningDir, { recursive: true });
    const node = await startNode({ lightningDir });
    expect(await call(node, "getinfo")).toMatchObject({ "lightning-dir": node.networkDir });
    await node.close();
    expect(existsSync(node.rpcFile)).toBe(false);
  });

  it("refuses a directory in which a node is running", async () => {
    const node = await startNode();
    const second = startEmbeddedNode({ lightningDir: node.lightningDir });
    await expect(second).rejects.toThrow(/another node is running there/);
    await expect(second).rejects.toBeInstanceOf(Failure);
    expect(await call(node, "getinfo")).toBeTruthy();
  });

  it("has the id of its hsm_secret, at each start the same", async () => {
    const node = await startNode();
    const before = await call(node, "getinfo");
    await node.close();
    const again = await startNode({ lightningDir: node.lightningDir });
    expect(await call(again, "getinfo")).toEqual(before);
  });

  it("starts plugins that are not dynamic, from its options and from the plugins folder", async () => {
    const lightningDir = makeFolder();
    mkdirSync(join(lightningDir, "plugins"));
    makePlugin(join(lightningDir, "plugins"), "found.js", { dynamic: false });
    const named = makePlugin(makeFolder(), "named.js", { dynamic: false });
    const node = await startNode({ lightningDir, plugins: [named] });
    const { plugins } = (await call(node, "plugin", ["list"])) as { plugins: unknown };
    expect(plugins).toEqual([
      { name: named, active: true, dynamic: false },
      { name: join(lightningDir, "plugins", "found.js"), active: true, dynamic: false },
    ]);
    expect(await failureOf(call(node, "plugin", ["stop", "named.js"]))).toEqual({
      code: -32602,
      message: "named.js cannot be managed when lightningd is up",
    });
  });
});

describe("the end", () => {
  it("by `stop` answers when all plugins are gone, and leaves no socket and no pid file", async () => {
    const plugin = makePlugin(makeFolder(), "p.js", PID, PID_HANDLERS);
    const node = await startNode();
    await call(node, "plugin", ["start", plugin]);
    const pid = await pidOf(node);
    expect(await call(node, "stop")).toEqual({ result: "Shutdown complete" });
    expect(isAlive(pid)).toBe(false);
    await node.closed;
    expect(existsSync(node.rpcFile)).toBe(false);
    expect(existsSync(join(node.lightningDir, "lightningd-regtest.pid"))).toBe(false);
  });

  it("kills a plugin that ignores the end of its stdin", async () => {
    const stubborn = `process.stdin.removeAllListeners("end"); setInterval(() => {}, 1000);`;
    const plugin = makePlugin(makeFolder(), "p.js", PID, PID_HANDLERS, stubborn);
    const node = await startNode();
    await call(node, "plugin", ["start", plugin]);
    const pid = await pidOf(node);
    await node.close();
    expect(isAlive(pid)).toBe(false);
  });

  it("gives a plugin that asks for `shutdown` its time, and not more", async () => {
    const manifest = { ...PID, subscriptions: ["shutdown"] };
    const file = join(makeFolder(), "seen");
    const handlers = `{ pid: () => ({ pid: process.pid }),
      shutdown: () => { require("node:fs").writeFileSync(${JSON.stringify(file)}, "seen"); } }`;
    const plugin = makePlugin(makeFolder(), "p.js", manifest, handlers);
    const node = await startNode({ shutdownTimeoutMs: 100 });
    await call(node, "plugin", ["start", plugin]);
    const pid = await pidOf(node);
    await node.close();
    expect(readFileSync(file, "utf8")).toBe("seen");
    expect(isAlive(pid)).toBe(false);
    expect(readFileSync(node.logFile, "utf8")).toContain(
      "p.js: failed to self-terminate in time, killing.",
    );
  });
});

describe("a node that was killed", () => {
  const stubborn = `process.stdin.removeAllListeners("end"); process.on("SIGTERM", () => {});
    process.stdout.on("error", () => {}); setInterval(() => {}, 1000);`;

  it.each(["SIGKILL", "SIGTERM"] as const)(
    "by %s leaves nothing that the next start does not clean up",
    async (signal) => {
      const { buildSync } = await import("esbuild");
      const folder = makeFolder();
      const program = join(folder, "node.cjs");
      buildSync({
        stdin: {
          contents: `import { startEmbeddedNode } from "./src/embedded/node.ts";
            startEmbeddedNode({ lightningDir: process.argv[2] }).then((node) => {
              process.on("SIGTERM", () => void node.close());
              console.log("ready");
            });`,
          resolveDir: process.cwd(),
        },
        bundle: true,
        platform: "node",
        outfile: program,
      });
      const lightningDir = join(folder, "dir");
      const child = spawn(process.execPath, [program, lightningDir], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      onCleanup(() => void child.kill("SIGKILL"));
      await new Promise((resolve) => child.stdout.once("data", resolve));
      const rpcFile = join(lightningDir, "regtest", "lightning-rpc");
      const { callNode } = await import("../../src/node/client.js");
      const plugin = makePlugin(folder, "p.js", PID, PID_HANDLERS, stubborn);
      await callNode(rpcFile, "plugin", ["start", plugin]);
      const pid = await pidOf({ rpcFile });
      onCleanup(() => {
        if (isAlive(pid)) process.kill(pid, "SIGKILL");
      });
      const gone = new Promise((resolve) => child.once("exit", resolve));
      child.kill(signal);
      await gone;
      if (signal === "SIGTERM") {
        expect(isAlive(pid)).toBe(false);
        return;
      }
      expect(isAlive(pid)).toBe(true);
      const node = await startNode({ lightningDir });
      await until("the leftover is gone", () => !isAlive(pid));
      expect(await call(node, "plugin", ["list"])).toEqual({ command: "list", plugins: [] });
    },
  );
});
