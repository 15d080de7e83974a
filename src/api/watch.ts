/** `watch()`: keeps a plugin on a node up to date, for programs. */
import { resolve } from "node:path";
import type { Outcome, WatchEvent } from "../events/watch-events.js";
import { refuseMissing } from "../plugin/file/plugin-file.js";
import type { NodeChoice } from "../settings/locate/locate-node.js";
import type { PluginSettings } from "../settings/types.js";
import { Session } from "../watch/session.js";
import { type PluginListener, pluginListenersOf } from "./embedded-node.js";
import { EventStream } from "./event-stream.js";
import { type LightningNode, locateNode } from "./lightning-node.js";
import { optionList, type PluginOptions } from "./plugin-options.js";

export interface WatchOptions {
  /** The plugin's executable file, relative to the working directory. */
  readonly plugin: string;
  /** The node that runs the plugin. Default: the node that lightning-cli would use. */
  readonly node?: LightningNode | NodeChoice;
  /** The plugin's options. */
  readonly options?: PluginOptions;
  /** Further files and folders to watch. */
  readonly watch?: readonly string[];
  /** Files and folders to watch instead of the default ones. */
  readonly only?: readonly string[];
  /** Files to ignore: patterns in .gitignore syntax, relative to the plugin's folder. */
  readonly ignore?: readonly string[];
  /** A shell command to run before each reload, in the working directory. */
  readonly build?: string;
  /** Calls to make after each successful reload, as for lightning-cli: `"hello name"`. */
  readonly calls?: readonly string[];
  /**
   * Whether to stop the previous version only if the new one passes an offline handshake. Default:
   * false.
   */
  readonly safe?: boolean;
  /**
   * Whether the new version takes over while the previous one finishes its calls (hot mode).
   * Default: false.
   */
  readonly hot?: boolean;
  /** Polls the files at this interval, in ms, instead of waiting for file system events. */
  readonly pollMs?: number;
  /** Closes the session when aborted. */
  readonly signal?: AbortSignal;
}

export type WatchEventName = WatchEvent["event"];

/** The event with that name. */
export type WatchEventOf<N extends WatchEventName> = Extract<WatchEvent, { event: N }>;

/** A running watch. Iterating over it yields its events until it is closed. */
export interface WatchSession extends AsyncIterable<WatchEvent>, AsyncDisposable {
  readonly node: LightningNode;
  /**
   * Resolves to the outcome of the first start. Never rejects: a failed start is an outcome, too.
   */
  readonly ready: Promise<Outcome>;
  /** Reloads the plugin now and resolves to the outcome. Never rejects. */
  restart(): Promise<Outcome>;
  /**
   * Calls the listener with each event of that name. A listener added in the same turn of the event
   * loop in which `watch()` resolves misses no events. An error that it throws becomes an uncaught
   * exception.
   */
  on<N extends WatchEventName>(name: N, listener: (event: WatchEventOf<N>) => void): this;
  /**
   * Ends the watch. The plugin keeps running unless `stopPlugin` is set. Safe to call more than
   * once.
   */
  close(options?: { readonly stopPlugin?: boolean }): Promise<void>;
}

/**
 * Starts a plugin on a node and reloads it at each save, as `cln-dev watch` does.
 * @throws Failure if the plugin's file is missing, a setting is wrong, or the node is too old, or on
 *   mainnet without `network: "bitcoin"`
 * @throws NodeUnreachable if no node can be reached
 */
export async function watch(options: WatchOptions): Promise<WatchSession> {
  const plugin = await settingsOf(options);
  const node = nodeOf(options.node);
  const events = new EventStream<WatchEvent>();
  const listeners = pluginListenersOf(node);
  const session = await Session.open({
    plugins: [plugin],
    nodes: [node],
    embedded: listeners !== undefined,
    onEvent: (event) => events.emit(event),
    pollMs: options.pollMs,
    signal: options.signal,
  });
  const listener: PluginListener = {
    onStderr: (name, line) => session.pluginWrote(name, line),
    onMessage: (path, direction, text) => session.pluginPassed(path, direction, text),
  };
  listeners?.add(listener);
  let closing: Promise<void> | undefined;
  const close = async (stopPlugin: boolean) => {
    options.signal?.removeEventListener("abort", onAbort);
    await session.close(stopPlugin);
    listeners?.delete(listener);
    events.emit({ event: "ended", running: stopPlugin ? [] : session.running });
    events.end();
  };
  const onAbort = () => {
    closing ??= close(false);
  };
  options.signal?.addEventListener("abort", onAbort, { once: true });
  if (options.signal?.aborted) onAbort();
  // Give the caller time to add listeners.
  setImmediate(() => events.open());
  const started: WatchSession = {
    node,
    ready: session.firstOutcomes.then(onlyOne),
    restart: async () => onlyOne(await session.restart("command")),
    on(name, listener) {
      events.on(name, listener);
      return started;
    },
    close({ stopPlugin = false } = {}) {
      closing ??= close(stopPlugin);
      return closing;
    },
    [Symbol.asyncIterator]: () => events.iterate(),
    [Symbol.asyncDispose]: () => started.close(),
  };
  return started;
}

/** Returns the only outcome: there is one plugin on one node. */
function onlyOne([outcome]: readonly Outcome[]): Outcome {
  if (outcome === undefined) throw new Error("a reload without an outcome");
  return outcome;
}

function nodeOf(node: LightningNode | NodeChoice = {}): LightningNode {
  return "call" in node ? node : locateNode(node);
}

/** @throws Failure if the plugin's file is missing and there is no build to create it */
async function settingsOf(options: WatchOptions): Promise<PluginSettings> {
  const path = resolve(options.plugin);
  if (options.build === undefined) await refuseMissing(path);
  return {
    path,
    options: optionList(options.options),
    watch: (options.watch ?? []).map((file) => resolve(file)),
    only: (options.only ?? []).map((file) => resolve(file)),
    ignore: options.ignore ?? [],
    call: options.calls ?? [],
    safe: options.safe ?? false,
    hot: options.hot,
    build: options.build === undefined ? undefined : { command: options.build, cwd: process.cwd() },
  };
}
