/**
 * Where lightning-cli looks for the socket. The same table is run
 * through locateNode() and, if it is installed, through lightning-cli itself.
 */
import { BITCOIN, base, type CliCase, REGTEST } from "./cli-case.js";
import { CLI_SYNTAX_CASES } from "./cli-syntax-cases.js";

const BASE_DIRECTORY: readonly CliCase[] = [
  { name: "nothing said", at: BITCOIN },
  { name: "HOME unset: the working directory itself", home: null, at: "bitcoin/lightning-rpc" },
  { name: "HOME empty", home: "", at: ".lightning/bitcoin/lightning-rpc" },
  { name: "HOME relative", home: "h", at: "h/.lightning/bitcoin/lightning-rpc" },
  {
    name: "absolute lightning-dir",
    choice: { lightningDir: "@/l1" },
    at: "l1/bitcoin/lightning-rpc",
  },
  {
    name: "relative lightning-dir",
    choice: { lightningDir: "l1" },
    at: "l1/bitcoin/lightning-rpc",
  },
  { name: "--lightning-dir=", choice: { lightningDir: "" }, refused: ["--lightning-dir is empty"] },
  {
    name: "no ~ expansion",
    choice: { lightningDir: "~/l1" },
    at: "~/l1/bitcoin/lightning-rpc",
    hint: "The ~ in @/~/l1",
  },
  {
    name: "the lightning-dir's config names the network",
    files: { "l1-regtest/config": "network=regtest\n" },
    choice: { lightningDir: "l1-regtest" },
    at: "l1-regtest/regtest/lightning-rpc",
  },
  {
    name: "a path longer than a socket address",
    choice: { lightningDir: `@/${"long-name-".repeat(12)}`, network: "regtest" },
    at: `${"long-name-".repeat(12)}/regtest/lightning-rpc`,
  },
];

const NETWORKS: readonly CliCase[] = [
  ...["bitcoin", "regtest", "signet", "testnet", "testnet4", "liquid-regtest", "liquid"].map(
    (network): CliCase => ({
      name: `--network=${network}`,
      choice: { network },
      at: `home/.lightning/${network}/lightning-rpc`,
    }),
  ),
  ...["regtest", "signet", "testnet", "testnet4"].flatMap((network): CliCase[] => [
    {
      name: `--${network}`,
      choice: { network },
      flag: network,
      at: `home/.lightning/${network}/lightning-rpc`,
    },
    base(`a bare ${network}`, `${network}\n`, { at: `home/.lightning/${network}/lightning-rpc` }),
  ]),
  { name: "--mainnet", choice: { network: "bitcoin" }, flag: "mainnet", at: BITCOIN },
  base("a bare mainnet", "regtest\nmainnet\n", { at: BITCOIN }),
  {
    name: "--network=mainnet",
    choice: { network: "mainnet" },
    refused: ["--network=mainnet", "only a flag", "--network=bitcoin", "--mainnet"],
  },
  { name: "--network=", choice: { network: "" }, refused: ["--network=", "no network"] },
  {
    name: "--network=Regtest",
    choice: { network: "Regtest" },
    refused: ["--network=Regtest", "lightningd knows bitcoin, regtest", "--network=regtest"],
  },
  { name: "--network with a blank behind", choice: { network: "regtest " }, at: REGTEST },
  base("network=mainnet", "# my node\nnetwork=mainnet\n", {
    refused: ["network=mainnet", ".lightning/config:2", "only a flag", "network=bitcoin"],
  }),
  base("network=nonsense", "network=nonsense\n", {
    refused: ["nonsense", ".lightning/config:1", "lightningd knows bitcoin, regtest, signet"],
  }),
  base("network=regtset", "network=regtset\n", { refused: ["regtset", "network=regtest"] }),
  base("a wrong network in the config though the command line names one", "network=nope\n", {
    choice: { network: "regtest" },
    refused: ["network=nope", ".lightning/config:1"],
  }),
];

