/**
 * An example of the params of each hook, with the fields, their order and their types as lightningd
 * v26.06.6 calls it (the *_serialize functions in lightningd/, doc/schemas/hook).
 */

import type { NodeContext } from "../node-context.js";
import type { JsonRecord } from "../rpc/json-text.js";
import {
  CHANNEL_ID,
  FAR,
  FEATURES,
  FUNDING_TXID,
  PAYMENT_HASH,
  PEER,
  PREIMAGE,
  PSBT,
  SCID,
  SECRET,
} from "./example-values.js";

export interface HookExample {
  params(node: NodeContext): JsonRecord;
}

const CHANNEL_TYPE: JsonRecord = {
  bits: [12, 22],
  names: ["static_remotekey/even", "anchors/even"],
};

const ONION_MESSAGE: JsonRecord = {
  reply_blindedpath: {
    first_node_id: PEER,
    first_path_key: FAR,
    hops: [{ blinded_node_id: FAR, encrypted_recipient_data: "0a".repeat(24) }],
  },
  invoice_request: `00${"1f".repeat(40)}`,
  unknown_fields: [],
};

const EXAMPLES: Readonly<Record<string, HookExample>> = {
  commitment_revocation: {
    params: () => ({
      commitment_txid: FUNDING_TXID,
      penalty_tx: `0200000001${"3b".repeat(32)}000000000000000000000000000000`,
      channel_id: CHANNEL_ID,
      commitnum: 21,
    }),
  },
  custommsg: {
    params: () => ({ payload: "1337ffffffff", peer_id: PEER }),
  },
  db_write: {
    params: () => ({ data_version: 42, writes: ["PRAGMA foreign_keys = ON"] }),
  },
  htlc_accepted: {
    params: (node) => ({
      peer_id: PEER,
      onion: {
        payload: `2e020227100401${"0a".repeat(39)}`,
        type: "tlv",
        forward_msat: 10000,
        outgoing_cltv_value: node.chain.height + 10,
        total_msat: 10000,
        payment_secret: SECRET,
        next_onion: `00${"02".repeat(32)}`,
        shared_secret: SECRET,
      },
      htlc: {
        short_channel_id: SCID,
        id: 0,
        amount_msat: 10000,
        cltv_expiry: node.chain.height + 16,
        cltv_expiry_relative: 16,
        payment_hash: PAYMENT_HASH,
      },
    }),
  },
  invoice_payment: {
    params: () => ({
      payment: { label: "example-invoice", preimage: PREIMAGE, msat: 10000, extratlvs: [] },
    }),
  },
  onion_message_recv: {
    params: () => ({ onion_message: ONION_MESSAGE }),
  },
  onion_message_recv_secret: {
    params: () => ({ onion_message: { pathsecret: SECRET, ...ONION_MESSAGE } }),
  },
  openchannel: {
    params: () => ({
      openchannel: {
        id: PEER,
        funding_msat: 1000000000,
        push_msat: 0,
        dust_limit_msat: 546000,
        max_htlc_value_in_flight_msat: 18446744073709551615n,
        channel_reserve_msat: 10000000,
        htlc_minimum_msat: 0,
        feerate_per_kw: 7500,
        to_self_delay: 6,
        max_accepted_htlcs: 483,
        channel_flags: 1,
        channel_type: CHANNEL_TYPE,
      },
    }),
  },
  openchannel2: {
    params: () => ({
      openchannel2: {
        id: PEER,
        channel_id: CHANNEL_ID,
        their_funding_msat: 1000000000,
        dust_limit_msat: 546000,
        max_htlc_value_in_flight_msat: 18446744073709551615n,
        htlc_minimum_msat: 0,
        funding_feerate_per_kw: 7500,
        commitment_feerate_per_kw: 7500,
        feerate_our_max: 10000,
        feerate_our_min: 253,
        to_self_delay: 6,
        max_accepted_htlcs: 483,
        channel_flags: 1,
        locktime: 0,
        channel_max_msat: 16777215000,
        require_confirmed_inputs: false,
        channel_type: CHANNEL_TYPE,
      },
    }),
  },
  openchannel2_changed: {
    params: () => ({
      openchannel2_changed: {
        psbt: PSBT,
        channel_id: CHANNEL_ID,
        require_confirmed_inputs: false,
      },
    }),
  },
  openchannel2_sign: {
    params: () => ({ openchannel2_sign: { psbt: PSBT, channel_id: CHANNEL_ID } }),
  },
  peer_connected: {
    params: () => ({
      peer: { id: PEER, direction: "in", addr: "127.0.0.1:38012", features: FEATURES },
    }),
  },
  rbf_channel: {
    params: () => ({
      rbf_channel: {
        id: PEER,
        channel_id: CHANNEL_ID,
        their_last_funding_msat: 1000000000,
        their_funding_msat: 1000000000,
        our_last_funding_msat: 0,
        locktime: 0,
        feerate_our_max: 10000,
        feerate_our_min: 253,
        funding_feerate_per_kw: 9000,
        channel_max_msat: 16777215000,
        require_confirmed_inputs: false,
      },
    }),
  },
  recover: {
    params: () => ({
      codex32: "cl10leetsd35kw6r5de5kueedxgqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq",
    }),
  },
  rpc_command: {
    params: () => ({
      rpc_command: { jsonrpc: "2.0", id: "example", method: "getinfo", params: {} },
    }),
  },
};

export function hookExample(hook: string): HookExample | undefined {
  return EXAMPLES[hook];
}
