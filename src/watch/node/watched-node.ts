/**
 * One node of a watch session: its identity, whether it is running, the plugins that are reloaded
 * on it, and what its log and its plugin list show besides the reloads.
 */
import { basename } from "node:path";
import { diagnoseDead, explainCrash, type Started } from "../../diagnose/on-demand.js";
import type { Emit, NodeFacts, Outcome } from "../../events/watch-events.js";
import { followStderr } from "../../node/log/follow-stderr.js";
import { stderrPlace } from "../../node/log/node-stderr.js";
import type { ListedPlugin } from "../../node/plugins/plugin-command.js";
import type { LogLevel } from "../../plugin/log-level.js";
import type { NodeAddress } from "../../settings/types.js";
import { pluginBehind } from "../hot/front-files.js";
import type { Reloader } from "../reload/reloader.js";
import { identifyForControl, nodeChanges } from "./identify-node.js";
import { LogSource } from "./log-source.js";
import { NodeMonitor } from "./node-monitor.js";

/** How old a crash report may be, in ms, to explain why the node is gone. */
const RECENT_MS = 15_000;

/** How soon after a plugin's start a crash of the node is blamed on it, in ms. */
const JUST_STARTED_MS = 5_000;

const MAX_HELD_LINES = 200;

/** What the node logs when `plugin stop` ends a plugin (lightningd/plugin_control.c). */
const STOPPED = "Killing plugin: stopped by lightningd via RPC";

export class WatchedNode {
  readonly address: NodeAddress;
  readonly reloaders: readonly Reloader[];
  readonly #emit: Emit;
  readonly #monitor: NodeMonitor;
  #logs: LogSource | undefined;
  /** Aborts the work other than reloads at the end. */
  readonly #end = new AbortController();
  readonly #works = new Set<Promise<void>>();
  /** Deaths being explained by running the plugin offline: a newer version aborts that. */
  readonly #explaining = new Map<Reloader, AbortController>();
  #facts: NodeFacts | undefined;
  #endStderr: () => void = () => {};
  #isStderrReported = false;
  /** Stderr lines written during a reload. */
  readonly #heldStderr: string[] = [];

