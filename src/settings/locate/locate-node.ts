/**
 * Finds a node's socket from flags and lightningd's config files as lightning-cli does, so that
 * what works there works here. Every command's cold start passes through it: it reads two small
 * files and loads nothing.
 */
import { basename, dirname, resolve } from "node:path";
import { usageFailure } from "../../errors/failure.js";
import type { NodeAddress, Surroundings } from "../types.js";
import { configFailure, readNamedConfig, readOptionalConfig, trimEnd } from "./config-file.js";
import { type ConfigPlace, type ConfigValues, readValues } from "./lightning-config.js";
import { DEFAULT_NETWORK, isNetwork, networkProblem } from "./networks.js";

/** What the user specifies of a node. The configs and defaults supply the rest. */
export interface NodeChoice {
  /** Relative to the working directory, like all paths here. */
  readonly lightningDir?: string | undefined;
  readonly network?: string | undefined;
  /** Relative to the network's folder. An absolute path overrides directory and network. */
  readonly rpcFile?: string | undefined;
  readonly conf?: string | undefined;
}

export interface NamedNodeChoice extends NodeChoice {
  /** What set `network`. Default: the command line. */
  readonly networkNamedBy?: "command line" | "package.json" | undefined;
}

/**
 * Finds a node's directories and socket.
 * @throws Failure (exit code 2) for what lightning-cli refuses as well
 */
export function locateAddress(choice: NamedNodeChoice, surroundings: Surroundings): NodeAddress {
  const chosen = chosenNetwork(choice);
  refuseEmpty("--rpc-file", choice.rpcFile);
  refuseEmpty("--conf", choice.conf);
  const found = choice.conf === undefined ? fromFolder : fromNamedConfig;
  const { base, network, rpcFile, hints } = found(choice, chosen, surroundings);
  const networkDir = resolve(base, network.name);
  const address = {
    lightningDir: base,
    network: network.name,
    networkNamedBy: network.namedBy,
    networkDir,
    rpcFile: resolve(networkDir, rpcFile),
    hints: [...hints, ...tildeHints(resolve(networkDir, rpcFile))],
  };
  if (!rpcFile.startsWith("/")) return address;
  return { ...address, ...aroundSocket(address, choice) };
}

/** Explains an unexpanded `~`: a shell expands it only at the start of a word, lightningd never. */
function tildeHints(rpcFile: string): string[] {
  if (!rpcFile.includes("/~/")) return [];
  return [`The ~ in ${rpcFile} is not expanded: write the full path, or use $HOME`];
}

/** Refuses an empty flag, as lightning-cli does. An unset variable is the usual cause. */
function refuseEmpty(flag: string, value: string | undefined): void {
  if (value === undefined || trimEnd(value) !== "") return;
  throw usageFailure(`${flag} is empty`, {
    why: "it needs a path; a shell variable may be unset",
    fix: `Write a path after ${flag}, or leave it out`,
  });
}

interface Found {
  readonly base: string;
  readonly network: { readonly name: string; readonly namedBy: NodeAddress["networkNamedBy"] };
  readonly rpcFile: string;
  readonly hints: readonly string[];
}

type Network = Found["network"];

const DEFAULT_RPC_FILE = "lightning-rpc";

/** Reads only the file named by `--conf`, which may set the lightning-dir. */
function fromNamedConfig(
  choice: NodeChoice,
  chosen: Network | undefined,
  surroundings: Surroundings,
): Found {
  const lines = readNamedConfig(resolve(surroundings.cwd, trimEnd(choice.conf ?? "")));
  const values = readValues(lines, "explicit");
  return {
    base: baseOf(choice.lightningDir, surroundings, values.lightningDir),
    network: chosen ?? networkOf(values.network),
    rpcFile: choice.rpcFile ?? values.rpcFile ?? DEFAULT_RPC_FILE,
    hints: [],
  };
}

