/** Starts a network, new or existing: running nodes with money and channels. */
import type { ChildProcess } from "node:child_process";
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { usageFailure } from "../../errors/failure.js";
import { BACKEND_FILE, writeBackend } from "../backend/backend-files.js";
import { ChainFolder } from "../chain/chain-folder.js";
import { regtestCommand } from "../regtest-command.js";
import {
  channelsOf,
  hasChannel,
  listChannels,
  openChannels,
  untilReconnected,
} from "./channels.js";
import { type StepContext, throwIfAborted } from "./context.js";
import type { RegtestEvent } from "./events.js";
import {
  holdsNetwork,
  type NetworkFile,
  type NetworkNode,
  prepareFolder,
  readNetworkFile,
  writeNetworkFile,
} from "./folder.js";
import { findLightningd, type Lightningd } from "./lightningd.js";
import { fund, hasMoney, untilAtHeight } from "./mining.js";
import {
  CHAIN_FOLDER,
  factsOf,
  type Network,
  openChain,
  openNetwork,
  stopNodes,
  withNetworkLock,
} from "./network.js";
import { changePort, DEVELOPER_LINES, freePort, isFree, writeNodeFolder } from "./node-config.js";
import { RegtestNode } from "./regtest-node.js";

export interface StartOptions {
  /** As {@link networkFolder} returns it. */
  readonly folder: string;
  /** The least number of nodes; defaults to the existing ones, or 2. */
  readonly count?: number;
  /** A path or a name, for every node that is not in `lightningdOf`. */
  readonly lightningd?: string;
  readonly lightningdOf?: ReadonlyMap<string, string>;
  readonly capacitySat: number;
  /** Whether to open channels; a network created without them never gets any. */
  readonly channels: boolean;
  readonly automine?: number;
  /** Whether the nodes of a new network run with `--developer`. */
  readonly developer: boolean;
  /** Lines for the configs of new nodes. */
  readonly lines: readonly string[];
  /** The environment of the nodes and their plugins. */
  readonly env?: NodeJS.ProcessEnv;
}

export type Ready = Extract<RegtestEvent, { readonly event: "ready" }>;

export const MAX_NODES = 20;
const DEFAULT_NODES = 2;
/** The same number as in bitcoind's own tests: the first coinbase can be spent. */
const FIRST_BLOCKS = 101;
/** What each node's wallet gets: one bitcoin. */
export const WALLET_SAT = 100_000_000;

/**
 * Starts the nodes that are not running, creates what is missing, and reports each step, `ready`
 * last. If it fails, it stops the nodes that it has started.
 * @throws Failure, RpcError
 */
export async function startNetwork(options: StartOptions, context: StepContext): Promise<Ready> {
  const began = performance.now();
  const { folder } = options;
  // Fails before anything is created.
  const found = await findEach(options);
  prepareFolder(folder);
  return withNetworkLock(folder, context, async () => {
    prepareFolder(folder);
    const before = nodesIn(folder);
    // Another process may have added nodes in the meantime.
    const each = before.length > found.size ? await findEach(options) : found;
    const started: RegtestNode[] = [];
    try {
      const network = await prepare(options, each, context);
      await bringUp(network, options, context, started);
      const nodes = await Promise.all(network.nodes.map(factsOf));
      writeNetworkFile(folder, {
        ...network.file,
        isSetUp: true,
        nodes: network.file.nodes.map((node, index) => ({ ...node, id: nodes[index]?.id ?? "" })),
      });
      const channels = await listChannels(network.nodes, network.nodes);
      const ms = Math.round(performance.now() - began);
      const { developer } = network.file;
      const ready: Ready = { event: "ready", dir: folder, developer, ms, nodes, channels };
      context.onEvent(ready);
      return ready;
    } catch (error) {
      const silent = { ...context, onEvent: () => {}, signal: undefined };
      // The first failure is the one to report.
      await stopNodes(started, silent)
        .then(() => forgetUnused(folder, before))
        .catch(() => {});
      throw error;
    }
  });
}

