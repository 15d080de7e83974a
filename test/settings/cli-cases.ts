/**
 * Where lightning-cli looks for the socket, row by row of cln-contract 1.2 to 1.5. The same table is
 * run through locateNode() and, where it is installed, through lightning-cli itself.
 * "@" stands for the case's own folder.
 */
import type { NodeChoice } from "../../src/settings/locate-node.js";

export interface CliCase {
  readonly name: string;
  /** Content by path; HOME is `home`, the working directory is the case's folder. */
  readonly files?: { readonly [path: string]: string };
  readonly folders?: readonly string[];
  readonly links?: { readonly [path: string]: string };
  readonly choice?: NodeChoice;
  /** The short flag on the command line that `choice.network` stands for. */
  readonly flag?: string;
  /** null: unset. */
  readonly home?: string | null;
  /** The socket, or the words of the refusal. */
  readonly at?: string;
  readonly refused?: readonly string[];
  readonly hint?: string;
  /** Why we do something else here, on purpose. */
  readonly cliDiffers?: string;
}

const REGTEST = "home/.lightning/regtest/lightning-rpc";
const BITCOIN = "home/.lightning/bitcoin/lightning-rpc";

/** One config in the default lightning-dir, and what comes of it. */
function base(name: string, config: string, rest: Omit<CliCase, "name" | "files">): CliCase {
  return { name, files: { "home/.lightning/config": config }, ...rest };
}

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
  { name: "no ~ expansion", choice: { lightningDir: "~/l1" }, at: "~/l1/bitcoin/lightning-rpc" },
  {
    name: "the lightning-dir's config names the network",
    files: { "l1-regtest/config": "network=regtest\n" },
    choice: { lightningDir: "l1-regtest" },
    at: "l1-regtest/regtest/lightning-rpc",
  },
  {
    name: "a symlinked lightning-dir, left by ..",
    files: { "real/deep/here": "", "real/l2/config": "regtest\n" },
    links: { link: "real/deep" },
    choice: { lightningDir: "link/../l2" },
    at: "real/l2/regtest/lightning-rpc",
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
    name: "rpc-file through .. of a symlinked network folder",
    folders: ["data/regtest", "home/.lightning"],
    links: { "home/.lightning/regtest": "data/regtest" },
    choice: { network: "regtest", rpcFile: "../x" },
    at: "data/x",
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

const ILLEGAL_PLACES: readonly CliCase[] = [
  {
    name: "network= in a network's config",
    files: {
      "home/.lightning/config": "regtest\n",
      "home/.lightning/regtest/config": "\nnetwork=regtest\n",
    },
    refused: ["network=regtest", "regtest/config:2", "not permitted", "lightning-dir itself"],
  },
  {
    name: "a flag in a network's config",
    files: {
      "home/.lightning/config": "regtest\n",
      "home/.lightning/regtest/config": "regtest\n",
    },
    refused: ["regtest/config:1", "not permitted"],
  },
  {
    name: "network= in a file that a network's config includes",
    files: {
      "home/.lightning/config": "regtest\n",
      "home/.lightning/regtest/config": "include more\n",
      "home/.lightning/regtest/more": "network=regtest\n",
    },
    refused: ["regtest/more:1", "not permitted"],
  },
  {
    name: "network= in another network's config is never read",
    files: {
      "home/.lightning/config": "regtest\n",
      "home/.lightning/signet/config": "network=nonsense\n",
    },
    at: REGTEST,
  },
  base("lightning-dir in the base config", "lightning-dir=@/l1\n", {
    refused: ["lightning-dir=", "config:1", "--lightning-dir"],
  }),
  {
    name: "lightning-dir in a network's config",
    files: { "home/.lightning/bitcoin/config": "lightning-dir=@/l1\n" },
    refused: ["lightning-dir=", "bitcoin/config:1"],
  },
  base("conf in the base config", "conf=@/other\n", { refused: ["conf=", "config:1", "include"] }),
];

const SYNTAX: readonly CliCase[] = [
  base("comments and empty lines", "#network=signet\n\n\n#\nnetwork=regtest\n", { at: REGTEST }),
  base("CRLF", "# x\r\nnetwork=regtest\r\n", { at: REGTEST }),
  base("CR alone", "network=regtest\rrpc-file=r\r", { at: "home/.lightning/regtest/r" }),
  base("no newline at the end", "network=regtest", { at: REGTEST }),
  base("blanks behind the value", "network=regtest \t \n", { at: REGTEST }),
  base("a no-break space behind the value", "network=regtest\u00a0\n", {
    refused: ["config:1", "network=regtest"],
  }),
  base("a file name with blanks in it", "regtest\nrpc-file= my  rpc \n", {
    at: "home/.lightning/regtest/ my  rpc",
  }),
  base("what comes after a NUL", "network=regtest\n\0network=nonsense\n", { at: REGTEST }),
  base("a blank before the value", "network= regtest\n", {
    refused: ['"network= regtest"', "config:1", "space", "network=regtest"],
  }),
  base("a comment behind the value", "network=regtest # note\n", {
    refused: ["network=regtest # note", "config:1", "comment", "network=regtest"],
  }),
  base("quotes", 'network="regtest"\n', { refused: ["quotes", "config:1", "network=regtest"] }),
  base("a blank before the key", " network=regtest\n", { at: BITCOIN, hint: "network=regtest" }),
  base("blanks around the =", "network = regtest\n", {
    at: BITCOIN,
    hint: "write network=regtest",
  }),
  base("capitals", "NETWORK=regtest\n", { at: BITCOIN, hint: "network=regtest" }),
  base("dashes", "--network=regtest\n", { at: BITCOIN, hint: "network=regtest" }),
  base("a flag with dashes", "--regtest\n", { at: BITCOIN, hint: "write regtest" }),
  base("a flag with a blank behind", "regtest \n", { at: BITCOIN, hint: "write regtest" }),
  base("a byte order mark", "\uFEFFnetwork=regtest\n", { at: BITCOIN, hint: "byte order mark" }),
  base("an indented comment", "  # x\nregtest\n", { at: REGTEST }),
  base("a flag with a value", "testnet=1\n", {
    refused: ['"testnet=1"', "config:1", "takes no value", "testnet alone"],
  }),
  base("a bare network", "network\n", { refused: ['"network"', "config:1", "network=regtest"] }),
  base("a bare rpc-file", "rpc-file\n", { refused: ["rpc-file", "needs a value"] }),
  base("unknown keys", "alias=X\nplugin=/x\nbitcoin-rpcuser=x\nregtest\n", { at: REGTEST }),
  base("a key that only begins alike", "networks=x\ntestnet44\nregtest\n", { at: REGTEST }),
  base("a section", "[regtest]\nalias=x\n", { at: BITCOIN, hint: "no sections" }),
  {
    name: "a config that is a folder counts as missing",
    folders: ["home/.lightning/config"],
    choice: { network: "regtest" },
    at: REGTEST,
    hint: "it is a folder",
  },
  {
    name: "a config that cannot be read, and no network named",
    folders: ["home/.lightning/config"],
    refused: [".lightning/config", "it is a folder", "--network"],
    cliDiffers: "lightning-cli goes on silently, on bitcoin",
  },
  base("version", "version\n", {
    refused: ["version", "config:1"],
    cliDiffers: "lightning-cli prints its version and exits with 0",
  }),
];

/** `config` includes `0`, that includes `1`, ...: the last of `count` files names the network. */
function chain(count: number): { [path: string]: string } {
  const files: { [path: string]: string } = { "home/.lightning/config": "include 0\n" };
  for (let index = 0; index < count; index++) {
    files[`home/.lightning/${index}`] =
      index === count - 1 ? "network=regtest\n" : `include ${index + 1}\n`;
  }
  return files;
}

const INCLUDES: readonly CliCase[] = [
  {
    name: "include, relative to the file that includes",
    files: {
      "home/.lightning/config": "include sub/a\n",
      "home/.lightning/sub/a": "include b\n",
      "home/.lightning/sub/b": "network=regtest\n",
    },
    at: REGTEST,
  },
  {
    name: "include, absolute",
    files: { "home/.lightning/config": "include @/shared\n", shared: "network=regtest\n" },
    at: REGTEST,
  },
  {
    name: "include keeps its place in the order",
    files: {
      "home/.lightning/config": "network=signet\ninclude more\nrpc-file=late\n",
      "home/.lightning/more": "network=regtest\nrpc-file=early\n",
    },
    at: "home/.lightning/regtest/late",
  },
  {
    name: "include in a network's config",
    files: {
      "home/.lightning/config": "regtest\n",
      "home/.lightning/regtest/config": "include more\n",
      "home/.lightning/regtest/more": "rpc-file=r\n",
    },
    at: "home/.lightning/regtest/r",
  },
  base("include of a missing file", "\ninclude nowhere\n", {
    refused: [".lightning/nowhere", ".lightning/config:2", "no such file"],
  }),
  {
    name: "include: a blank behind is part of the name",
    files: { "home/.lightning/config": "include more \n", "home/.lightning/more": "regtest\n" },
    refused: ['.lightning/more "', "config:1", "blanks"],
  },
  {
    name: "include: a blank behind is part of the name, and there is such a file",
    files: { "home/.lightning/config": "include more \n", "home/.lightning/more ": "regtest\n" },
    at: REGTEST,
  },
  {
    name: "include= is an unknown key",
    files: { "home/.lightning/config": "include=more\n", "home/.lightning/more": "regtest\n" },
    at: BITCOIN,
    hint: "write include more",
  },
  {
    name: "include with a tab is an unknown key",
    files: { "home/.lightning/config": "include\tmore\n", "home/.lightning/more": "regtest\n" },
    at: BITCOIN,
    hint: "write include more",
  },
  base("a file that includes itself", "include config\n", {
    refused: [".lightning/config:1", "never end", "includes itself"],
  }),
  { name: "101 files deep", files: chain(101), at: REGTEST },
  { name: "102 files deep", files: chain(102), refused: ["never end", ".lightning/100:1"] },
];

export const CLI_CASES: readonly CliCase[] = [
  ...BASE_DIRECTORY,
  ...NETWORKS,
  ...PRECEDENCE,
  ...NAMED_CONFIG,
  ...ILLEGAL_PLACES,
  ...SYNTAX,
  ...INCLUDES,
];
