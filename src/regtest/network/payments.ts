/** Payments from one node to another, made as a user of the nodes would make them. */
import { isObject } from "../../jsonrpc/json.js";
import { channelsOf, hasChannel, idOf } from "./channels.js";
import { type StepContext, waitUntil } from "./context.js";
import type { RegtestNode } from "./regtest-node.js";

export const DEFAULT_PAYMENT_MSAT = 1_000_000;
const GOSSIP_MS = 90_000;
const PAY_MS = 120_000;

export interface RegtestPayment {
  readonly msat: number;
  readonly feeMsat: number;
  readonly preimage: string;
}

/**
 * Pays an invoice, or pays without one (keysend).
 * @param nodes all running nodes: a payer without a channel to the payee must learn of theirs first
 * @throws RpcError, in the node's words, if the payment fails
 */
export async function pay(
  nodes: readonly RegtestNode[],
  from: RegtestNode,
  to: RegtestNode,
  msat: number,
  keysend: boolean,
  context: StepContext,
): Promise<RegtestPayment> {
  const began = performance.now();
  if (!(await hasChannel({ from, to }))) await untilGossip(nodes, from, context);
  context.onProgress(`paying ${msat} msat from ${from.name} to ${to.name}`);
  const options = { timeoutMs: PAY_MS, signal: context.signal };
  const result = keysend
    ? await from.call("keysend", { destination: await idOf(to), amount_msat: msat }, options)
    : await from.call("pay", { bolt11: await invoice(to, msat) }, options);
  const paid = {
    msat: Number(result.amount_msat),
    feeMsat: Number(result.amount_sent_msat) - Number(result.amount_msat),
    preimage: String(result.payment_preimage),
  };
  const ms = Math.round(performance.now() - began);
  context.onEvent({ event: "paid", from: from.name, to: to.name, ...paid, ms });
  return paid;
}

async function invoice(node: RegtestNode, msat: number): Promise<string> {
  const label = `cln-dev regtest ${Date.now()} ${process.pid} ${Math.random()}`;
  const made = await node.call("invoice", {
    amount_msat: msat,
    label,
    description: "cln-dev regtest pay",
  });
  return String(made.bolt11);
}

/** Waits until the payer knows both directions of every public channel in use. */
async function untilGossip(
  nodes: readonly RegtestNode[],
  from: RegtestNode,
  context: StepContext,
): Promise<void> {
  const lists = await Promise.all(nodes.map(channelsOf));
  const wanted = new Set(
    lists
      .flat()
      .filter((channel) => channel.state === "CHANNELD_NORMAL" && channel.private !== true)
      .filter((channel) => channel.peer_connected === true)
      .map((channel) => String(channel.short_channel_id)),
  );
  context.onProgress(`waiting until ${from.name} knows the channels`);
  await waitUntil(`${from.name} to learn of the channels`, GOSSIP_MS, context, async () => {
    const { channels } = await from.call("listchannels");
    const known = (Array.isArray(channels) ? channels : []).filter(isObject);
    return [...wanted].every(
      (scid) => known.filter(({ short_channel_id }) => short_channel_id === scid).length === 2,
    );
  });
}
