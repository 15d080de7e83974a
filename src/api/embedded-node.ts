/** The embedded node for programs: for tests of a plugin, without lightningd. */
import { resolve } from "node:path";
import type { PluginDirection } from "../embedded/api.js";
import type { RaisedEvent, RaiseWishes } from "../embedded/emit/raised-event.js";
import { PluginStderr } from "../embedded/log/plugin-stderr.js";
import { runEmbeddedNode } from "../embedded/node.js";
import type { LogLevel } from "../plugin/log-level.js";
import { type LightningNode, nodeAt } from "./lightning-node.js";
import { optionList, type PluginOptions } from "./plugin-options.js";

export interface EmbeddedNodeOptions {
  /**
   * Plugins that start with the node, as with `--plugin`; they need not be dynamic. Relative to the
   * working directory.
   */
  readonly plugins?: readonly string[];
  /** Options of the plugins and of the node, as on lightningd's command line without the dashes. */
  readonly options?: PluginOptions;
  /**
   * The base directory, whose config files are read. Default: a temporary one, removed at the end.
   */
  readonly lightningDir?: string;
  /** Default: the network in the config, or `regtest`. */
  readonly network?: string;
  /** The lowest level in the log file. Default: the level in the config, or `debug`. */
  readonly logLevel?: LogLevel;
  /** How long a plugin may take to answer getmanifest, and again init, in ms. Default: 120,000, as in lightningd. */
  readonly pluginTimeoutMs?: number;
  /** How long a plugin may take to end after `shutdown`, in ms. Default: 30,000, as in lightningd. */
  readonly shutdownTimeoutMs?: number;
  /** The environment of the plugins. Default: that of this process. */
  readonly env?: NodeJS.ProcessEnv;
  /** Cancels the start. */
  readonly signal?: AbortSignal;
  /** Called with each line of the node's log, in the format of the log file. */
  readonly onLog?: (line: string) => void;
  /** Called with each line that a plugin, known by its file name, writes to stderr. */
  readonly onStderr?: (plugin: string, line: string) => void;
}

export interface EmbeddedNode extends LightningNode, AsyncDisposable {
  /** The log file, absolute. */
  readonly logFile: string;
  /**
   * Raises what a real node raises by itself: a notification, or a hook call. Resolves when every
   * plugin that was asked has answered.
   * @throws Failure with `exitCode` 2 for an unknown topic
   */
  raise(topic: string, wishes?: RaiseWishes): Promise<RaisedEvent>;
  /** Ends the node and all its plugins. Safe to call more than once. */
  close(): Promise<void>;
  /** Resolves when the node has ended, for any reason. */
  readonly closed: Promise<void>;
}

type OnLine = (plugin: string, line: string) => void;

/** What a watch session on an embedded node in this process hears from its plugins. */
export interface PluginListener {
  /** Called with a line on stderr. @param plugin its file name */
  readonly onStderr: OnLine;
  /** Called with a message from or to a plugin. @param path canonical */
  readonly onMessage: (path: string, direction: PluginDirection, text: string) => void;
}

const listeners = new WeakMap<LightningNode, Set<PluginListener>>();

/**
 * The plugin listeners of an embedded node in this process.
 * @returns undefined if the node is not an embedded one in this process
 */
export function pluginListenersOf(node: LightningNode): Set<PluginListener> | undefined {
  return listeners.get(node);
}

/**
 * Starts an embedded node. When it resolves, the node accepts requests and its plugins are active.
 * @throws Failure if a node is running in the directory, an option is wrong, or a plugin cannot be
 *   started
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
    raise: (topic, wishes) => node.raise(topic, wishes),
    close: () => node.close(),
    closed: node.closed,
    [Symbol.asyncDispose]: () => node.close(),
  };
  listeners.set(started, ours);
  return started;
}
