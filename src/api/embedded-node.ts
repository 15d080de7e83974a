/** The embedded node for programs: for testing a plugin without lightningd. */
import { resolve } from "node:path";
import type { PluginDirection } from "../embedded/api.js";
import type { RaisedEvent, RaiseOptions } from "../embedded/emit/raised-event.js";
import { PluginStderr } from "../embedded/log/plugin-stderr.js";
import { runEmbeddedNode } from "../embedded/node.js";
import type { LogLevel } from "../plugin/log-level.js";
import { type LightningNode, nodeAt } from "./lightning-node.js";
import { optionList, type PluginOptions } from "./plugin-options.js";

export interface EmbeddedNodeOptions {
  /**
   * The plugins to start with the node, as with `--plugin`. Paths are relative to the working
   * directory. The plugins need not be dynamic.
   */
  readonly plugins?: readonly string[];
  /** Options of the plugins and the node, named as on lightningd's command line without dashes. */
  readonly options?: PluginOptions;
  /**
   * The lightning-dir, whose config files are read. Default: a temporary one, removed when the node
   * ends.
   */
  readonly lightningDir?: string;
  /** The network. Default: the one in the config, or `regtest`. */
  readonly network?: string;
  /** The lowest level to write to the log file. Default: the one in the config, or `debug`. */
  readonly logLevel?: LogLevel;
  /**
   * How long a plugin may take to answer `getmanifest`, and then again to answer `init`, in ms.
   * Default: 120,000, as in lightningd.
   */
  readonly pluginTimeoutMs?: number;
  /**
   * How long a plugin may take to end after `shutdown`, in ms. Default: 30,000, as in lightningd.
   */
  readonly shutdownTimeoutMs?: number;
  /** The environment of the plugins. Default: that of this process. */
  readonly env?: NodeJS.ProcessEnv;
  /** Cancels the start. Use `close` once the node has started. */
  readonly signal?: AbortSignal;
  /** Called with each line of the node's log, formatted as in the log file. */
  readonly onLog?: (line: string) => void;
  /** Called with the plugin's file name and each line that it writes to stderr. */
  readonly onStderr?: (plugin: string, line: string) => void;
}

export interface EmbeddedNode extends LightningNode, AsyncDisposable {
  /** The absolute path of the log file. */
  readonly logFile: string;
  /**
   * Raises an event that a real node would raise by itself: a notification or a hook call. Resolves
   * when every plugin that was asked has answered.
   * @throws Failure with `exitCode` 2 if the topic is unknown
   */
  raise(topic: string, options?: RaiseOptions): Promise<RaisedEvent>;
  /** Stops the node and all its plugins. Safe to call more than once. */
  close(): Promise<void>;
  /** Resolves when the node has ended, for any reason. */
  readonly closed: Promise<void>;
}

type OnLine = (plugin: string, line: string) => void;

/** How a watch session on an embedded node in this process listens to the node's plugins. */
export interface PluginListener {
  /**
   * Called with each line that a plugin writes to stderr.
   * @param plugin the plugin's file name
   */
  readonly onStderr: OnLine;
  /**
   * Called with each message from or to a plugin.
   * @param path the plugin's canonical path
   */
  readonly onMessage: (path: string, direction: PluginDirection, text: string) => void;
}

const listeners = new WeakMap<LightningNode, Set<PluginListener>>();

/** Returns a node's plugin listeners; undefined if it is not embedded in this process. */
export function pluginListenersOf(node: LightningNode): Set<PluginListener> | undefined {
  return listeners.get(node);
}

/**
 * Starts an embedded node. Resolves when the node accepts requests and its plugins are active.
 * @throws Failure if a node is already running in the directory, an option is wrong, or a plugin
 *   cannot be started
 */
export async function startEmbeddedNode(options: EmbeddedNodeOptions = {}): Promise<EmbeddedNode> {
  const ours = new Set<PluginListener>();
  const { plugins = [], options: given, onStderr, ...rest } = options;
  const stderr = new PluginStderr((plugin, line) => {
    onStderr?.(plugin, line);
    for (const listener of ours) listener.onStderr(plugin, line);
  });
  const node = await runEmbeddedNode({
    ...rest,
    plugins: plugins.map((path) => resolve(path)),
    options: optionList(given).map(({ name, value }) =>
      value === true ? name : `${name}=${value}`,
    ),
    onPluginStderr: (plugin, chunk) => stderr.take(plugin, chunk),
    onPluginMessage: (...message) => {
      for (const listener of ours) listener.onMessage(...message);
    },
  });
  const { lightningDir, networkDir, rpcFile, logFile, network } = node;
  const address = { lightningDir, network, networkDir, rpcFile, hints: [] };
  const started: EmbeddedNode = {
    ...nodeAt({ ...address, networkNamedBy: "command line" }),
    logFile,
    raise: (topic, options) => node.raise(topic, options),
    close: () => node.close(),
    closed: node.closed,
    [Symbol.asyncDispose]: () => node.close(),
  };
  listeners.set(started, ours);
  return started;
}
