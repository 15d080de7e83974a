/** What the flags, package.json and lightningd's config files come to: one frozen value a run. */

/** The flags that say which node, as the command line gave them. */
export interface NodeFlags {
  readonly lightningDir: readonly string[];
  readonly network?: string;
  /** The short flags, in the order given: `mainnet`, `regtest`, `signet`, `testnet`, `testnet4`. */
  readonly networkFlag?: string;
  readonly rpcFile?: string;
  readonly conf?: string;
}

/** Where a node is looked for. */
export interface NodeAddress {
  /** The base directory, absolute; undefined where only `--rpc-file` with an absolute path is known. */
  readonly lightningDir: string;
  /** As lightningd calls it: `bitcoin`, `regtest`, ... */
  readonly network: string;
  /** Who named the network: mainnet is touched only when the command line did. */
  readonly networkNamedBy: "command line" | "config" | "default";
  /** `<lightning-dir>/<network>`. */
  readonly networkDir: string;
  /** The unix socket, absolute. It may be longer than a socket address allows. */
  readonly rpcFile: string;
}

/** One option for a plugin, as the user wrote it. A multi option stands here once for each value. */
export interface PluginOption {
  readonly name: string;
  /** Text, or a JSON value from package.json: number, boolean. `true` for a flag. */
  readonly value: string | number | boolean;
}

export interface PluginSettings {
  /** Absolute path as the user named it; symlinks are not resolved. */
  readonly path: string;
  readonly options: readonly PluginOption[];
  /** Absolute paths that replace the default of what is watched; empty: the default. */
  readonly watch: readonly string[];
  /** Patterns as in a .gitignore, relative to the plugin's folder. */
  readonly ignore: readonly string[];
  /** A shell command that is run before each reload, in the folder of the file that named it. */
  readonly build?: { readonly command: string; readonly cwd: string };
  /** Method calls made after each good reload, as `method params...` (`--call`). */
  readonly call: readonly string[];
  /** The new version must pass the handshake offline before the old one is stopped. */
  readonly safe: boolean;
}