/** Removes the new nodes that have never run: created again, they may succeed. */
function forgetUnused(folder: string, before: readonly NetworkNode[]): void {
  const file = readNetworkFile(folder);
  const isUsed = ({ name }: NetworkNode) =>
    before.some((node) => node.name === name) ||
    existsSync(join(folder, name, "regtest", "lightningd.sqlite3"));
  for (const { name } of file.nodes.filter((node) => !isUsed(node))) {
    rmSync(join(folder, name), { recursive: true, force: true, maxRetries: 5 });
  }
  writeNetworkFile(folder, { ...file, nodes: file.nodes.filter(isUsed) });
}

function nodesIn(folder: string): readonly NetworkNode[] {
  return holdsNetwork(folder) ? readNetworkFile(folder).nodes : [];
}

/**
 * Finds the lightningd of each node: the requested one, else the one it has, else the one on PATH.
 */
async function findEach(options: StartOptions): Promise<ReadonlyMap<string, Lightningd>> {
  const before = nodesIn(options.folder);
  const count = Math.max(options.count ?? (before.length || DEFAULT_NODES), before.length);
  const names = Array.from({ length: count }, (_, index) => `l${index + 1}`);
  for (const name of options.lightningdOf?.keys() ?? []) {
    if (!names.includes(name)) {
      throw usageFailure(`--lightningd names ${name}, but the network has ${names.join(", ")}`);
    }
  }
  const searches = new Map<string | undefined, Promise<Lightningd>>();
  const find = (wanted: string | undefined) => {
    const search = searches.get(wanted) ?? findLightningd(wanted);
    searches.set(wanted, search);
    return search;
  };
  const found = names.map(async (name) => {
    const has = before.find((node) => node.name === name)?.lightningd;
    const wanted = options.lightningdOf?.get(name) ?? options.lightningd ?? has;
    return [name, await find(wanted)] as const;
  });
  return new Map(await Promise.all(found));
}

/** Writes the files: the chain, the backend, and a folder for each node. */
async function prepare(
  options: StartOptions,
  found: ReadonlyMap<string, Lightningd>,
  context: StepContext,
): Promise<Network> {
  const { folder } = options;
  const isNew = !holdsNetwork(folder);
  let file: NetworkFile = isNew
    ? { developer: options.developer, channels: options.channels, isSetUp: false, nodes: [] }
    : readNetworkFile(folder);
  if (isNew) writeNetworkFile(folder, file);
  if (file.developer && !options.developer) {
    throw usageFailure("--no-developer cannot be used with this network", {
      why: "its nodes were made with developer mode on",
      fix: `Start over: ${regtestCommand("reset", folder)}`,
    });
  }
  const chain =
    file.chainId === undefined ? makeChain(folder) : openChain({ folder, file, nodes: [] });
  if (options.automine !== undefined) chain.set({ automine: options.automine });
  if (isNew) context.onEvent({ event: "chain", height: chain.chain.tip.height });
  writeBackend(folder);
  const nodes = await Promise.all(
    [...found].map(async ([name, { path, version }]): Promise<NetworkNode> => {
      const before = file.nodes.find((node) => node.name === name);
      const port = before?.port ?? (await freePort());
      return withFreePort(folder, { ...before, name, port, lightningd: path, version }, context);
    }),
  );
  const old = new Set(file.nodes.map(({ name }) => name));
  if (options.lines.length > 0 && old.size > 0) {
    context.onEvent({ event: "options-ignored", names: [...old] });
  }
  const chainId = chain.id ?? "";
  file = { ...file, chainId, isSetUp: file.isSetUp && nodes.length === old.size, nodes };
  writeNetworkFile(folder, file);
  for (const node of nodes) {
    writeNodeFolder(join(folder, node.name), {
      ...node,
      chainFolder: join(folder, CHAIN_FOLDER),
      chainId,
      backend: join(folder, BACKEND_FILE),
      developer: file.developer,
      lines: options.lines,
    });
  }
  return openNetwork(folder);
}

/** Returns the node, with another port if something else has taken its own since it last ran. */
async function withFreePort(
  folder: string,
  node: NetworkNode,
  context: StepContext,
): Promise<NetworkNode> {
  if (await isFree(node.port)) return node;
  const place = new RegtestNode(folder, node);
  if (place.pid !== undefined || (await place.info()) !== undefined) return node;
  const port = await freePort();
  if (!changePort(place.lightningDir, node.port, port)) return node;
  context.onEvent({ event: "port-changed", name: node.name, from: node.port, to: port });
  return { ...node, port };
}

