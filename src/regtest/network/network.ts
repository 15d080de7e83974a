/** An existing network: opened, shown, stopped, removed. */
import { existsSync, readdirSync, rmdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Failure, systemCode, usageFailure } from "../../errors/failure.js";
import { BACKEND_FILE, BACKEND_PROGRAM } from "../backend/backend-files.js";
import { ChainFolder } from "../chain/chain-folder.js";
import { type Lock, lockedFailure, tryLock } from "../lock.js";
import { regtestCommand } from "../regtest-command.js";
import { listChannels } from "./channels.js";
import { type StepContext, throwIfAborted } from "./context.js";
import type { RegtestNodeFacts, RegtestNodeStatus } from "./events.js";
import { holdsNetwork, NETWORK_FILE, type NetworkFile, readNetworkFile } from "./folder.js";
import { RegtestNode } from "./regtest-node.js";

export interface Network {
  readonly folder: string;
  readonly file: NetworkFile;
  readonly nodes: readonly RegtestNode[];
}

export const CHAIN_FOLDER = "chain";
const LOCK_FILE = "lock";
const LOCK_MS = 120_000;
const LOCK_LOOK_MS = 50;
const STATUS_MS = 5_000;

/** Opens the network in a folder. @throws Failure `no-regtest` (exit code 3) if there is none */
export function openNetwork(folder: string): Network {
  if (!holdsNetwork(folder))
    throw noNetwork(folder, `Start one: ${regtestCommand("start", folder)}`);
  const file = readNetworkFile(folder);
  return { folder, file, nodes: file.nodes.map((node) => new RegtestNode(folder, node)) };
}

function noNetwork(folder: string, fix: string): Failure {
  const what = `there is no regtest network in ${folder}`;
  return new Failure({ kind: "no-regtest", what, fix, exitCode: 3 });
}

/**
 * Opens the chain of the network.
 * @throws Failure if it is gone, damaged, or another network's
 */
export function openChain({ folder, file }: Network): ChainFolder {
  const chain = ChainFolder.open(join(folder, CHAIN_FOLDER));
  if (file.chainId === undefined || chain.id === file.chainId) return chain;
  throw new Failure({
    kind: "regtest-chain",
    what: `the chain in ${chain.folder} is another network's`,
    why: `its block 1 is ${chain.id ?? "missing"}, but the nodes expect ${file.chainId}`,
    fix: `Start over: ${regtestCommand("reset", folder)}`,
    exitCode: 1,
  });
}

/**
 * Returns the node of that name.
 * @throws Failure (exit code 2) if there is none
 */
export function nodeNamed({ nodes }: Network, name: string): RegtestNode {
  const node = nodes.find((one) => one.name === name);
  if (node !== undefined) return node;
  throw usageFailure(`the network has no node ${JSON.stringify(name)}`, {
    fix: `Name one of ${nodes.map((one) => one.name).join(", ")}`,
  });
}

/** Returns the nodes that answer. */
export async function answeringNodes({ nodes }: Network): Promise<readonly RegtestNode[]> {
  const infos = await Promise.all(nodes.map((node) => node.info()));
  return nodes.filter((_, index) => infos[index] !== undefined);
}

/**
 * Returns the node of that name, which must be running.
 * @throws Failure: exit code 2 if there is no such node, 3 if it is not running
 */
export async function answeringNode(network: Network, name: string): Promise<RegtestNode> {
  const node = nodeNamed(network, name);
  if ((await node.info()) !== undefined) return node;
  const words = node.lastWords();
  throw new Failure({
    kind: "regtest-stopped",
    what: `${name} is not running`,
    ...(words === undefined ? {} : { why: words }),
    fix: `Start it: ${regtestCommand("start", network.folder)}`,
    exitCode: 3,
  });
}

/** What events and messages show of a node. */
export async function factsOf(node: RegtestNode): Promise<RegtestNodeFacts> {
  const { name, lightningDir, rpcFile, port, pid } = node;
  const id = String((await node.call("getinfo")).id);
  return { name, id, lightningDir, rpcFile, port, pid };
}

