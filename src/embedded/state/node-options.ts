/**
 * The options of the node itself with the defaults of lightningd v26.06.6 on regtest, in the order in
 * which `listconfigs` shows them. Most have no effect here: they are there because a plugin may ask,
 * and may not take their names.
 */
import type { ConfigVars, NodeOption } from "./config-vars.js";

/** `<name> <type> [default]`; `*` marks a multi option, `!` one that setconfig can change. */
const OPTIONS = `
  developer flag
  lightning-dir string
  network string
  testnet flag
  testnet4 flag
  signet flag
  mainnet flag
  regtest flag
  rpc-file string lightning-rpc
  allow-deprecated-apis bool true
  plugin string*
  plugin-dir string*
  clear-plugins flag
  disable-plugin string*
  important-plugin string*
  always-use-proxy bool false
  daemon flag
  experimental-dual-fund flag
  experimental-splicing flag
  experimental-shutdown-wrong-funding flag
  rgb string
  alias string
  pid-file string
  ignore-fee-limits bool true
  watchtime-blocks int 6
  funding-confirms int 1
  require-confirmed-inputs bool false
  cltv-delta int 6
  cltv-final int 10
  commit-time int 10
  fee-base int 1
  rescan int 30
  fee-per-satoshi int 10
  htlc-minimum-msat msat 0
  htlc-maximum-msat msat 18446744073709551615
  max-concurrent-htlcs int 483
  max-dust-htlc-exposure-msat msat 50000000
  min-capacity-sat int! 10000
  addr string*
  bind-addr string*
  announce-addr string*
  announce-addr-discovered string auto
  announce-addr-discovered-port int 19846
  offline flag
  autolisten bool false
  accept-htlc-tlv-type int*
  disable-dns flag
  hsm-passphrase flag
  rpc-file-mode string 0600
  commit-fee int 100
  commit-feerate-offset int 5
  min-emergency-msat msat 25000000
  subdaemon string*
  invoices-onchain-fallback flag
  i-promise-to-fix-broken-api-user string*
  log-level string info
  log-timestamps bool true
  log-file string*
  payment-fronting-node string*
  message-padding bool false
  autoconnect-seeker-peers int 0
`;

/** Those that are shown only when they are set. */
const UNSHOWN = `
  bookkeeper-db bookkeeper-dir conf database-upgrade encrypted-hsm experimental-peer-storage
  force-feerates help large-channels list-features-only log-prefix proxy recover
  test-daemons-only tor-service-password version wallet wumbo
  dev-allow-localhost dev-allow-shutdown-destination-change dev-allowdustreserve
  dev-any-channel-type dev-bitcoind-poll dev-builtin-plugins-unimportant dev-crash-after
  dev-debug-self dev-debugger dev-disable-commit-after dev-disconnect
  dev-fail-on-subdaemon-fail dev-fail-process-onionpacket dev-fast-gossip
  dev-fast-gossip-prune dev-fast-reconnect dev-fd-limit-multiplier dev-force-bip32-seed
  dev-force-channel-secrets dev-force-features dev-force-privkey dev-force-tmp-channel-id
  dev-handshake-no-reply dev-hsmd-fail-preapprove dev-hsmd-no-preapprove-check dev-keep-nagle
  dev-limit-connections-inflight dev-low-prio-anchor-blocks dev-max-fee-multiplier
  dev-max-funding-unconfirmed-blocks dev-no-htlc-timeout dev-no-modern-onion
  dev-no-ping-timer dev-no-plugin-checksum dev-no-reconnect dev-no-reconnect-private
  dev-no-version-checks dev-onion-reply-length dev-save-plugin-io dev-strict-forwarding
  dev-throttle-gossip dev-timeout-secs dev-warn-on-overgrind
`;

export function addNodeOptions(configs: ConfigVars): void {
  for (const line of OPTIONS.trim().split("\n")) {
    const [name = "", kind = "", value] = line.trim().split(" ");
    const type = kind.replace(/[*!]$/, "") as NodeOption["type"];
    const [multi, dynamic] = [kind.endsWith("*"), kind.endsWith("!")];
    configs.addOption({ ...OWN, name, type, default: value, multi, dynamic });
  }
  for (const name of UNSHOWN.trim().split(/\s+/)) configs.addOption({ ...OWN, name });
}

const OWN: Omit<NodeOption, "name"> = {
  type: "string",
  description: "",
  default: undefined,
  multi: false,
  dynamic: false,
  deprecated: undefined,
  plugin: undefined,
};