const PRECEDENCE: readonly CliCase[] = [
  base("the command line's network wins", "network=signet\n", {
    choice: { network: "regtest" },
    at: REGTEST,
  }),
  base("the last line wins, flag last", "network=signet\nregtest\n", { at: REGTEST }),
  base("the last line wins, network= last", "signet\nnetwork=regtest\n", { at: REGTEST }),
  {
    name: "rpc-file: the network's config over the base config",
    files: {
      "home/.lightning/config": "regtest\nrpc-file=base-rpc\n",
      "home/.lightning/regtest/config": "rpc-file=net-rpc\n",
    },
    at: "home/.lightning/regtest/net-rpc",
  },
  {
    name: "rpc-file: the command line over both",
    files: {
      "home/.lightning/config": "regtest\nrpc-file=base-rpc\n",
      "home/.lightning/regtest/config": "rpc-file=net-rpc\n",
    },
    choice: { rpcFile: "cmd-rpc" },
    at: "home/.lightning/regtest/cmd-rpc",
  },
  base("rpc-file from the base config", "regtest\nrpc-file=base-rpc\n", {
    at: "home/.lightning/regtest/base-rpc",
  }),
  base("rpc-file twice", "regtest\nrpc-file=a\nrpc-file=b\n", { at: "home/.lightning/regtest/b" }),
  {
    name: "rpc-file in a subfolder",
    folders: ["home/.lightning/regtest/sub"],
    choice: { network: "regtest", rpcFile: "sub/x" },
    at: "home/.lightning/regtest/sub/x",
  },
  {
    name: "rpc-file through ..",
    folders: ["home/.lightning/regtest"],
    choice: { network: "regtest", rpcFile: "../x" },
    at: "home/.lightning/x",
  },
  {
    name: "an absolute rpc-file overrides directory and network",
    files: { "home/.lightning/config": "network=regtest\n" },
    choice: { lightningDir: "l1", network: "signet", rpcFile: "@/elsewhere/sock" },
    at: "elsewhere/sock",
  },
  base("an absolute rpc-file in the config", "rpc-file=@/elsewhere/sock\n", {
    at: "elsewhere/sock",
  }),
  {
    name: "an absolute rpc-file does not hide a broken config",
    files: { "home/.lightning/config": "network=mainnet\n" },
    choice: { rpcFile: "@/elsewhere/sock" },
    refused: ["network=mainnet"],
  },
  { name: "--rpc-file=", choice: { rpcFile: "" }, refused: ["--rpc-file is empty"] },
  base("rpc-file=", "rpc-file=\n", {
    refused: ["rpc-file=", "config:1", "is empty"],
    cliDiffers: "lightning-cli connects to a socket without a name, and fails",
  }),
];

const NAMED_CONFIG: readonly CliCase[] = [
  {
    name: "--conf: base and network configs are not read",
    files: {
      "home/.lightning/config": "network=nonsense\n",
      "home/.lightning/regtest/config": "rpc-file=net-rpc\n",
      "my.conf": "network=regtest\n",
    },
    choice: { conf: "my.conf" },
    at: REGTEST,
  },
  {
    name: "--conf: lightning-dir in it, against the working directory",
    files: { "etc/my.conf": "lightning-dir=l1\nregtest\nrpc-file=r\n" },
    choice: { conf: "etc/my.conf" },
    at: "l1/regtest/r",
  },
  {
    name: "--conf: the command line's lightning-dir, network and rpc-file win",
    files: { "my.conf": "lightning-dir=l1\nregtest\nrpc-file=r\n" },
    choice: { conf: "@/my.conf", lightningDir: "l2", network: "signet", rpcFile: "s" },
    at: "l2/signet/s",
  },
  {
    name: "--conf: an empty lightning-dir in it is the working directory",
    files: { "my.conf": "lightning-dir= \n" },
    choice: { conf: "my.conf" },
    at: "bitcoin/lightning-rpc",
  },
  {
    name: "--conf: must exist",
    choice: { conf: "no.conf" },
    refused: ["no.conf", "no such file", "--conf"],
  },
  {
    name: "--conf: no ~ expansion",
    choice: { conf: "~/my.conf" },
    refused: ["@/~/my.conf", "no such file", "~ in it is not expanded"],
  },
  {
    name: "--conf: a folder",
    folders: ["dir.conf"],
    choice: { conf: "dir.conf" },
    refused: ["dir.conf", "folder"],
  },
  {
    name: "--conf: cannot name another",
    files: { "my.conf": "conf=other\n" },
    choice: { conf: "my.conf" },
    refused: ["conf=other", "my.conf:1", "include other"],
  },
];

export const CLI_CASES: readonly CliCase[] = [
  ...BASE_DIRECTORY,
  ...NETWORKS,
  ...PRECEDENCE,
  ...NAMED_CONFIG,
  ...CLI_SYNTAX_CASES,
];