function makeChain(folder: string): ChainFolder {
  const chain = ChainFolder.create(join(folder, CHAIN_FOLDER));
  const missing = FIRST_BLOCKS - chain.chain.tip.height;
  if (missing > 0) chain.mine(missing);
  return chain;
}

async function bringUp(
  network: Network,
  options: StartOptions,
  context: StepContext,
  started: RegtestNode[],
): Promise<void> {
  const { file, nodes } = network;
  const chain = openChain(network);
  const pairs =
    file.channels && options.channels
      ? nodes.slice(1).flatMap((to, index) => {
          const from = nodes[index];
          return from === undefined ? [] : [{ from, to }];
        })
      : [];
  const env = options.env ?? process.env;
  // Without developer mode a node may take 30 s to see a block: it is on until the channels exist.
  const isSlow = !file.developer && !file.isSetUp;
  const flags = isSlow ? DEVELOPER_LINES.map((line) => `--${line}`) : [];
  await startNodes(nodes, flags, env, context, started);
  await untilAtHeight(nodes, chain.chain.tip.height, context);
  const poor = await onlyIf(
    nodes,
    async (node) => !(await hasMoney(node)) && (await channelsOf(node)).length === 0,
  );
  if (poor.length > 0) {
    context.onProgress("funding the wallets");
    await fund(chain, nodes, poor, WALLET_SAT, context);
  }
  const missing = await onlyIf(pairs, async (ends) => !(await hasChannel(ends)));
  if (missing.length > 0) {
    context.onProgress("opening the channels");
    await openChannels(chain, nodes, missing, options.capacitySat, context);
  }
  if (isSlow) {
    context.onProgress("starting the nodes again without developer mode");
    const again = [...started];
    await stopNodes(again, { ...context, onEvent: () => {} });
    started.length = 0;
    await startNodes(again, [], env, { ...context, onEvent: () => {} }, started);
    await untilAtHeight(nodes, chain.chain.tip.height, context);
  }
  context.onProgress("waiting for the channels");
  await Promise.all(pairs.map((ends) => untilReconnected(ends, context)));
}

async function onlyIf<T>(
  all: readonly T[],
  test: (one: T) => Promise<boolean>,
): Promise<readonly T[]> {
  const results = await Promise.all(all.map(test));
  return all.filter((_, index) => results[index]);
}

/** Starts the nodes, all at once. Running ones are left alone. */
async function startNodes(
  nodes: readonly RegtestNode[],
  flags: readonly string[],
  env: NodeJS.ProcessEnv,
  context: StepContext,
  started: RegtestNode[],
): Promise<void> {
  context.onProgress(`starting ${nodes.map(({ name }) => name).join(", ")}`);
  const results = await Promise.allSettled(
    nodes.map((node) => startNode(node, flags, env, context, started)),
  );
  const failed = results.find((result) => result.status === "rejected");
  if (failed !== undefined) throw failed.reason;
  throwIfAborted(context.signal);
}

async function startNode(
  node: RegtestNode,
  flags: readonly string[],
  env: NodeJS.ProcessEnv,
  context: StepContext,
  started: RegtestNode[],
): Promise<void> {
  if ((await node.info()) !== undefined) return;
  const began = performance.now();
  // Something else has started it, and it is not up yet.
  if (node.pid !== undefined) return node.untilUp(undefined, context);
  const child = node.spawn(flags, env);
  try {
    await node.untilUp(child, context);
    started.push(node);
  } catch (error) {
    await kill(child);
    throw error;
  }
  const ms = Math.round(performance.now() - began);
  context.onEvent({ event: "node-started", name: node.name, version: node.version, ms });
}

/**
 * Kills the node and what it has started. It is our own child, so its pid cannot be reused until
 * its exit has been collected.
 */
async function kill(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once("exit", resolve));
  process.kill(-child.pid, "SIGKILL");
  await gone;
}
