/**
 * The result of the flags, package.json and lightningd's config files: one value a run. Commands
 * pass in flags and arguments as plain values and get these back.
 */
import type { RunSettings } from "../plugin/process/run-settings.js";

/** What is read from the process: no other environment variable counts. */
export interface Surroundings {
  /** `process.env.HOME`: unset and empty mean different things to lightningd. */
  readonly home: string | undefined;
  /** `process.cwd()`, absolute. */
  readonly cwd: string;
}

/** The flags that name the node, as given on the command line. */
export interface NodeFlags {
  /** Each `--lightning-dir`, in order. */
  readonly lightningDir: readonly string[];
  /**
   * What the last one of `--network=`, `--regtest`, `--mainnet`, ... on the command line sets:
   * `--mainnet` is `bitcoin` ({@link NETWORK_FLAGS} in networks.ts).
   */
  readonly network?: string | undefined;
  readonly rpcFile?: string | undefined;
  readonly conf?: string | undefined;
  /** `--embedded` */
  readonly embedded?: boolean | undefined;
}

/** What named the network: mainnet is touched only if the command line did. */
export type NetworkNamedBy = "command line" | "package.json" | "config" | "default";

/** Where a node is looked for. */
export interface NodeAddress {
  /** The base directory, absolute. */
  readonly lightningDir: string;
  /**
   * As lightningd calls it: `bitcoin`, `regtest`, ... From the flags and configs: behind an
   * absolute rpc-file there may be another network, so ask the node before it matters.
   */
  readonly network: string;
  readonly networkNamedBy: NetworkNamedBy;
  /** `<lightning-dir>/<network>`; if only an absolute rpc-file is named, the socket's folder. */
  readonly networkDir: string;
  /** The unix socket, absolute. It may be longer than a socket address allows. */
  readonly rpcFile: string;
  /** Hints for an error about a missing node: what is silently ignored in the config files. */
  readonly hints: readonly string[];
}

/** One option for a plugin, as the user wrote it. A multi option appears once for each value. */
export interface PluginOption {
  readonly name: string;
  /** Text, or a JSON value from package.json: number, boolean. `true` for a flag. */
  readonly value: string | number | boolean;
}

/** The flags of `watch`, `start` and `restart` about plugins, as given on the command line. */
export interface PluginFlags {
  /** Each value of `--watch`, `--only`, `--ignore`, `--call`; undefined or empty: not given. */
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

/** A shell command of the user. */
export interface ShellCommand {
  readonly command: string;
  /** Where it runs: the folder of the file that names it. */
  readonly cwd: string;
  /** The package.json that names it; undefined for the command line. */
  readonly from?: string;
}

export interface PluginSettings {
  /** Absolute path as the user named it; symlinks are not resolved. */
  readonly path: string;
  readonly options: readonly PluginOption[];
  /** Absolute paths to watch in addition. */
  readonly watch: readonly string[];
  /** Absolute paths to watch in place of the default; if empty, the default. */
  readonly only: readonly string[];
  /** Patterns as in a .gitignore, relative to the plugin's folder. */
  readonly ignore: readonly string[];
  /** Runs before each reload. */
  readonly build?: ShellCommand | undefined;
  /** Runs after each successful reload. */
  readonly runAfter?: ShellCommand | undefined;
  /** Method calls to make after each successful reload, as `method params...` (`--call`). */
  readonly call: readonly string[];
  /** The new version must pass the handshake offline before the old one is stopped. */
  readonly safe: boolean;
  /** The new version takes over from the old one without a stop (hot mode). */
  readonly hot?: boolean | undefined;
  /** How the takeover begins in hot mode; found out if not set. */
  readonly handover?: "beside" | "old-first" | undefined;
  /** How the plugin's process is run. */
  readonly run?: RunSettings | undefined;
}

/** Which nodes a command talks to. */
export interface NodeSettings {
  /** One for each lightning-dir; empty for the embedded node. */
  readonly nodes: readonly NodeAddress[];
  /** Set if the embedded node is asked for; without a lightning-dir it makes its own. */
  readonly embedded?: { readonly lightningDir?: string | undefined; readonly network: string };
  /** What named the node. */
  readonly nodesFrom: "command line" | "package.json" | "default";
}

/** Everything that `watch`, `start` and `restart` need to begin. */
export interface Settings extends NodeSettings {
  /** The package.json that was read. */
  readonly file: string | undefined;
  /** At least one. */
  readonly plugins: readonly PluginSettings[];
}
