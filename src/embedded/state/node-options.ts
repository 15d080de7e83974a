/**
 * The options of the node itself, with the defaults of lightningd v26.06.6 on regtest, in the order
 * of `listconfigs`. Most have no effect here. They exist because a plugin may ask for them, and
 * must not reuse their names.
 */
import { NATIVE_OPTIONS } from "../../plugin/release.js";
import type { ConfigVars, NodeOption } from "./config-vars.js";

/** `<name> <type> [default]`. `*` marks a multi option, `!` one that setconfig can change. */
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

/** Registers the node's own options. */
export function addNodeOptions(configs: ConfigVars): void {
  for (const line of OPTIONS.trim().split("\n")) {
    const [name = "", kind = "", value] = line.trim().split(" ");
    const type = TYPES.find((known) => known === kind.replace(/[*!]$/, "")) ?? "string";
    const [multi, dynamic] = [kind.endsWith("*"), kind.endsWith("!")];
    configs.addOption({ ...OWN, name, type, default: value, multi, dynamic });
  }
  // `listconfigs` shows the others only if they are set.
  for (const name of NATIVE_OPTIONS) {
    if (configs.option(name) === undefined) configs.addOption({ ...OWN, name });
  }
}

const TYPES = ["string", "bool", "int", "msat", "flag"] as const;

const OWN: Omit<NodeOption, "name"> = {
  type: "string",
  description: "",
  default: undefined,
  multi: false,
  dynamic: false,
  deprecated: undefined,
  plugin: undefined,
};
