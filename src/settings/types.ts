/**
 * What the flags, package.json and lightningd's config files amount to in one run. Commands pass in
 * flags and arguments as plain values and get these types back.
 */
import type { RunSettings } from "../plugin/process/run-settings.js";

/** What is taken from the process. No other environment variable counts. */
export interface Surroundings {
  /** `process.env.HOME`: lightningd distinguishes unset from empty. */
  readonly home: string | undefined;
  /** `process.cwd()`, absolute. */
  readonly cwd: string;
}

/** The flags that name the node, as given on the command line. */
export interface NodeFlags {
  /** Each `--lightning-dir`, in order. */
  readonly lightningDir: readonly string[];
  /**
   * The network set by the last of `--network=`, `--regtest`, `--mainnet`, ...: `--mainnet` sets
   * `bitcoin` (NETWORK_FLAGS in networks.ts).
   */
  readonly network?: string | undefined;
  readonly rpcFile?: string | undefined;
  readonly conf?: string | undefined;
  readonly embedded?: boolean | undefined;
}

/** What named the network. Mainnet is used only if the command line names it. */
export type NetworkNamedBy = "command line" | "package.json" | "config" | "default";

/** Where to find a node. */
export interface NodeAddress {
  /** The base directory, absolute. */
  readonly lightningDir: string;
  /**
   * lightningd's name for it: `bitcoin`, `regtest`, ... It is only what flags and configs name: the
   * node behind an absolute rpc-file may run on another network, so ask the node if it matters.
   */
  readonly network: string;
  readonly networkNamedBy: NetworkNamedBy;
  /** `<lightning-dir>/<network>`, or the socket's folder if only an absolute rpc-file is named. */
  readonly networkDir: string;
  /** The unix socket, absolute. It may be longer than a socket address allows. */
  readonly rpcFile: string;
  /** Hints for the error about a missing node: what is silently ignored in paths and configs. */
  readonly hints: readonly string[];
}

/** A plugin's option as the user wrote it. A multi option appears once for each value. */
export interface PluginOption {
  readonly name: string;
  /** Text, or a number or boolean from package.json. `true` sets a flag. */
  readonly value: string | number | boolean;
}

/** The plugin flags of `watch`, `start` and `restart`, as given on the command line. */
export interface PluginFlags {
  /** The values of `--watch`; undefined or empty if not given. Likewise for the next three. */
  readonly watch?: readonly string[] | undefined;
  readonly only?: readonly string[] | undefined;
  readonly ignore?: readonly string[] | undefined;
  readonly call?: readonly string[] | undefined;
  readonly build?: string | undefined;
  readonly run?: string | undefined;
  readonly safe?: boolean | undefined;
  readonly hot?: boolean | undefined;
  /** Each `--env`, as `NAME=value`. */
  readonly env?: readonly string[] | undefined;
  readonly exec?: string | undefined;
  readonly debug?: boolean | undefined;
}

/** A shell command from the user. */
export interface ShellCommand {
  readonly command: string;
  /** The folder it runs in: that of the package.json, or the working directory for a flag. */
  readonly cwd: string;
  /** The package.json that names it; undefined if it is from the command line. */
  readonly from?: string;
}

export interface PluginSettings {
  /** The absolute path, symlinks not resolved. */
  readonly path: string;
  readonly options: readonly PluginOption[];
  /** Additional absolute paths to watch. */
  readonly watch: readonly string[];
  /** Absolute paths to watch in place of the default; empty for the default. */
  readonly only: readonly string[];
  /** Patterns as in .gitignore, relative to the plugin's folder. */
  readonly ignore: readonly string[];
  /** The command to run before each reload. */
  readonly build?: ShellCommand | undefined;
  /** The command to run after each successful reload. */
  readonly runAfter?: ShellCommand | undefined;
  /** Calls to make after each successful reload, as `method params...` (`--call`). */
  readonly call: readonly string[];
  /** Whether the new version must pass the handshake offline before the old one is stopped. */
  readonly safe: boolean;
  /** Whether the new version takes over from the old one without a stop (hot mode). */
  readonly hot?: boolean | undefined;
  /** How the takeover starts in hot mode; detected if undefined. */
  readonly handover?: "beside" | "old-first" | undefined;
  /** How the plugin's process is run. */
  readonly run?: RunSettings | undefined;
}

/** Which nodes a command talks to. */
export interface NodeSettings {
  /** A node for each lightning-dir; empty for the embedded node. */
  readonly nodes: readonly NodeAddress[];
  /** Set if the embedded node is requested. Without a lightning-dir it makes its own. */
  readonly embedded?: { readonly lightningDir?: string | undefined; readonly network: string };
  /** What named the node. */
  readonly nodesFrom: "command line" | "package.json" | "default";
}

/** The settings of `watch`, `start` and `restart`. */
export interface Settings extends NodeSettings {
  /** The package.json that the settings are from, if any. */
  readonly file: string | undefined;
  /** At least one. */
  readonly plugins: readonly PluginSettings[];
}