/** Without `--conf`: the lightning-dir's config sets the network, whose own config is read next. */
function fromFolder(
  choice: NodeChoice,
  chosen: Network | undefined,
  surroundings: Surroundings,
): Found {
  const base = baseOf(choice.lightningDir, surroundings);
  const baseConfig = readConfig(resolve(base, "config"), "base");
  const elsewhere = choice.rpcFile?.startsWith("/") === true;
  if (baseConfig.unreadable !== undefined && chosen === undefined && !elsewhere) {
    throw configFailure(`cannot read ${resolve(base, "config")}`, {
      why: `${baseConfig.unreadable}, and lightningd would ignore it and use ${DEFAULT_NETWORK}`,
      fix: "Make the config readable, or name the network with --network",
    });
  }
  const network = chosen ?? networkOf(baseConfig.values.network);
  const networkConfig = readConfig(resolve(base, network.name, "config"), "network");
  return {
    base,
    network,
    rpcFile:
      choice.rpcFile ??
      networkConfig.values.rpcFile ??
      baseConfig.values.rpcFile ??
      DEFAULT_RPC_FILE,
    hints: [...baseConfig.hints, ...networkConfig.hints],
  };
}

function readConfig(file: string, place: ConfigPlace): ReadConfig {
  const read = readOptionalConfig(file);
  if ("lines" in read) {
    return { values: readValues(read.lines, place), hints: [] };
  }
  const { unreadable } = read;
  const hints =
    unreadable === undefined ? [] : [`${file} is ignored, as by lightning-cli: ${unreadable}`];
  return { values: {}, hints, unreadable };
}

interface ReadConfig {
  readonly values: ConfigValues;
  readonly hints: readonly string[];
  readonly unreadable?: string | undefined;
}

/** Returns the lightning-dir. An unset HOME differs from an empty one. */
function baseOf(flag: string | undefined, surroundings: Surroundings, inConfig?: string): string {
  if (flag !== undefined) return lightningDirOf(flag, surroundings);
  const { home, cwd } = surroundings;
  if (inConfig !== undefined) return resolve(cwd, inConfig);
  if (home === undefined) return cwd;
  return resolve(cwd, home === "" ? ".lightning" : `${home}/.lightning`);
}

function networkOf(fromConfig: string | undefined): Network {
  if (fromConfig === undefined) return { name: DEFAULT_NETWORK, namedBy: "default" };
  return { name: fromConfig, namedBy: "config" };
}

function chosenNetwork(choice: NamedNodeChoice): Network | undefined {
  if (choice.network === undefined) return undefined;
  const namedBy = choice.networkNamedBy ?? "command line";
  return { name: checkNetworkFlag(choice.network), namedBy };
}

/**
 * Checks the value of `--network`.
 * @throws Failure (exit code 2) if lightningd does not know the network
 */
export function checkNetworkFlag(flag: string): string {
  const name = trimEnd(flag);
  if (isNetwork(name)) return name;
  const { why, fix } = networkProblem(name, (known) => `--network=${known}`);
  throw usageFailure(`--network=${name} is not a network`, {
    why,
    fix: name === "mainnet" ? `${fix} or --mainnet` : fix,
  });
}

/** Makes `--lightning-dir` absolute. @throws Failure (exit code 2) if it is empty */
export function lightningDirOf(flag: string, { cwd }: Surroundings): string {
  refuseEmpty("--lightning-dir", flag);
  return resolve(cwd, trimEnd(flag));
}

/**
 * An absolute rpc-file overrides the directory and the network. If the user names only the socket,
 * derives both from its path, if it shows them.
 */
function aroundSocket(address: NodeAddress, choice: NodeChoice): Partial<NodeAddress> {
  if (choice.rpcFile === undefined) return {};
  if (choice.lightningDir !== undefined || choice.conf !== undefined) return {};
  const networkDir = dirname(address.rpcFile);
  if (!isNetwork(basename(networkDir))) return { lightningDir: networkDir, networkDir };
  const network = choice.network === undefined ? basename(networkDir) : address.network;
  return { lightningDir: dirname(networkDir), network, networkDir };
}
