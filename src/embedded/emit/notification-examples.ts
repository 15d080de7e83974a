/**
 * An example payload for each notification, with the fields, their order and their types as
 * lightningd v26.06.6 sends them (lightningd/notification.c, doc/schemas/notification).
 */

import type { NodeContext } from "../node-context.js";
import type { JsonRecord } from "../rpc/json-text.js";
import {
  BLOCK_HASH,
  CHANNEL_ID,
  FAR,
  FUNDING_TXID,
  OTHER_SCID,
  PAYMENT_HASH,
  PEER,
  PREIMAGE,
  PSBT,
  SCID,
  TIME,
} from "./example-values.js";

export interface NotificationExample {
  /** The plugin of a real node that sends it; undefined for lightningd itself. */
  readonly origin: string | undefined;
  /**
   * It is sent in its old form as well, until v26.09: under `payload`, by itself (an empty text) or
   * under this name (plugins/libplugin-pay.c).
   */
  readonly oldName?: string;
  payload(node: NodeContext): JsonRecord;
}

const PAYMENT_IDS: JsonRecord = {
  created_index: 1,
  id: 1,
  payment_hash: PAYMENT_HASH,
  groupid: 1,
};

const PAYMENT_PARTS: JsonRecord = {
  destination: FAR,
  amount_msat: 100000000,
  amount_sent_msat: 100001001,
  created_at: TIME,
};

const TIMESTAMP = new Date(TIME * 1000).toISOString();

const NATIVE: Readonly<Record<string, (node: NodeContext) => JsonRecord>> = {
  balance_snapshot: (node) => ({
    node_id: node.identity.id,
    blockheight: node.chain.height,
    timestamp: TIME,
    accounts: [
      { account_id: "wallet", balance_msat: 1000000000, coin_type: coinType(node) },
      { account_id: CHANNEL_ID, balance_msat: 500000000, coin_type: coinType(node) },
    ],
  }),
  block_added: (node) => ({ hash: BLOCK_HASH, height: node.chain.height + 1 }),
  channel_open_failed: () => ({ channel_id: CHANNEL_ID }),
  channel_opened: () => ({
    id: PEER,
    funding_msat: 1000000000,
    funding_txid: FUNDING_TXID,
    channel_ready: false,
  }),
  channel_state_changed: () => ({
    peer_id: PEER,
    channel_id: CHANNEL_ID,
    short_channel_id: SCID,
    timestamp: TIMESTAMP,
    old_state: "CHANNELD_AWAITING_LOCKIN",
    new_state: "CHANNELD_NORMAL",
    cause: "remote",
    message: "Lockin complete",
  }),
  coin_movement: (node) => ({
    version: 2,
    coin_type: coinType(node),
    node_id: node.identity.id,
    type: "channel_mvt",
    created_index: 1,
    account_id: CHANNEL_ID,
    credit_msat: 10000,
    debit_msat: 0,
    timestamp: TIME,
    tags: ["invoice"],
    primary_tag: "invoice",
    extra_tags: [],
    payment_hash: PAYMENT_HASH,
    fees_msat: 0,
  }),
  connect: () => ({
    id: PEER,
    direction: "in",
    address: { type: "ipv4", address: "127.0.0.1", port: 38012 },
  }),
  custommsg: () => ({ peer_id: PEER, payload: "1337ffffffff" }),
  deprecated_oneshot: () => ({ deprecated_ok: false }),
  disconnect: () => ({ id: PEER }),
  forward_event: () => ({
    updated_index: 1,
    payment_hash: PAYMENT_HASH,
    in_channel: SCID,
    in_htlc_id: 0,
    out_channel: OTHER_SCID,
    in_msat: 100001001,
    out_msat: 100000000,
    fee_msat: 1001,
    status: "settled",
    style: "tlv",
    received_time: TIME + 0.368,
    resolved_time: TIME + 0.556,
    preimage: PREIMAGE,
  }),
  invoice_creation: () => ({ msat: 10000, preimage: PREIMAGE, label: "example-invoice" }),
  invoice_payment: () => ({ msat: 10000, preimage: PREIMAGE, label: "example-invoice" }),
  log: () => ({
    level: "info",
    time: `${TIME}.565342521`,
    timestamp: TIMESTAMP,
    source: "lightningd",
    log: "An example line",
  }),
  onionmessage_forward_fail: () => ({
    source: PEER,
    incoming: `0002${"d3".repeat(64)}`,
    path_key: FAR,
    outgoing: `0201${"02".repeat(64)}`,
    next_node_id: FAR,
  }),
  openchannel_peer_sigs: () => ({ channel_id: CHANNEL_ID, signed_psbt: PSBT }),
  plugin_started: () => ({
    plugin_name: "example.py",
    plugin_path: "/path/to/example.py",
    methods: ["example"],
  }),
  plugin_stopped: () => ({
    plugin_name: "example.py",
    plugin_path: "/path/to/example.py",
    methods: ["example"],
  }),
  sendpay_failure: () => ({
    code: 204,
    message: "failed: WIRE_UNKNOWN_NEXT_PEER (reply from remote)",
    data: {
      ...PAYMENT_IDS,
      ...PAYMENT_PARTS,
      status: "failed",
      erring_index: 1,
      failcode: 16394,
      failcodename: "WIRE_UNKNOWN_NEXT_PEER",
      erring_node: PEER,
      erring_channel: SCID,
      erring_direction: 0,
      raw_message: "400a",
    },
  }),
  sendpay_success: () => ({
    ...PAYMENT_IDS,
    updated_index: 1,
    ...PAYMENT_PARTS,
    completed_at: TIME + 2,
    status: "complete",
    payment_preimage: PREIMAGE,
  }),
  shutdown: () => ({}),
  warning: () => ({
    level: "warn",
    time: `${TIME}.565342521`,
    timestamp: TIMESTAMP,
    source: `${PEER}-chan#1`,
    log: "Peer transient failure in CHANNELD_NORMAL: an example",
  }),
};