  constructor(address: NodeAddress, reloadersOf: (node: WatchedNode) => Reloader[], emit: Emit) {
    this.address = address;
    this.#emit = emit;
    this.#monitor = new NodeMonitor({
      rpcFile: address.rpcFile,
      onGone: (message) => this.#gone(message),
      onBack: (plugins, goneMs) => this.#track(this.#back(plugins, goneMs)),
      onPlugins: (plugins, askedAt) => this.#noteDeaths(plugins, askedAt),
    });
    this.reloaders = reloadersOf(this);
  }

  /**
   * Identifies the node, and starts watching it.
   * @throws Failure if it is not running, is not a node, is too old, or is on mainnet without being
   *   named
   */
  async open(signal?: AbortSignal): Promise<NodeFacts> {
    this.#facts = await identifyForControl(this.address, { signal });
    this.#monitor.watch();
    return this.#facts;
  }

  /**
   * Identifies the node at the path again, and reports if it is a different one.
   * @throws Failure if its plugins must not be started or stopped; NodeUnreachable
   */
  async identify(signal: AbortSignal): Promise<NodeFacts> {
    const facts = await identifyForControl(this.address, { signal });
    const changes = this.#facts && nodeChanges(this.#facts, facts);
    this.#facts = facts;
    if (changes) {
      const message = `another node answers at ${this.address.rpcFile}: ${changes}`;
      this.#emit({ event: "notice", level: "warn", message });
    }
    return facts;
  }

  /** Checks at once whether the node is gone, because a call had no answer. */
  checkNow(): void {
    this.#monitor.checkNow();
  }

  /**
   * Starts reporting what the plugins log and what is written to the node's stderr.
   * @param embedded whether the node is in this process: then its plugins' stderr is already read
   */
  followLogs(embedded: boolean): void {
    if (!embedded) this.#followStderr();
    this.#logs = new LogSource(this.address, () => this.reloaders, this.#emit);
  }

  /** Called when a reload has ended: reports what was held during it, unless the outcome has it. */
  settled(reloader: Reloader, outcome: Outcome): void {
    const lines = this.#heldStderr.splice(0);
    if (outcome.event === "reloaded") for (const line of lines) this.#reportStderr(line);
    this.#logs?.settled(reloader, outcome.event === "reloaded");
  }

  /** The lowest log level that is reported; undefined if the log is not followed yet. */
  get logLevel(): LogLevel | undefined {
    return this.#logs?.level;
  }

  set logLevel(level: LogLevel) {
    if (this.#logs) this.#logs.level = level;
  }

  /**
   * Returns the last messages of a plugin since a time, in ms since 1970; by default since its
   * start.
   */
  recentLog(reloader: Reloader, since = startOf(reloader)): readonly string[] {
    return this.#logs?.recent(basename(reloader.realPath), since) ?? [];
  }

  /** Called when a reload has begun: stops the offline run that explains the plugin's death. */
  cancelExplanation(reloader: Reloader): void {
    this.#explaining.get(reloader)?.abort();
  }

  async close(): Promise<void> {
    await this.#logs?.close();
    this.#endStderr();
    this.#end.abort();
    await this.#monitor.close();
    await Promise.all(this.#works);
    await Promise.all(this.reloaders.map((reloader) => reloader.close()));
  }

  /** Keeps track of work that close() aborts. */
  #track(work: Promise<void>): void {
    this.#works.add(work);
    void work.finally(() => this.#works.delete(work));
  }

  /** Reports the stderr of all the node's plugins: its lines do not name the plugin. */
  #followStderr(): void {
    this.#endStderr();
    const { lightningDir, network } = this.address;
    const place = stderrPlace(lightningDir, network);
    if (place?.kind === "nowhere" && !this.#isStderrReported) {
      this.#isStderrReported = true;
      const message =
        "the node runs with --daemon, so the plugin's stderr goes to /dev/null: log messages instead, or start lightningd without --daemon and with 2>FILE";
      this.#emit({ event: "notice", level: "info", message });
    }
    if (place?.kind !== "file") return;
    this.#endStderr = followStderr(place.path, (line) => {
      const isStarting = this.reloaders.some(({ busy }) => busy);
      // The report of a failed start includes these lines.
      if (!isStarting) this.#reportStderr(line);
      else if (this.#heldStderr.length < MAX_HELD_LINES) this.#heldStderr.push(line);
    });
  }

  #reportStderr(text: string): void {
    const time = new Date().toISOString();
    const { rpcFile } = this.address;
    this.#emit({ event: "log", node: rpcFile, plugin: "node", level: "stderr", text, time });
  }

  #gone(message: string): void {
    this.#emit({ event: "node-gone", node: this.address.rpcFile, message });
    // If it died during a start, the outcome reports that.
    const since = performance.now() - JUST_STARTED_MS;
    const fresh = this.reloaders.filter(
      ({ state, startedAt }) => state.is === "running" && startedAt > since,
    );
    if (!this.reloaders.some(({ busy }) => busy)) this.#track(this.#explainCrash(fresh));
    for (const reloader of this.reloaders) reloader.nodeGone();
  }

  /**
   * Reports which mistake of a plugin the node's death looks like, if it crashed.
   * @param fresh plugins that have just been started: then they are not started again unchanged
   */
  async #explainCrash(fresh: readonly Reloader[]): Promise<void> {
    const crash = await explainCrash(this.address.networkDir, new Date(Date.now() - RECENT_MS));
    if (crash === undefined || this.#end.signal.aborted) return;
    this.#emit({ event: "notice", level: "warn", message: crash });
    for (const reloader of fresh) reloader.tookNodeDown();
  }

  async #back(plugins: readonly ListedPlugin[], goneMs: number): Promise<void> {
    this.#emit({ event: "node-back", node: this.address.rpcFile, goneMs });
    // Each reload identifies the node again, so its outcome reports any problem.
    const known = await this.identify(this.#end.signal).catch(() => undefined);
    if (this.#end.signal.aborted) return;
    if (this.#logs !== undefined) this.#followStderr();
    for (const reloader of this.reloaders) {
      reloader.nodeBack(known !== undefined && runs(plugins, reloader.realPath));
    }
  }

  async #explainDeath(reloader: Reloader, started: Started, log: readonly string[]): Promise<void> {
    const { target, stderr, explained } = reloader;
    if (explained === started) return;
    const cut = new AbortController();
    this.#explaining.set(reloader, cut);
    const signal = AbortSignal.any([this.#end.signal, cut.signal]);
    const diagnosis = await diagnoseDead(started, { stderr, log }, signal);
    if (this.#explaining.get(reloader) === cut) this.#explaining.delete(reloader);
    if (signal.aborted) return;
    if (diagnosis.reason === undefined && diagnosis.findings.length === 0) return;
    this.#emit({ event: "explained", ...target.name, ...diagnosis });
  }

  /** Reports the plugins that should be running but are not active in the node's list. */
  #noteDeaths(plugins: readonly ListedPlugin[], askedAt: number): void {
    for (const reloader of this.reloaders) {
      reloader.nodeAnswers();
      const { state } = reloader;
      if (state.is !== "running" || reloader.busy || reloader.settledAt > askedAt) continue;
      if (runs(plugins, state.path)) continue;
      const isReported = state.hot?.hasDied === true;
      reloader.died();
      if (isReported) continue;
      const log = this.recentLog(reloader);
      const stopped = log.includes(STOPPED);
      // If a call killed it, the report on that call has its log.
      const shown = reloader.explained === state.started ? [] : log;
      this.#emit({ event: "plugin-died", ...reloader.target.name, stopped, log: shown });
      if (state.started && !stopped) this.#track(this.#explainDeath(reloader, state.started, log));
    }
  }
}

/** Returns when the plugin was started, in ms since 1970. */
function startOf({ startedAt }: Reloader): number {
  return performance.timeOrigin + startedAt;
}

function runs(plugins: readonly ListedPlugin[], path: string): boolean {
  const isIt = ({ name }: ListedPlugin) => name === path || pluginBehind(name) === path;
  return plugins.some((plugin) => plugin.active && isIt(plugin));
}
