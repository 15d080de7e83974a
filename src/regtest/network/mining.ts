/** Blocks, money, reorgs and fee rates. Each step returns when the running nodes have seen it. */
import { accessSync, statfsSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Failure, usageFailure } from "../../errors/failure.js";
import { isObject, type JsonObject } from "../../jsonrpc/json.js";
import { NodeUnreachable, RpcError } from "../../node/rpc/errors.js";
import { addressScript } from "../chain/address.js";
import type { ChainFolder } from "../chain/chain-folder.js";
import type { Feerates } from "../chain/chain-settings.js";
import { regtestCommand } from "../regtest-command.js";
import { type StepContext, throwIfAborted, waitUntil } from "./context.js";
import type { RegtestNode } from "./regtest-node.js";

/**
 * How long a node may make no progress before we give up, in ms: without `--developer` it asks for
 * blocks every 30 s.
 */
const NO_PROGRESS_MS = 45_000;
const AGAIN_MS = 5;
/** How many blocks to mine at a time, while others wait for the chain's lock. */
const BATCH = 50;
/**
 * At its start lightningd reads the last 30 blocks; it cannot go back further (options.c, rescan).
 */
const MAX_REORG = 29;

/**
 * Mines blocks and waits until the nodes have taken them.
 * @param nodes the running ones
 * @param count a whole number of at least 1
 * @returns the height
 * @throws Failure `regtest-behind` if a node has not taken the blocks
 */
export async function mine(
  folder: ChainFolder,
  nodes: readonly RegtestNode[],
  count: number,
  context: StepContext,
): Promise<number> {
  const began = performance.now();
  for (let left = count; left > 0; left -= BATCH) {
    throwIfAborted(context.signal);
    folder.mine(Math.min(left, BATCH));
    // Lets Ctrl-C through between two batches.
    await sleep(0);
  }
  const { height } = folder.chain.tip;
  await untilAtHeight(nodes, height, context);
  const ms = Math.round(performance.now() - began);
  context.onEvent({
    event: "mined",
    height,
    blocks: count,
    nodes: nodes.map(({ name }) => name),
    ms,
  });
  return height;
}

/**
 * Waits until all nodes are at that height.
 * @throws Failure `regtest-behind`, naming the first node that fails to get there
 */
export async function untilAtHeight(
  nodes: readonly RegtestNode[],
  height: number,
  context: StepContext,
): Promise<void> {
  await Promise.all(nodes.map((node) => nodeAtHeight(node, height, context)));
}

async function nodeAtHeight(
  node: RegtestNode,
  height: number,
  context: StepContext,
): Promise<void> {
  let seen = -1;
  let progressAt = Date.now();
  for (;;) {
    // lightningd answers when it has the block, or after a second.
    const isThere = await node
      .call("waitblockheight", { blockheight: height, timeout: 1 }, context)
      .then(
        () => true,
        (error: unknown) => {
          throwIfAborted(context.signal);
          if (error instanceof RpcError || error instanceof NodeUnreachable) return false;
          throw error;
        },
      );
    const info = await node.info();
    const now = Number(info?.blockheight ?? -1);
    if (now >= height) return;
    // getinfo reports the height that gossipd knows (lightningd/peer_control.c): a few ms later.
    if (isThere && info !== undefined) await sleep(AGAIN_MS);
    if (now > seen) progressAt = Date.now();
    seen = now;
    context.onProgress(`${node.name} is at block ${seen} of ${height}`);
    if (info === undefined || Date.now() - progressAt > NO_PROGRESS_MS) {
      throw behind(node, info, height);
    }
  }
}