/** What the plugins send that come with lightningd: they say so themselves, in `origin`. */
const OF_PLUGINS: Readonly<
  Record<string, { origin: string; oldName?: string; payload: JsonRecord }>
> = {
  channel_hint_update: {
    origin: "pay",
    oldName: "channel_hint",
    payload: {
      timestamp: TIME,
      scid: `${SCID}/0`,
      estimated_capacity_msat: 100000000,
      total_capacity_msat: 1000000000,
      enabled: true,
    },
  },
  pay_failure: {
    origin: "pay",
    oldName: "",
    payload: {
      payment_hash: PAYMENT_HASH,
      bolt11: "lnbcrt1example",
      error: { message: "Ran out of routes to try after 1 attempt: see `paystatus`" },
    },
  },
  pay_part_end: {
    origin: "cln-xpay",
    payload: {
      status: "success",
      duration: 0.220209189,
      payment_hash: PAYMENT_HASH,
      groupid: 1,
      partid: 1,
    },
  },
  pay_part_start: {
    origin: "cln-xpay",
    payload: {
      payment_hash: PAYMENT_HASH,
      groupid: 1,
      partid: 1,
      total_payment_msat: 5000000,
      attempt_msat: 5000000,
      hops: [
        {
          next_node: FAR,
          short_channel_id: OTHER_SCID,
          direction: 1,
          channel_in_msat: 5000000,
          channel_out_msat: 5000000,
        },
      ],
    },
  },
  pay_success: {
    origin: "pay",
    oldName: "",
    payload: { payment_hash: PAYMENT_HASH, bolt11: "lnbcrt1example" },
  },
};

export function notificationExample(topic: string): NotificationExample | undefined {
  const payload = NATIVE[topic];
  if (payload !== undefined) return { origin: undefined, payload };
  const ofPlugin = OF_PLUGINS[topic];
  return ofPlugin && { ...ofPlugin, payload: () => ofPlugin.payload };
}

export const NOTIFICATION_TOPICS: readonly string[] = [
  ...Object.keys(NATIVE),
  ...Object.keys(OF_PLUGINS),
].sort();

/** What addresses begin with: how lightningd names the coin. */
function coinType(node: NodeContext): string {
  const names = new Map([
    ["bitcoin", "bc"],
    ["regtest", "bcrt"],
    ["signet", "tbs"],
  ]);
  return names.get(node.network) ?? "tb";
}
