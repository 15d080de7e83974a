/** `watch()`: keeps a plugin on a node at its latest version, for programs. */
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
  /** Where the plugin runs. Default: the node that lightning-cli would use. */
  readonly node?: LightningNode | NodeChoice;
  /** The plugin's options. */
  readonly options?: PluginOptions;
  /** Files and folders to watch in addition. */
  readonly watch?: readonly string[];
  /** Files and folders to watch in place of the default. */
  readonly only?: readonly string[];
  /** Files not to watch: patterns as in a .gitignore, relative to the plugin's folder. */
  readonly ignore?: readonly string[];
  /** A shell command that runs before each reload, in the working directory. */
  readonly build?: string;
  /** Calls after each successful reload, as on lightning-cli's command line: `"hello name"`. */
  readonly calls?: readonly string[];
  /** Stop the previous version only if the new one passes its handshake offline. Default: false. */
  readonly safe?: boolean;
  /** The new version takes over while the old one finishes what it has begun. Default: false. */
  readonly hot?: boolean;
  /** Look at the files every N ms instead of waiting for events of the file system. */
  readonly pollMs?: number;
  /** Closes the session when it is aborted. */
  readonly signal?: AbortSignal;
}

export type WatchEventName = WatchEvent["event"];

/** The event of that name. */
export type WatchEventOf<N extends WatchEventName> = Extract<WatchEvent, { event: N }>;

/** A running watch. Iterating over it yields its events until it is closed. */
export interface WatchSession extends AsyncIterable<WatchEvent>, AsyncDisposable {
  readonly node: LightningNode;
  /** The outcome of the first start. Never rejects: a plugin that does not start is an outcome, too. */
  readonly ready: Promise<Outcome>;
  /** Reloads the plugin now. Never rejects. */
  restart(): Promise<Outcome>;
  /**
   * Calls the listener with each event of that name. A listener that is added in the same turn in
   * which `watch()` resolves misses none. What it throws is an uncaught exception of the program.
   */
  on<N extends WatchEventName>(name: N, listener: (event: WatchEventOf<N>) => void): this;
  /** Ends the watch. The plugin keeps running unless `stopPlugin` is set. Safe to call more than once. */
  close(options?: { readonly stopPlugin?: boolean }): Promise<void>;
}

/**
 * Starts a plugin on a node and reloads it at each save, as `cln-dev watch` does.
 * @throws Failure if the plugin's file is missing, a setting is wrong, or the node must not be
 *   touched
 * @throws NodeUnreachable if there is no node
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
  // Wait until the caller has added listeners.
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

/** One plugin on one node has one outcome. */
function onlyOne([outcome]: readonly Outcome[]): Outcome {
  if (outcome === undefined) throw new Error("a reload without an outcome");
  return outcome;
}

function nodeOf(node: LightningNode | NodeChoice = {}): LightningNode {
  return "call" in node ? node : locateNode(node);
}

/** @throws Failure the plugin's file is missing, and no build makes it */
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