/**
 * Reports the state of every node.
 * @returns whether all are running
 */
export async function showStatus(network: Network, context: StepContext): Promise<boolean> {
  const nodes = await Promise.all(network.nodes.map(statusOf));
  const { height } = openChain(network).chain.tip;
  const answering = network.nodes.filter((_, index) => nodes[index]?.state === "running");
  const channels = await listChannels(answering, network.nodes);
  context.onEvent({ event: "status", dir: network.folder, height, nodes, channels });
  return nodes.every(({ state }) => state === "running");
}

async function statusOf(node: RegtestNode): Promise<RegtestNodeStatus> {
  const { name, lightningDir, port, version, pid } = node;
  const info = await node.info(STATUS_MS).catch(() => undefined);
  const common = { name, lightningDir, port, version, ...(pid === undefined ? {} : { pid }) };
  if (info !== undefined) {
    const { id, blockheight } = info;
    const now = { version: String(info.version), id: String(id), height: Number(blockheight) };
    return { ...common, state: "running", ...now };
  }
  const words = node.lastWords();
  const state = pid === undefined ? "stopped" : "not answering";
  return { ...common, state, ...(words === undefined ? {} : { lastWords: words }) };
}

/**
 * Stops the nodes, all at once.
 * @throws Failure if one does not end
 */
export async function stopNodes(
  nodes: readonly RegtestNode[],
  context: StepContext,
): Promise<void> {
  await Promise.all(
    nodes.map(async (node) => {
      const end = await node.stop(context);
      if (end === "not running") return;
      context.onEvent({ event: "node-stopped", name: node.name, killed: end === "killed" });
    }),
  );
}

/**
 * Stops the nodes of a network and removes its files; files that are not ours stay.
 * @throws Failure if the folder is not a network or a node does not end; a system error if a file
 * cannot be removed
 */
export async function removeNetwork(folder: string, context: StepContext): Promise<void> {
  if (!existsSync(folder)) return void context.onEvent({ event: "reset", dir: folder, left: [] });
  if (!holdsNetwork(folder)) {
    throw noNetwork(folder, "Nothing is removed; name its folder with --dir");
  }
  await withNetworkLock(folder, context, async () => {
    // From the folder, not from network.json: that may be damaged.
    const names = readdirSync(folder).filter((name) => /^l\d{1,2}$/.test(name));
    const nodes = names.map(
      (name) => new RegtestNode(folder, { name, port: 0, lightningd: "", version: "" }),
    );
    await stopNodes(nodes, context);
    // The file that marks the network is the last to be removed: until then a reset can be
    // repeated.
    for (const name of [...names, CHAIN_FOLDER, BACKEND_FILE, BACKEND_PROGRAM, NETWORK_FILE]) {
      rmSync(join(folder, name), { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
    }
  });
  let left: readonly string[] = [];
  try {
    rmdirSync(folder);
  } catch (error) {
    if (systemCode(error) !== "ENOTEMPTY") throw error;
    left = readdirSync(folder);
  }
  context.onEvent({ event: "reset", dir: folder, left });
}

/** Does something that must not run in two processes at the same time: start, stop, reset. */
export async function withNetworkLock<T>(
  folder: string,
  context: StepContext,
  act: () => Promise<T>,
): Promise<T> {
  const lock = await takeLock(join(folder, LOCK_FILE), context);
  try {
    return await act();
  } finally {
    lock.release();
  }
}

async function takeLock(path: string, context: StepContext): Promise<Lock> {
  const end = Date.now() + LOCK_MS;
  for (;;) {
    const lock = tryLock(path);
    if ("release" in lock) return lock;
    throwIfAborted(context.signal);
    if (Date.now() > end) throw lockedFailure("the network", path, lock.heldBy, LOCK_MS);
    context.onProgress(`waiting for process ${lock.heldBy}, which is using the network`);
    await sleep(LOCK_LOOK_MS);
  }
}