function behind(node: RegtestNode, info: JsonObject | undefined, height: number): Failure {
  const words = node.lastWords();
  const state =
    info === undefined
      ? "it is no longer running"
      : `it is at block ${info.blockheight}, and has made no progress for ${NO_PROGRESS_MS / 1000} s`;
  return new Failure({
    kind: "regtest-behind",
    what: `${node.name} is not at block ${height}`,
    why: words === undefined ? state : `${state}: ${words}`,
    fix:
      info === undefined
        ? `Start it again: ${regtestCommand("start", dirname(node.lightningDir))}`
        : `See ${node.lightningDir}/log`,
    exitCode: 1,
  });
}

/** Pays `sat` to the wallet of each payee, in one block. */
export async function fund(
  folder: ChainFolder,
  running: readonly RegtestNode[],
  payees: readonly RegtestNode[],
  sat: number,
  context: StepContext,
): Promise<void> {
  const scripts = await Promise.all(
    payees.map(async (node) => {
      const { p2tr, bech32 } = await node.call("newaddr", {}, context);
      return addressScript(String(p2tr ?? bech32));
    }),
  );
  folder.fund(scripts.map((script) => ({ script, sat: BigInt(sat) })));
  await untilAtHeight(running, folder.chain.tip.height, context);
  await Promise.all(
    payees.map((node) =>
      waitUntil(`the money of ${node.name}`, 30_000, context, () => hasMoney(node)),
    ),
  );
  for (const { name } of payees) context.onEvent({ event: "funded", name, sat });
}

/** Whether the node's wallet has a confirmed output. */
export async function hasMoney(node: RegtestNode): Promise<boolean> {
  const { outputs } = await node.call("listfunds");
  const all: readonly unknown[] = Array.isArray(outputs) ? outputs : [];
  return all.some((output) => isObject(output) && output.status === "confirmed");
}

/**
 * Replaces the last `depth` blocks, and waits until the nodes are on the new branch.
 * @throws Failure if it is deeper than nodes can follow
 */
export async function reorganize(
  folder: ChainFolder,
  nodes: readonly RegtestNode[],
  depth: number,
  context: StepContext,
): Promise<void> {
  if (depth > MAX_REORG) {
    throw usageFailure(`a reorg of ${depth} blocks is too deep`, {
      why: `a node that was started recently exits at a reorg of more than ${MAX_REORG} blocks`,
      fix: `Use at most ${MAX_REORG}`,
    });
  }
  const removed = folder.reorganize(depth);
  const { height } = folder.chain.tip;
  await untilAtHeight(nodes, height, context);
  context.onEvent({ event: "reorganized", depth, height, removed });
}

/**
 * Sets fee rates, in sat per 1000 virtual bytes by number of blocks, and waits until the nodes have
 * them.
 */
export async function setFees(
  folder: ChainFolder,
  nodes: readonly RegtestNode[],
  feerates: Feerates,
  context: StepContext,
): Promise<void> {
  folder.set({ feerates });
  context.onProgress("waiting until the nodes have asked for the fee rates");
  await Promise.all(
    nodes.map((node) =>
      waitUntil(`${node.name} to ask for fee rates`, NO_PROGRESS_MS, context, async () => {
        const { perkb } = await node.call("feerates", { style: "perkb" });
        const known = JSON.stringify(perkb);
        return Object.entries(feerates).every(([blocks, rate]) =>
          new RegExp(`"blockcount":${blocks},"feerate":${rate},`).test(known),
        );
      }),
    ),
  );
  const names = nodes.map(({ name }) => name);
  context.onEvent({ event: "fees", feerates: folder.settings.feerates, nodes: names });
}

const TMPFS_MAGIC = 0x01021994;

/**
 * Returns a folder in memory for the network, if that would be faster than its own: nodes write
 * each block to disk.
 */
export function fasterFolder(folder: string): string | undefined {
  try {
    if (statfsSync(folder).type === TMPFS_MAGIC) return undefined;
    accessSync("/dev/shm");
    return statfsSync("/dev/shm").type === TMPFS_MAGIC
      ? join("/dev/shm", basename(folder))
      : undefined;
  } catch {
    return undefined;
  }
}
