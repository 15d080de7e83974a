/** What the suite needs of a node, whatever its kind. Implemented by embedded.ts and lightningd.ts. */

export type NodeKind = "embedded" | "lightningd";

export interface NodeStart {
  /** A lightningd runs there, and leaves the folder; one is made, and taken away, when not given. */
  readonly lightningDir?: string;
  /** The plugin that a lightningd asks for its chain; the stub chain when not given. */
  readonly backend?: string;
  /** Lines of the config file in the lightning-dir. */
  readonly config?: readonly string[];
  /** The same in the folder of the network. */
  readonly networkConfig?: readonly string[];
  /** Plugins that start with the node. */
  readonly plugins?: readonly string[];
  /** Added to a lightningd's environment. */
  readonly env?: NodeJS.ProcessEnv;
  /** For the manifest, and again for init, in ms; a lightningd has its own 120 s. */
  readonly pluginTimeoutMs?: number;
  /** For a plugin's end after `shutdown`, in ms; a lightningd has its own 30 s. */
  readonly shutdownTimeoutMs?: number;
}

export interface RunningNode {
  readonly kind: NodeKind;
  /** As `getinfo` gives it: `v26.06.6`. */
  readonly version: string;
  readonly lightningDir: string;
  readonly networkDir: string;
  readonly rpcFile: string;
  readonly logFile: string;
  /** Where the plugins are that it runs of itself. */
  readonly ownPluginFolders: readonly string[];
  /** What its plugins have written to stderr. */
  stderr(): string;
  /** It has ended, by itself or by somebody's hand. */
  hasEnded(): boolean;
  /** Ends it if it still runs, and takes its folder away. */
  end(): Promise<void>;
}
