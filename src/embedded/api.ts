/** The options of an embedded node, and its handle. src/api builds the public API on this. */
import type { LogLevel } from "../plugin/log-level.js";
import type { RunSettings } from "../plugin/process/run-settings.js";
import type { RaisedEvent, RaiseOptions } from "./emit/raised-event.js";

export interface NodeOptions {
  /**
   * The base directory. Its config files are read. Default: a new one in the system's temp folder,
   * removed when the node ends.
   */
  readonly lightningDir?: string;
  /** Default: the network in the config, or `regtest`. */
  readonly network?: string;
  /** The lowest level in the log file. Default: the level in the config, or `debug`. */
  readonly logLevel?: LogLevel;
  /** Plugins that start with the node, as with `--plugin`. They need not be dynamic. */
  readonly plugins?: readonly string[];
  /** More options, as on lightningd's command line: `name` or `name=value`. */
  readonly options?: readonly string[];
  /**
   * How long a plugin may take to answer `getmanifest`, and then `init`, in ms each. Default:
   * 120,000, as in lightningd.
   */
  readonly pluginTimeoutMs?: number;
  /** How long a plugin may take to exit after `shutdown`, in ms. Default: 30,000, as lightningd. */
  readonly shutdownTimeoutMs?: number;
  /** The environment of the plugins. Default: that of this process. */
  readonly env?: NodeJS.ProcessEnv;
  /** Cancels the start. Once the node has started, use `close`. */
  readonly signal?: AbortSignal;
  /** Called with each line of the log file. */
  readonly onLog?: (line: string) => void;
  /** Called when something minor fails, such as a write to the log file. */
  readonly onTrouble?: (message: string) => void;
  /** Called with what a plugin writes to stderr. `name` is the plugin's basename. */
  readonly onPluginStderr?: (name: string, chunk: Buffer) => void;
  /** Called with each message between the node and a plugin. `path` is the canonical path. */
  readonly onPluginMessage?: (path: string, direction: PluginDirection, text: string) => void;
  /** Returns how to run the plugin with this canonical path. */
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
   * Raises a notification or a hook call, which a real node would raise by itself. Resolves when
   * every plugin that was asked has answered.
   * @throws Failure if the topic is unknown
   */
  raise(topic: string, options?: RaiseOptions): Promise<RaisedEvent>;
  /** Ends the node and all its plugins. Safe to call more than once. */
  close(): Promise<void>;
  /** Resolves when the node has ended, for any reason. */
  readonly closed: Promise<void>;
}
