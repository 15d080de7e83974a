/**
 * The hooks and notifications that lightningd v26.06.6 itself has. Used by the manifest's rules, and
 * by the embedded node, which can raise them.
 */

/** What a hook's `filters` may hold, if anything (lightningd/plugin_hook.h REGISTER_PLUGIN_HOOK*). */
export type HookFilter = "none" | "strings" | "integers";

/** Every hook, with the kind of filter that it allows. */
export const HOOKS: ReadonlyMap<string, HookFilter> = new Map([
  ["commitment_revocation", "none"],
  ["custommsg", "integers"],
  ["db_write", "none"],
  ["htlc_accepted", "none"],
  ["invoice_payment", "none"],
  ["onion_message_recv", "none"],
  ["onion_message_recv_secret", "none"],
  ["openchannel", "none"],
  ["openchannel2", "none"],
  ["openchannel2_changed", "none"],
  ["openchannel2_sign", "none"],
  ["peer_connected", "none"],
  ["rbf_channel", "none"],
  ["recover", "none"],
  ["rpc_command", "strings"],
]);

/** Every notification that lightningd itself sends (lightningd/notification.c REGISTER_NOTIFICATION). */
export const NOTIFICATIONS: ReadonlySet<string> = new Set([
  "balance_snapshot",
  "block_added",
  "channel_open_failed",
  "channel_opened",
  "channel_state_changed",
  "coin_movement",
  "connect",
  "custommsg",
  "deprecated_oneshot",
  "disconnect",
  "forward_event",
  "invoice_creation",
  "invoice_payment",
  "log",
  "onionmessage_forward_fail",
  "openchannel_peer_sigs",
  "plugin_started",
  "plugin_stopped",
  "sendpay_failure",
  "sendpay_success",
  "shutdown",
  "warning",
]);
