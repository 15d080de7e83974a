/** A regtest network for programs: real nodes for the tests of a plugin. */
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
  /** How many nodes, each with a channel to the next one. Default: 2. */
  readonly nodes?: number;
  /**
   * Default: a private temporary folder, removed by `close`. A given folder stays, with its nodes
   * stopped.
   */
  readonly dir?: string;
  /** The path or name of lightningd: for all nodes, or by the name of the node. */
  readonly lightningd?: string | { readonly [name: string]: string };
  /** The capacity of each channel; half of it is on either side. Default: 10,000,000. */
  readonly capacitySat?: number;
  /** `false` for no channels. */
  readonly channels?: boolean;
  /**
   * `false` for nodes without lightningd's developer mode: they see a block after up to 30 s
   * instead of at once.
   */
  readonly developer?: boolean;
  /** Further options of lightningd, each as `--name` or `--name=value`. */
  readonly options?: readonly string[];
  /** The environment of the nodes and their plugins. Default: that of this process. */
  readonly env?: NodeJS.ProcessEnv;
  /** Cancels what is under way. */
  readonly signal?: AbortSignal;
  /** Called with each step. */
  readonly onEvent?: (event: RegtestEvent) => void;
}

export interface RegtestNetworkNode extends LightningNode {
  /** `l1`, `l2`, ... */
  readonly name: string;
  readonly id: string;
  /** Where it listens for peers, on 127.0.0.1. */
  readonly port: number;
}

/** A node or its name: `l1`. */
export type NodeOrName = string | { readonly name: string };

export interface RegtestNetwork extends AsyncDisposable {
  readonly dir: string;
  readonly nodes: readonly RegtestNetworkNode[];
  /** Mines blocks (default: 1). Resolves with the height when all running nodes have them. */
  mine(blocks?: number): Promise<number>;
  /** Pays to the wallet of a node (default: 100,000,000 sat), in a block. */
  fund(node: NodeOrName, sat?: number): Promise<void>;
  /** Opens one more channel, half of it on either side, and mines until both can use it. */
  open(from: NodeOrName, to: NodeOrName, sat?: number): Promise<RegtestChannel>;
  /** Pays an invoice, or with `keysend` pays without one. @throws RpcError if it failed */
  pay(
    from: NodeOrName,
    to: NodeOrName,
    msat?: number,
    how?: { readonly keysend?: boolean },
  ): Promise<RegtestPayment>;
  /** Replaces this many blocks with one more; their transactions are mined again. At most 29. */
  reorg(depth: number): Promise<void>;
  /** Sets fee rates: sat per 1000 virtual bytes, by number of blocks. */
  fees(feerates: { readonly [blocks: number]: number }): Promise<void>;
  /** Ends all nodes, and removes the folder unless it was given. Safe to call more than once. */
  close(): Promise<void>;
}

/**
 * Starts real nodes with money and channels. They end with this process, whatever happens to it.
 * @throws Failure if there is no lightningd, a node does not start, ...
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
