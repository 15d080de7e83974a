/**
 * Starts a real lightningd for the suite: regtest on the stub chain, offline, with most of its own
 * plugins, as they decide what it answers (with none at all it never comes up).
 */
import { type ChildProcess, spawn } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { callText } from "../harness/call.js";
import { at, listAt, parse, textAt } from "../harness/json.js";
import { findPython } from "../harness/python.js";
import { until } from "../harness/until.js";
import { writeConfigs } from "./embedded.js";
import { installed } from "./installed.js";
import type { NodeStart, RunningNode } from "./node-kind.js";

const STUB_CHAIN = join(import.meta.dirname, "stub-chain.py");

/** The chain's backend is ours; bookkeeper causes warnings; the others open ports or start slowly. */
const DISABLED =
  `bcli bookkeeper cln-grpc cln-bip353 cln-currencyrate cln-lsps-client cln-lsps-service clnrest
  clnrest-rs rest-plugin wss-proxy`.split(/\s+/);

const START_MS = 30_000;

export async function startLightningd(start: NodeStart = {}): Promise<RunningNode> {
  if (installed === undefined) throw new Error("no lightningd here");
  const lightningDir =
    start.lightningDir ?? mkdtempSync(join(realpathSync(tmpdir()), "cln-conf-l-"));
  const networkDir = join(lightningDir, "regtest");
  const logFile = join(lightningDir, "log");
  const rpcFile = join(networkDir, "lightning-rpc");
  if (!existsSync(networkDir)) writeConfigs(lightningDir, start);
  const child = spawn(
    installed.lightningd,
    [
      `--lightning-dir=${lightningDir}`,
      `--log-file=${logFile}`,
      "--log-level=debug",
      "--autolisten=false",
      "--offline",
      ...DISABLED.map((name) => `--disable-plugin=${name}`),
      `--plugin=${start.backend ?? writeStubChain(lightningDir)}`,
      ...(start.plugins ?? []).map((path) => `--plugin=${path}`),
    ],
    { stdio: ["ignore", "ignore", "pipe"], env: { ...process.env, ...start.env } },
  );
  let stderr = "";
  child.stderr.on("data", (chunk: Buffer) => {
    stderr += chunk.toString("utf8");
  });
  let ended = false;
  const exit = new Promise<void>((resolve) => {
    child.once("exit", () => {
      ended = true;
      resolve();
    });
  });
  const killWithUs = () => child.kill("SIGKILL");
  process.once("exit", killWithUs);
  const end = async () => {
    if (!ended) await stop(child, rpcFile, exit);
    process.removeListener("exit", killWithUs);
    if (start.lightningDir === undefined) {
      rmSync(lightningDir, { recursive: true, force: true });
    }
  };
  let running: true | string[];
  try {
    running = await until(
      "lightningd is up",
      async () => ended || (await activePlugins(rpcFile)),
      START_MS,
    );
    if (running === true) throw new Error(`lightningd did not start: ${stderr}\n${tail(logFile)}`);
  } catch (error) {
    await end();
    throw error;
  }
  return {
    kind: "lightningd",
    version: installed.version,
    lightningDir,
    networkDir,
    rpcFile,
    logFile,
    ownPluginFolders: ownFolders(running, start.plugins ?? []),
    stderr: () => stderr,
    hasEnded: () => ended,
    end,
  };
}

/** Made executable by the interpreter itself: the one that PATH gives may be a slow wrapper. */
export function writeStubChain(lightningDir: string): string {
  const folder = join(lightningDir, "chain");
  const path = join(folder, "stub-chain.py");
  mkdirSync(folder);
  writeFileSync(path, `#!${findPython()} -SE\n${readFileSync(STUB_CHAIN, "utf8")}`, {
    mode: 0o755,
  });
  return path;
}

/** The paths of its plugins once all are active: its socket answers before it is up. */
async function activePlugins(rpcFile: string): Promise<string[] | undefined> {
  try {
    const answer = parse(await callText(rpcFile, "plugin", '["list"]', 1_000));
    const plugins = listAt(answer, "result", "plugins");
    const areActive = plugins.every((plugin) => at(plugin, "active") === true);
    return areActive ? plugins.map((plugin) => textAt(plugin, "name")) : undefined;
  } catch {
    return undefined;
  }
}

function ownFolders(running: readonly string[], given: readonly string[]): string[] {
  const own = running.filter((path) => !given.includes(path));
  return [...new Set(own.map((path) => dirname(path)))];
}

async function stop(child: ChildProcess, rpcFile: string, exit: Promise<void>): Promise<void> {
  // A plugin that a scenario left behind may take its time: the whole is thrown away anyhow.
  const timer = setTimeout(() => child.kill("SIGKILL"), 3_000);
  await callText(rpcFile, "stop", "[]", 2_000).catch(() => child.kill("SIGTERM"));
  await exit;
  clearTimeout(timer);
}

function tail(logFile: string): string {
  try {
    return readFileSync(logFile, "utf8").slice(-2_000);
  } catch {
    return "(no log)";
  }
}
