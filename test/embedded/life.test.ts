/** The node's own life: how it begins and ends, and that nothing outlives it. */
import { spawn } from "node:child_process";
import {
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { describe, expect, it, vi } from "vitest";
import { runEmbeddedNode } from "../../src/embedded/node.js";
import { Failure } from "../../src/errors/failure.js";
import { callNode } from "../../src/node/rpc/client.js";
import { isAlive } from "../support/processes.js";
import {
  call,
  failureOf,
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
    const node = await runEmbeddedNode();
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
    const second = runEmbeddedNode({ lightningDir: node.lightningDir });
    await expect(second).rejects.toThrow(/another node is running there/);
    await expect(second).rejects.toBeInstanceOf(Failure);
    expect(await call(node, "getinfo")).toBeTruthy();
  });

  it("refuses one in which a node is only just starting, and harms none of its plugins", async () => {
    const lightningDir = makeFolder();
    const waiting = join(lightningDir, "waiting");
    const slow = makePlugin(
      makeFolder(),
      "slow.js",
      PID,
      `{ getmanifest: (_, { id }) => {
           require("node:fs").writeFileSync(${JSON.stringify(waiting)}, "");
           const look = () => require("node:fs").existsSync(${JSON.stringify(waiting)}) ? setTimeout(look, 5) : write({ id, result: manifest });
           look();
         }, pid: () => ({ pid: process.pid }) }`,
    );
    const first = startNode({ lightningDir, plugins: [slow] });
    await until("it is asked", () => existsSync(waiting));
    const second = runEmbeddedNode({ lightningDir });
    await expect(second).rejects.toThrow(/another node is running there/);
    rmSync(waiting);
    expect(await pidOf(await first)).toBeGreaterThan(0);
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
  it.each(["getmanifest", "init"])(
    "may come while the start waits for a plugin's %s",
    async (name) => {
      const ending = new AbortController();
      const folder = makeFolder();
      const asked = join(folder, "asked");
      const handlers = `{ ${name}: () => require("node:fs").writeFileSync(${JSON.stringify(asked)}, String(process.pid)) }`;
      const plugin = makePlugin(folder, "p.js", {}, handlers);
      const lightningDir = makeFolder();
      const start = runEmbeddedNode({ lightningDir, plugins: [plugin], signal: ending.signal });
      await until("it is asked", () => existsSync(asked) && readFileSync(asked, "utf8") !== "");
      ending.abort();
      await expect(start).rejects.toThrow(/stopped during startup/);
      expect(isAlive(Number(readFileSync(asked, "utf8")))).toBe(false);
      expect(existsSync(join(lightningDir, "regtest", "lightning-rpc"))).toBe(false);
    },
  );

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

  /** A program of its own with a node in it, and on that a plugin that does not end by itself. */
  async function runProgram(folder: string, options: object, code = stubborn) {
    const program = join(folder, "node.cjs");
    const library = JSON.stringify(join(process.cwd(), "dist", "index.js"));
    writeFileSync(
      program,
      `require(${library}).startEmbeddedNode(${JSON.stringify(options)}).then((node) => {
        process.on("SIGTERM", () => void node.close());
        process.on("SIGUSR1", () => { throw new Error("a bug"); });
        console.log(node.lightningDir);
      });`,
    );
    const env = { ...process.env, TMPDIR: folder };
    const stdio = ["ignore", "pipe", "ignore"] as const;
    const child = spawn(process.execPath, [program], { stdio: [...stdio], env });
    onCleanup(() => void child.kill("SIGKILL"));
    const line = await new Promise<Buffer>((resolve) => child.stdout?.once("data", resolve));
    const lightningDir = String(line).trim();
    const rpcFile = join(lightningDir, "regtest", "lightning-rpc");
    const plugin = makePlugin(folder, "p.js", PID, PID_HANDLERS, code);
    await callNode(rpcFile, "plugin", ["start", plugin]);
    const pid = await pidOf({ rpcFile });
    onCleanup(() => {
      if (isAlive(pid)) process.kill(pid, "SIGKILL");
    });
    const kill = async (signal: NodeJS.Signals) => {
      const gone = new Promise((resolve) => child.once("exit", resolve));
      child.kill(signal);
      await gone;
    };
    return { lightningDir, pid, kill };
  }

  it.each([
    ["by a signal that it heeds", "SIGTERM"],
    ["by an error of its own", "SIGUSR1"],
  ] as const)("%s takes its plugins with it", async (_, signal) => {
    const folder = makeFolder();
    const { pid, kill } = await runProgram(folder, { lightningDir: join(folder, "dir") });
    await kill(signal);
    await until("the plugin is gone", () => !isAlive(pid));
  });

  it("by SIGKILL frees its directory, and ends the plugins that read their stdin", async () => {
    const folder = makeFolder();
    const { lightningDir, pid, kill } = await runProgram(
      folder,
      { lightningDir: join(folder, "dir") },
      "",
    );
    await kill("SIGKILL");
    await until("the plugin is gone", () => !isAlive(pid));
    const node = await startNode({ lightningDir });
    expect(await call(node, "plugin", ["list"])).toEqual({ command: "list", plugins: [] });
  });

  it("decides nothing by what it left: no process is ended, no other folder touched", async () => {
    const folder = makeFolder();
    const innocent = spawn("sleep", ["30"]);
    onCleanup(() => void innocent.kill("SIGKILL"));
    const left = join(folder, "cln-dev-node-other", "regtest");
    mkdirSync(left, { recursive: true });
    const [stat, boot] = ["stat", "boot"].map((what) =>
      readFileSync(
        what === "stat" ? `/proc/${innocent.pid}/stat` : "/proc/sys/kernel/random/boot_id",
        "utf8",
      ),
    );
    const started = stat?.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
    const notes = `= 4194303 x\n+ ${innocent.pid} ${boot?.trim()} ${started}\n`;
    writeFileSync(join(left, "cln-dev-plugin-processes"), notes);
    vi.stubEnv("TMPDIR", folder);
    onCleanup(() => void vi.unstubAllEnvs());
    const node = await runEmbeddedNode();
    await node.close();
    expect(isAlive(innocent.pid ?? 0)).toBe(true);
    expect(existsSync(left)).toBe(true);
  });
});

