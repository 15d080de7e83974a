/** What the embedded node is given, and what its owner has of it: src/api makes the public API of that. */
import type { LogLevel } from "../plugin/log-level.js";
import type { RunSettings } from "../plugin/process/run-settings.js";
import type { RaisedEvent, RaiseWishes } from "./emit/raised-event.js";

export interface NodeOptions {
  /**
   * The base directory, whose config files are read; a new one under the system's temp folder,
   * removed at the end, when not given.
   */
  readonly lightningDir?: string;
  /** The network in the config, or `regtest`, when not given. */
  readonly network?: string;
  /** What goes to the log file; the level in the config, or `debug`, when not given. */
  readonly logLevel?: LogLevel;
  /** Plugins that are started with the node, as `--plugin` does it: they need not be dynamic. */
  readonly plugins?: readonly string[];
  /** Further options, each as `name` or `name=value`, as lightningd's command line takes them. */
  readonly options?: readonly string[];
  /** How long a plugin may take for its manifest, and again for its init, in ms: 120,000 as in lightningd. */
  readonly pluginTimeoutMs?: number;
  /** How long a plugin may take to end after `shutdown`, in ms: 30,000 as in lightningd. */
  readonly shutdownTimeoutMs?: number;
  /** The environment of the plugins; ours when not given. */
  readonly env?: NodeJS.ProcessEnv;
  /** Gives the start up; the node that has started is ended by its `close`. */
  readonly signal?: AbortSignal;
  /** Called with each line of the log, in the file's format. */
  readonly onLog?: (line: string) => void;
  /** Called when something minor fails: the log file cannot be written, for example. */
  readonly onTrouble?: (message: string) => void;
  /** What a plugin, known by its basename, writes to stderr. */
  readonly onPluginStderr?: (name: string, chunk: Buffer) => void;
  /** Every whole message between the node and a plugin, known by its canonical path. */
  readonly onPluginMessage?: (path: string, direction: PluginDirection, text: string) => void;
  /** What the process of the plugin with this canonical path is run with. */
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
   * Raises what a real node would raise by itself: a notification, or a call of a hook. Resolves when
   * every plugin that was asked has answered.
   * @throws Failure for a topic that nobody knows
   */
  raise(topic: string, wishes?: RaiseWishes): Promise<RaisedEvent>;
  /** Ends the node and all its plugins. Safe to call more than once. */
  close(): Promise<void>;
  /** Resolves when the node has ended, however it came to that. */
  readonly closed: Promise<void>;
}
