/** A regtest network for programs: real nodes for testing a plugin. */
import { rmSync } from "node:fs";
import { makeTemporaryFolder } from "../filesystem/temporary-folder.js";
import { OWNER_VARIABLE } from "../regtest/backend/backend-files.js";
import { DEFAULT_CAPACITY_SAT, openChannels } from "../regtest/network/channels.js";
import type { StepContext } from "../regtest/network/context.js";
import type { RegtestChannel, RegtestEvent, RegtestNodeFacts } from "../regtest/network/events.js";
import { networkFolder } from "../regtest/network/folder.js";
import { fund, mine, reorganize, setFees } from "../regtest/network/mining.js";
import {
  answeringNode,
  answeringNodes,
  type Network,
  openChain,
  openNetwork,
  removeNetwork,
  stopNodes,
} from "../regtest/network/network.js";
import { configLine } from "../regtest/network/node-config.js";
import { DEFAULT_PAYMENT_MSAT, pay, type RegtestPayment } from "../regtest/network/payments.js";
import { startNetwork, WALLET_SAT } from "../regtest/network/start.js";
import { ownIdentity } from "../regtest/process-identity.js";
import { type LightningNode, locateNode } from "./lightning-node.js";

export interface RegtestOptions {
  /** How many nodes to start, each with a channel to the next. Default: 2. */
  readonly nodes?: number;
  /**
   * The network's folder. `close` stops the nodes, and keeps the folder. Default: a private
   * temporary folder, which `close` removes.
   */
  readonly dir?: string;
  /** The path or name of lightningd: one for all nodes, or one for each node by its name. */
  readonly lightningd?: string | { readonly [name: string]: string };
  /** The capacity of each channel in sat, half of it on either side. Default: 10,000,000. */
  readonly capacitySat?: number;
  /** Whether to open channels between the nodes. Default: true. */
  readonly channels?: boolean;
  /**
   * Whether the nodes run in lightningd's developer mode. Without it, they see a new block after up
   * to 30 s instead of at once. Default: true.
   */
  readonly developer?: boolean;
  /** Further lightningd options, each as `--name` or `--name=value`. */
  readonly options?: readonly string[];
  /** The environment of the nodes and their plugins. Default: that of this process. */
  readonly env?: NodeJS.ProcessEnv;
  /** Cancels the start, and later calls other than `close`. */
  readonly signal?: AbortSignal;
  /** Called with the event of each step. */
  readonly onEvent?: (event: RegtestEvent) => void;
}

export interface RegtestNetworkNode extends LightningNode {
  /** `l1`, `l2`, ... */
  readonly name: string;
  readonly id: string;
  /** The port on 127.0.0.1 where the node listens for peers. */
  readonly port: number;
}

/** A node, or its name such as `l1`. */
export type NodeOrName = string | { readonly name: string };

export interface RegtestNetwork extends AsyncDisposable {
  readonly dir: string;
  readonly nodes: readonly RegtestNetworkNode[];
  /**
   * Mines blocks (default: 1). Resolves to the new height once all running nodes have reached it.
   */
  mine(blocks?: number): Promise<number>;
  /** Pays `sat` (default: 100,000,000) to a node's wallet, and mines the block that confirms it. */
  fund(node: NodeOrName, sat?: number): Promise<void>;
  /**
   * Opens another channel and mines until both nodes can use it.
   * @param sat its capacity, half of it on either side. Default: 10,000,000
   */
  open(from: NodeOrName, to: NodeOrName, sat?: number): Promise<RegtestChannel>;
  /**
   * Pays an invoice of `to`, or pays without an invoice if `keysend` is set.
   * @param msat the amount. Default: 1,000,000
   * @throws RpcError if the payment fails
   */
  pay(
    from: NodeOrName,
    to: NodeOrName,
    msat?: number,
    how?: { readonly keysend?: boolean },
  ): Promise<RegtestPayment>;
  /**
   * Replaces the last blocks with a branch that is one block longer. Their transactions are mined
   * again.
   * @param depth how many blocks to replace, at most 29
   */
  reorg(depth: number): Promise<void>;
  /**
   * Sets fee rates and waits until the nodes have them.
   * @param feerates the rates in sat per 1000 virtual bytes, by number of blocks
   */
  fees(feerates: { readonly [blocks: number]: number }): Promise<void>;
  /** Stops all nodes, and removes the folder unless `dir` was set. Safe to call more than once. */
  close(): Promise<void>;
}

/**
 * Starts real nodes with money and channels. They end when this process ends, however it ends.
 * @throws Failure if, for example, lightningd is missing or a node does not start
 */
export async function startRegtest(options: RegtestOptions = {}): Promise<RegtestNetwork> {
  const { lightningd, nodes: count = 2, signal } = options;
  const isOurs = options.dir === undefined;
  const made = options.dir ?? makeTemporaryFolder("cln-dev-regtest-");
  const context: StepContext = {
    onEvent: options.onEvent ?? (() => {}),
    onProgress: () => {},
    signal,
  };
  try {
    const folder = networkFolder(made);
    const ready = await startNetwork(
      {
        folder,
        count,
        ...(typeof lightningd === "string" ? { lightningd } : {}),
        ...(typeof lightningd === "object"
          ? { lightningdOf: new Map(Object.entries(lightningd)) }
          : {}),
        capacitySat: options.capacitySat ?? DEFAULT_CAPACITY_SAT,
        channels: options.channels ?? true,
        developer: options.developer ?? true,
        lines: (options.options ?? []).map(configLine),
        env: { ...(options.env ?? process.env), [OWNER_VARIABLE]: ownIdentity() },
      },
      context,
    );
    return handleOf(openNetwork(folder), ready.nodes, isOurs, context);
  } catch (error) {
    if (isOurs) rmSync(made, { recursive: true, force: true });
    throw error;
  }
}

function handleOf(
  network: Network,
  facts: readonly RegtestNodeFacts[],
  isOurs: boolean,
  context: StepContext,
): RegtestNetwork {
  const chain = openChain(network);
  const named = (node: NodeOrName) =>
    answeringNode(network, typeof node === "string" ? node : node.name);
  const unlimited = { ...context, signal: undefined };
  let closing: Promise<void> | undefined;
  const close = () => {
    closing ??= isOurs
      ? removeNetwork(network.folder, unlimited)
      : stopNodes(network.nodes, unlimited);
    return closing;
  };
  return {
    dir: network.folder,
    nodes: facts.map(({ name, id, port, lightningDir }) => ({
      ...locateNode({ lightningDir }),
      name,
      id,
      port,
    })),
    mine: async (blocks = 1) => mine(chain, await answeringNodes(network), blocks, context),
    fund: async (node, sat = WALLET_SAT) =>
      fund(chain, await answeringNodes(network), [await named(node)], sat, context),
    open: async (from, to, sat = DEFAULT_CAPACITY_SAT) => {
      const ends = { from: await named(from), to: await named(to) };
      const [channel] = await openChannels(
        chain,
        await answeringNodes(network),
        [ends],
        sat,
        context,
      );
      if (channel === undefined) throw new Error("no channel");
      return channel;
    },
    pay: async (from, to, msat = DEFAULT_PAYMENT_MSAT, { keysend = false } = {}) =>
      pay(
        await answeringNodes(network),
        await named(from),
        await named(to),
        msat,
        keysend,
        context,
      ),
    reorg: async (depth) => reorganize(chain, await answeringNodes(network), depth, context),
    fees: async (feerates) => setFees(chain, await answeringNodes(network), feerates, context),
    close,
    [Symbol.asyncDispose]: close,
  };
}
