/** Channels between nodes of a network. */
import { isObject, type JsonObject } from "../../jsonrpc/json.js";
import { RpcError } from "../../node/rpc/errors.js";
import type { ChainFolder } from "../chain/chain-folder.js";
import { type StepContext, waitUntil } from "./context.js";
import type { RegtestChannel } from "./events.js";
import { mine } from "./mining.js";
import type { RegtestNode } from "./regtest-node.js";

export interface ChannelEnds {
  readonly from: RegtestNode;
  readonly to: RegtestNode;
}

export const DEFAULT_CAPACITY_SAT = 10_000_000;
/** Enough for the channel to be announced to other nodes (BOLT 7). */
const CONFIRMATIONS = 6;
const NORMAL_MS = 60_000;
const CONNECT_MS = 30_000;

/**
 * Connects the first node to the second, unless they are connected.
 * @returns the id of the second
 */
async function connect({ from, to }: ChannelEnds, context: StepContext): Promise<string> {
  const id = await idOf(to);
  const { peers } = await from.call("listpeers", { id });
  const isConnected =
    Array.isArray(peers) && peers.some((peer) => isObject(peer) && peer.connected === true);
  if (isConnected) return id;
  await waitUntil(`${from.name} to connect to ${to.name}`, CONNECT_MS, context, async () => {
    try {
      await from.call("connect", { id, host: "127.0.0.1", port: to.port }, context);
      return true;
    } catch (error) {
      // Both sides may connect at once; one of the two calls then fails.
      if (error instanceof RpcError) return false;
      throw error;
    }
  });
  return id;
}

/**
 * Opens a channel for each pair, with half of the money on either side, and mines until all are
 * usable.
 * @param running every running node: all must see the blocks
 * @throws RpcError, in the node's words: not enough money, for example
 */
export async function openChannels(
  folder: ChainFolder,
  running: readonly RegtestNode[],
  pairs: readonly ChannelEnds[],
  capacitySat: number,
  context: StepContext,
): Promise<readonly RegtestChannel[]> {
  const opened = await Promise.all(
    pairs.map(async (ends) => {
      const id = await connect(ends, context);
      const funding = await fundChannel(ends, id, capacitySat, context);
      return { ends, txid: String(funding.txid) };
    }),
  );
  await mine(folder, running, CONFIRMATIONS, context);
  context.onProgress("waiting for the channels");
  const channels = await Promise.all(
    opened.map(({ ends, txid }) => untilNormal(ends, txid, context)),
  );
  for (const channel of channels) context.onEvent({ event: "channel", ...channel });
  return channels;
}

async function fundChannel(
  { from }: ChannelEnds,
  id: string,
  amount: number,
  context: StepContext,
): Promise<JsonObject> {
  const params = { id, amount, push_msat: Math.floor(amount / 2) * 1000 };
  try {
    return await from.call("fundchannel", params, context);
  } catch (error) {
    // With experimental-dual-fund both sides bring their own money, and nothing can be pushed.
    if (!(error instanceof RpcError) || !/push_msat|push.*dual|dual.*push/i.test(error.message))
      throw error;
    return from.call("fundchannel", { id, amount }, context);
  }
}

/** Waits until both sides can use the channel. */
async function untilNormal(
  { from, to }: ChannelEnds,
  txid: string,
  context: StepContext,
): Promise<RegtestChannel> {
  const look = (node: RegtestNode) => async () => {
    const channel = (await channelsOf(node)).find(({ funding_txid }) => funding_txid === txid);
    return channel?.state === "CHANNELD_NORMAL" && channel;
  };
  const [channel] = await Promise.all(
    [from, to].map((node) =>
      waitUntil(
        `the channel from ${from.name} to ${to.name} on ${node.name}`,
        NORMAL_MS,
        context,
        look(node),
      ),
    ),
  );
  return {
    from: from.name,
    to: to.name,
    shortChannelId: String(channel?.short_channel_id),
    capacitySat: satOf(channel?.total_msat),
  };
}

/**
 * Lists every usable channel that one of the running nodes has opened.
 * @param all includes the stopped nodes: a channel may be with one of them
 */
export async function listChannels(
  running: readonly RegtestNode[],
  all: readonly RegtestNode[],
): Promise<readonly RegtestChannel[]> {
  const ids = await Promise.all(running.map(idOf));
  const named = new Map([
    ...all.map(({ knownId, name }) => [knownId ?? "", name] as const),
    ...running.map(({ name }, index) => [ids[index] ?? "", name] as const),
  ]);
  const lists = await Promise.all(
    running.map(async (node) =>
      (await channelsOf(node))
        .filter(({ opener, state }) => opener === "local" && state === "CHANNELD_NORMAL")
        .map((channel) => ({
          from: node.name,
          to: named.get(String(channel.peer_id)) ?? String(channel.peer_id),
          shortChannelId: String(channel.short_channel_id),
          capacitySat: satOf(channel.total_msat),
        })),
    ),
  );
  return lists.flat();
}

/** Whether there is a channel between them that is in use or being opened. */
export async function hasChannel({ from, to }: ChannelEnds): Promise<boolean> {
  const id = await idOf(to);
  const isOver = /ONCHAIN|CLOSED|CLOSING|SHUTTING_DOWN|FUNDING_SPEND_SEEN|AWAITING_UNILATERAL/;
  return (await channelsOf(from)).some(
    ({ peer_id, state }) => peer_id === id && !isOver.test(String(state)),
  );
}

/** Waits until existing channels are usable again after a restart. */
export async function untilReconnected(ends: ChannelEnds, context: StepContext): Promise<void> {
  const id = await connect(ends, context);
  await waitUntil(
    `the channel from ${ends.from.name} to ${ends.to.name}`,
    CONNECT_MS,
    context,
    async () =>
      (await channelsOf(ends.from))
        .filter(({ peer_id, state }) => peer_id === id && state === "CHANNELD_NORMAL")
        .every(({ peer_connected }) => peer_connected === true),
  );
}

/** The channels of a node, by `listpeerchannels`. */
export async function channelsOf(node: RegtestNode): Promise<readonly JsonObject[]> {
  const { channels } = await node.call("listpeerchannels");
  return Array.isArray(channels) ? channels.filter(isObject) : [];
}

export async function idOf(node: RegtestNode): Promise<string> {
  return node.knownId ?? String((await node.call("getinfo")).id);
}

function satOf(msat: unknown): number {
  return Math.floor(Number(msat) / 1000);
}
