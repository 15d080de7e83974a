/**
 * The options of an embedded node, and what its owner can do with it: src/api makes the public API
 * from this.
 */
import type { LogLevel } from "../plugin/log-level.js";
import type { RunSettings } from "../plugin/process/run-settings.js";
import type { RaisedEvent, RaiseWishes } from "./emit/raised-event.js";

export interface NodeOptions {
  /**
   * The base directory, whose config files are read. Default: a new one under the system's temp
   * folder, removed at the end.
   */
  readonly lightningDir?: string;
  /** Default: the network in the config, or `regtest`. */
  readonly network?: string;
  /** The lowest level in the log file. Default: the level in the config, or `debug`. */
  readonly logLevel?: LogLevel;
  /** Plugins that start with the node, as with `--plugin`: they need not be dynamic. */
  readonly plugins?: readonly string[];
  /** Further options, each as `name` or `name=value`, as on lightningd's command line. */
  readonly options?: readonly string[];
  /**
   * How long a plugin may take for its manifest, and again for its init, in ms. Default: 120,000,
   * as in lightningd.
   */
  readonly pluginTimeoutMs?: number;
  /**
   * How long a plugin may take to end after `shutdown`, in ms. Default: 30,000, as in lightningd.
   */
  readonly shutdownTimeoutMs?: number;
  /** The environment of the plugins. Default: ours. */
  readonly env?: NodeJS.ProcessEnv;
  /** Cancels the start; `close` ends a node that has started. */
  readonly signal?: AbortSignal;
  /** Called with each line of the log, in the file's format. */
  readonly onLog?: (line: string) => void;
  /** Called when something minor fails: the log file cannot be written, for example. */
  readonly onTrouble?: (message: string) => void;
  /** Called with what a plugin, known by its basename, writes to stderr. */
  readonly onPluginStderr?: (name: string, chunk: Buffer) => void;
  /** Called with every whole message between the node and a plugin, known by its canonical path. */
  readonly onPluginMessage?: (path: string, direction: PluginDirection, text: string) => void;
  /** How to run the process of the plugin with this canonical path. */
  readonly runSettings?: (path: string) => RunSettings | undefined;
}

export type PluginDirection = "to-plugin" | "to-node";

export interface RunningEmbeddedNode {
  /** The base directory, absolute. */
  readonly lightningDir: string;
  readonly network: string;
  /** `<lightning-dir>/<network>`. */
  readonly networkDir: string;
  /** The unix socket, absolute. */
  readonly rpcFile: string;
  /** The log file, absolute. */
  readonly logFile: string;
  /**
   * Raises what a real node would raise by itself: a notification, or a hook call. Resolves when
   * every plugin that was asked has answered.
   * @throws Failure for an unknown topic
   */
  raise(topic: string, wishes?: RaiseWishes): Promise<RaisedEvent>;
  /** Ends the node and all its plugins. Safe to call more than once. */
  close(): Promise<void>;
  /** Resolves when the node has ended, for any reason. */
  readonly closed: Promise<void>;
}
