/** lightningd's config syntax as lightning-cli reads it. */
import { BITCOIN, base, type CliCase, REGTEST } from "./cli-case.js";

const ILLEGAL_PLACES: readonly CliCase[] = [
  {
    name: "network= in a network's config",
    files: {
      "home/.lightning/config": "regtest\n",
      "home/.lightning/regtest/config": "\nnetwork=regtest\n",
    },
    refused: ["network=regtest", "regtest/config:2", "not allowed", "lightning-dir itself"],
  },
  {
    name: "a flag in a network's config",
    files: {
      "home/.lightning/config": "regtest\n",
      "home/.lightning/regtest/config": "regtest\n",
    },
    refused: ["regtest/config:1", "not allowed"],
  },
  {
    name: "network= in a file that a network's config includes",
    files: {
      "home/.lightning/config": "regtest\n",
      "home/.lightning/regtest/config": "include more\n",
      "home/.lightning/regtest/more": "network=regtest\n",
    },
    refused: ["regtest/more:1", "not allowed"],
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
  base("a blank before the key", " network=regtest\n", { at: BITCOIN }),
  base("blanks around the =", "network = regtest\n", {
    at: BITCOIN,
  }),
  base("capitals", "NETWORK=regtest\n", { at: BITCOIN }),
  base("dashes", "--network=regtest\n", { at: BITCOIN }),
  base("a flag with dashes", "--regtest\n", { at: BITCOIN }),
  base("a flag with a blank behind", "regtest \n", { at: BITCOIN }),
  base("a byte order mark", "\uFEFFnetwork=regtest\n", { at: BITCOIN }),
  base("an indented comment", "  # x\nregtest\n", { at: REGTEST }),
  base("a flag with a value", "testnet=1\n", {
    refused: ['"testnet=1"', "config:1", "takes no value", "testnet alone"],
  }),
  base("a bare network", "network\n", { refused: ['"network"', "config:1", "network=regtest"] }),
  base("a bare rpc-file", "rpc-file\n", { refused: ["rpc-file", "needs a value"] }),
  base("unknown keys", "alias=X\nplugin=/x\nbitcoin-rpcuser=x\nregtest\n", { at: REGTEST }),
  base("a key that only begins alike", "networks=x\ntestnet44\nregtest\n", { at: REGTEST }),
  base("a section", "[regtest]\nalias=x\n", { at: BITCOIN }),
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
  },
  {
    name: "include with a tab is an unknown key",
    files: { "home/.lightning/config": "include\tmore\n", "home/.lightning/more": "regtest\n" },
    at: BITCOIN,
  },
  base("a file that includes itself", "include config\n", {
    refused: [".lightning/config:1", "never end", "includes itself"],
  }),
  { name: "101 files deep", files: chain(101), at: REGTEST },
  { name: "102 files deep", files: chain(102), refused: ["never end", ".lightning/100:1"] },
];

export const CLI_SYNTAX_CASES: readonly CliCase[] = [...ILLEGAL_PLACES, ...SYNTAX, ...INCLUDES];