describe("a directory", () => {
  it("keeps its datastore when a second node is refused there", async () => {
    const node = await startNode();
    for (const key of ["a", "b", "a"]) {
      await call(node, "datastore", { key, string: key, mode: "create-or-replace" });
    }
    const journal = join(node.networkDir, "cln-dev-datastore");
    const before = statSync(journal);
    const refused = runEmbeddedNode({ lightningDir: node.lightningDir });
    await expect(refused).rejects.toThrow(/another node is running there/);
    const after = statSync(journal);
    expect([after.ino, after.size, after.mtimeMs]).toEqual([
      before.ino,
      before.size,
      before.mtimeMs,
    ]);
    expect(await call(node, "getinfo")).toBeTruthy();
  });

  it("keeps a file that has the socket's name", async () => {
    const lightningDir = makeFolder();
    const file = join(lightningDir, "important.txt");
    writeFileSync(file, "mine");
    writeFileSync(join(lightningDir, "config"), `rpc-file=${file}\n`);
    await expect(runEmbeddedNode({ lightningDir })).rejects.toThrow(/not a socket/);
    expect(readFileSync(file, "utf8")).toBe("mine");
  });

  it("keeps a file that the log's name leads to", async () => {
    const lightningDir = makeFolder();
    const file = join(lightningDir, "important.txt");
    writeFileSync(file, "mine");
    mkdirSync(join(lightningDir, "regtest"));
    symlinkSync(file, join(lightningDir, "regtest", "log"));
    await expect(runEmbeddedNode({ lightningDir })).rejects.toThrow(/symbolic link/);
    expect(readFileSync(file, "utf8")).toBe("mine");
  });

  it.skipIf(process.getuid?.() !== 0)(
    "of another user is refused, and so is his config",
    async () => {
      const lightningDir = makeFolder();
      const config = join(lightningDir, "config");
      writeFileSync(config, "plugin=/bin/false\n");
      chownSync(config, 61_002, 61_002);
      await expect(runEmbeddedNode({ lightningDir })).rejects.toThrow(
        /config: it belongs to another user \(uid 61002\)/,
      );
      rmSync(config);
      chownSync(lightningDir, 61_002, 61_002);
      await expect(runEmbeddedNode({ lightningDir })).rejects.toThrow(/uid 61002/);
    },
  );
});

describe("in a worker thread", () => {
  it("runs as in the main one, with a long path as well", async () => {
    const lightningDir = join(makeFolder(), "long".repeat(20), "path".repeat(20));
    mkdirSync(lightningDir, { recursive: true });
    const plugin = makePlugin(makeFolder(), "p.js", PID, PID_HANDLERS);
    const library = join(process.cwd(), "dist", "index.js");
    const worker = new Worker(
      `const { startEmbeddedNode } = require(${JSON.stringify(library)});
       const { parentPort } = require("node:worker_threads");
       (async () => {
         const node = await startEmbeddedNode(${JSON.stringify({ lightningDir, plugins: [plugin] })});
         const result = await node.call("pid");
         await node.close();
         parentPort.postMessage(result);
       })();`,
      { eval: true },
    );
    onCleanup(async () => void (await worker.terminate()));
    const answer = await new Promise<{ pid: number }>((resolve, reject) => {
      worker.once("message", resolve);
      worker.once("error", reject);
    });
    await until("the plugin is gone", () => !isAlive(answer.pid));
  });
});
