/**
 * Keeps one plugin on one node at its latest version. Changes arrive from any source, and exactly
 * one outcome covers each. Changes during a reload are merged into the next one, which replaces a
 * start that still hangs.
 */
import type { Started } from "../../diagnose/on-demand.js";
import { killsNode, refused, sessionClosed } from "../../events/outcomes.js";
import { redactEvent } from "../../events/redact.js";
import { type Change, merge, type Target } from "../../events/reload-target.js";
import type { Cause, Emit, NodeFacts, Outcome } from "../../events/watch-events.js";
import { realPathOf, tryStat } from "../../filesystem/try-read.js";
import type { JsonObject } from "../../jsonrpc/json.js";
import {
  type ProcessIdentity,
  pluginProcesses,
  rootsOf,
} from "../../node/plugins/plugin-processes.js";
import { redactor } from "../../plugin/secret-options.js";
import type { PluginSettings } from "../../settings/types.js";
import { type FileSnapshot, takeSnapshot } from "../files/file-snapshot.js";
import { pluginBehind } from "../hot/front-files.js";
import type { TraceSource } from "../hot/trace-source.js";
import { identifyForControl } from "../node/identify-node.js";
import { builtContent } from "./build/built-content.js";
import { NO_INHERITED_OPTIONS, optionText } from "./options/inherited-options.js";
import { OutcomeListeners } from "./outcome-listeners.js";
import type { PluginState } from "./plugin-on-node.js";
import { ReloadAttempt, type ReloadAttemptResult } from "./reload-attempt.js";
import { RetrySchedule } from "./retry-schedule.js";
import { SLOW_START_MS } from "./start/slow-start-notice.js";
import { pycachePrefixes } from "./start/stale-bytecode.js";
import { Burst } from "./supersede/burst.js";
import { depthAmong, depthOfStart, endlessNotice, type StartingPlugin } from "./supersede/chase.js";
import { Restless } from "./supersede/restless.js";
import { SelfChanges, selfChangeNotice } from "./supersede/self-changes.js";

/** How many quiet periods to wait for a file to settle before testing it. */
const QUIET_TRIES = 3;
/** How late the event for a file written during a start may arrive, in ms after that start. */
const EVENT_MS = 250;
/** How far a file's time stamp may lag behind the clock, in ms: the kernel's clock ticks. */
const FILE_TIME_MS = 10;

export interface ReloaderHooks {
  readonly emit: Emit;
  /** Takes the messages of a plugin in hot mode. */
  readonly trace?: TraceSource;
  /**
   * Identifies the node, at each reload.
   * @throws Failure: it must not be touched; NodeUnreachable
   */
  readonly identify?: (signal: AbortSignal) => Promise<NodeFacts>;
  /** Called when the node did not answer, so that its return can be watched for. */
  readonly onUnreachable?: () => void;
  /** Called when a start takes long: what the plugin has written so far can then be shown. */
  readonly onSlowStart?: () => void;
  /** The other plugins of the session that are starting, or have just started. */
  readonly others?: () => readonly StartingPlugin[];
}

export class Reloader {
  #target: Target;
  readonly #hooks: ReloaderHooks;
  #state: PluginState = { is: "unknown" };
  #inherited = NO_INHERITED_OPTIONS;
  #pending: Change | undefined;
  readonly #listeners = new OutcomeListeners();
  #attempt: ReloadAttempt | undefined;
  #working: Promise<void> | undefined;
  #wake: (() => void) | undefined;
  readonly #retry = new RetrySchedule();
  #last: Outcome | undefined;
  readonly #burst: Burst;
  #runningContent: Promise<string | undefined> = Promise.resolve(undefined);
  /** The plugin file as the last attempt found it. */
  #seen: FileSnapshot | undefined;
  /** The plugin file as it was when the node died of it. */
  #deadly: FileSnapshot | undefined;
  /** Files that changed since the last start; undefined if unknown. */
  #changedFiles: Set<string> | undefined;
  /** The processes of the last good start; empty if unknown. */
  #processes: readonly ProcessIdentity[] = [];
  #pycachePrefixes: readonly string[] = [];
  readonly #selfChanges = new SelfChanges();
  readonly #restless = new Restless();
  /** The depth of the last attempt: see chase.ts. */
  #depth = 0;
  /** Files that another plugin writes when it starts. They cause no reload while it does. */
  readonly #chased = new Set<string>();
  #startedAt = 0;
  /** Whether the last good start was slow: the next one then needs no notice. */
  #isSlow = false;
  /** What the plugin has written to stderr since its start, if that can be read. */
  stderr: string | undefined;
  /** Whether another watch session has the same plugin on the same node. */
  isShared = false;
  /** The error that the plugin answered `init` with in this start, if any and if it can be read. */
  initError: JsonObject | undefined;
  /** The start whose end has already been explained. */
  explained: Started | undefined;
  #settledAt = 0;
  /** When the last attempt began and ended, in ms since 1970. */
  #lastAttempt = { from: 0, to: 0 };
  #closed = false;

  constructor(target: Target, hooks: ReloaderHooks) {
    this.#target = target;
    this.#burst = new Burst(target.plugin.path);
    this.#hooks = hooks;
  }

  get target(): Target {
    return this.#target;
  }

  /** Sets new settings for the same plugin: the next reload uses them. */
  configure(plugin: PluginSettings): void {
    this.#target = { ...this.#target, plugin };
  }

  /** What is known about the plugin, for the node's monitor and for reports. */
  get state(): PluginState {
    return this.#state;
  }

  /** The plugin file's path without symlinks: the node knows the plugin by this name. */
  get realPath(): string {
    const { path } = this.target.plugin;
    if (this.#state.is === "running") return pluginBehind(this.#state.path);
    return realPathOf(path);
  }

  /** The options the plugin is started with: given by the user, or taken over. */
  get options(): readonly { readonly name: string; readonly value: unknown }[] {
    const takenOver = this.#inherited.takenOver.map(({ name, raw }) => ({
      name,
      value: optionText(raw),
    }));
    return [...this.target.plugin.options, ...takenOver];
  }

  /** The processes that the node started for the running version; empty if unknown. */
  get processes(): readonly ProcessIdentity[] {
    return this.#processes;
  }

  /** About when the last start was sent, as performance.now(). */
  get startedAt(): number {
    return this.#startedAt;
  }

  /** When the last reload ended, as performance.now(). */
  get settledAt(): number {
    return this.#settledAt;
  }

  /** Set while the plugin is built or started, and shortly after: it may be writing files then. */
  get starting(): StartingPlugin | undefined {
    const isLate = performance.now() - this.#settledAt < EVENT_MS;
    if (this.#attempt?.hasBegun !== true && !isLate) return undefined;
    return { name: this.target.name.plugin, depth: this.#attempt?.depth ?? this.#depth };
  }

  get busy(): boolean {
    return this.#working !== undefined;
  }

  /**
   * Requests a reload. Never rejects.
   * @param at performance.now() of the first hint
   * @returns the outcome that covers this change; `refused` with the kind `session-closed` if the
   *   session ends first, or has already ended
   */
  request(cause: Cause, files: readonly string[] = [], at = performance.now()): Promise<Outcome> {
    if (this.#closed) return Promise.resolve(this.#tooLate());
    if (cause === "file" && this.#isOldNews(files)) return this.#present();
    if (cause === "file") this.#selfChanges.changed(files);
    if (cause === "file" && this.#isSelfChange(files)) return this.#present();
    const others = cause === "file" ? (this.#hooks.others?.() ?? []) : [];
    const { depth, endless } = depthAmong(others);
    if (endless !== undefined) this.#noteChased(endless, files);
    const isChased = files.length > 0 && files.every((file) => this.#chased.has(file));
    if (others.length > 0 && isChased) return this.#present();
    if (this.#attempt === undefined) this.#selfChanges.saved(files);
    const change: Change = { cause, files, at, depth };
    if (cause === "file") this.#burst.saved();
    if (cause !== "file") this.#changedFiles = undefined;
    for (const file of files) this.#changedFiles?.add(file);
    this.#pending = merge(this.#pending, change);
    const outcome = this.#listeners.next();
    this.#attempt?.changed(change);
    this.#wake?.();
    this.#working ??= this.#work();
    return outcome;
  }

  /** Whether the start that has just ended wrote the files, as every start does. */
  #isSelfChange(files: readonly string[]): boolean {
    if (this.busy || performance.now() - this.#settledAt > EVENT_MS) return false;
    return this.#selfChanges.withoutWritten(files).length === 0;
  }

  #noteChased(writer: StartingPlugin, files: readonly string[]): void {
    const news = files.filter((file) => !this.#chased.has(file));
    for (const file of news) this.#chased.add(file);
    if (news.length === 0) return;
    const message = endlessNotice(this.target.plugin.path, writer, news);
    this.#hooks.emit({ event: "notice", level: "warn", message });
  }

  /** Whether a hint is late: the current attempt, or the last one, found the file as it is now. */
  #isOldNews(files: readonly string[]): boolean {
    const { path } = this.target.plugin;
    const seen = this.#attempt ? this.#attempt.seen : this.#seen;
    if (seen === undefined || files.some((file) => file !== path)) return false;
    return takeSnapshot(path).fingerprint === seen.fingerprint;
  }

  /** The outcome of the current attempt, or of the last one. */
  #present(): Promise<Outcome> {
    if (this.#attempt === undefined && this.#last !== undefined) return Promise.resolve(this.#last);
    return this.#listeners.current();
  }

  /** Called when the node has died of the plugin: its return does not start the same file again. */
  tookNodeDown(): void {
    this.#deadly = this.#seen;
  }

  /** Called when the node and its plugins are gone. A reload under way notices from its calls. */
  nodeGone(): void {
    this.#closeHot();
    this.#state = { is: "unknown" };
  }

  /** Called when the node answers again. @param running whether it already runs the plugin */
  nodeBack(running: boolean): void {
    // A plugin that the node started itself has the current code, and the options of the node's
    // config.
    const isBare = this.target.plugin.options.length + this.#inherited.takenOver.length === 0;
    const plain = isBare && !this.target.plugin.hot;
    if (running && plain && !this.#retry.isUnanswered && !this.busy) {
      this.#state = { is: "running", path: this.realPath };
    } else {
      void this.request("node");
    }
  }

  /** Called when the node answers: retries a change that it has not had yet. */
  nodeAnswers(): void {
    if (!this.busy && this.#retry.isDue) void this.request("node");
  }

  #isDeadly(): boolean {
    if (this.#deadly === undefined) return false;
    return takeSnapshot(this.target.plugin.path).fingerprint === this.#deadly.fingerprint;
  }

  /**
   * Called when the plugin is no longer in the node's list. The next reload asks the node, since
   * something else may have started the plugin again.
   */
  died(): void {
    this.#closeHot();
    this.#state = { is: "unknown", byOthers: true };
  }

  /**
   * Gives up a reload under way, and leaves the plugin as it is. Anyone who waits for an outcome
   * gets `refused` with the kind `session-closed`.
   */
  async close(): Promise<void> {
    this.#closed = true;
    this.#attempt?.giveUp();
    this.#wake?.();
    await this.#working;
    this.#closeHot();
    this.#listeners.cover();
    this.#listeners.resolve(this.#tooLate());
  }

  #tooLate(): Outcome {
    const { name, plugin } = this.target;
    return refused(name, sessionClosed(plugin.path), this.#state.is === "running");
  }

  #closeHot(): void {
    if (this.#state.is === "running") this.#state.hot?.close();
  }

  async #work(): Promise<void> {
    try {
      while (this.#pending !== undefined && !this.#closed) {
        const change = this.#takePending();
        if (change) await this.#reload(change);
      }
    } finally {
      this.#working = undefined;
    }
  }

  async #reload(change: Change): Promise<void> {
    if (change.cause === "node" && this.#isDeadly()) {
      this.#report(refused(this.target.name, killsNode(this.target.plugin.path), false));
      return;
    }
    const depth = await depthOfStart(change.depth ?? 0, (ms) => this.#isQuiet(ms));
    const idleMs = change.at - this.#settledAt;
    const isLate = change.cause === "file" && idleMs < EVENT_MS;
    this.#selfChanges.began(isLate ? this.#lateOf(change.files) : []);
    const { isOverdue } = this.#selfChanges;
    const named = this.#selfChanges.suspectedFiles;
    const isTest = named.size > 0 && (await this.#isQuiet(this.#selfChanges.quietMs));
    const suspectedFiles = isTest ? named : new Set<string>();
    const covered = merge(this.#takePending(), { ...change, depth });
    const attempt = this.#newAttempt(covered, suspectedFiles, isOverdue);
    this.#attempt = attempt;
    const previous = this.#processes;
    this.#processes = [];
    const from = Date.now();
    const result = await attempt.run();
    this.#attempt = undefined;
    this.#lastAttempt = { from, to: Date.now() };
    this.#keep(attempt, result);
    const { outcome } = result;
    if (outcome === undefined) {
      this.#selfChanges.superseded(result.supersededBy);
      // The attempt was superseded: the next one covers its changes.
      const newer = this.#pending ?? result.change;
      const { at, depth = 0 } = newer;
      this.#pending = { ...merge(result.change, newer), at, depth };
      return;
    }
    // Do this before anyone learns that the plugin runs, and could start it again.
    if (outcome.event === "reloaded") {
      this.#noteProcesses(outcome.stopMs === undefined ? [] : previous);
    }
    // A user who saves at each outcome must not be mistaken for the start.
    if (isTest) await this.#lateEvents();
    this.#report(outcome);
    const { cause, files: changed } = result.change;
    const isStart = outcome.event === "reloaded" || outcome.event === "failed";
    if (cause === "file" && isStart) this.#reportRestless(changed, idleMs);
    this.#reportSelfChanges(result, suspectedFiles);
    // These files did not supersede the attempt, so what runs may lack their latest content.
    const late = isOverdue ? [...result.changedMeanwhile] : this.#selfChanges.foundOnce;
    const files = this.#selfChanges.withoutWritten(late);
    if (files.length > 0) {
      const again: Change = { cause: "file", files, at: performance.now(), depth };
      this.#pending = merge(this.#pending, again);
    }
  }

  /** @param isFinal no change of a file supersedes it */
  #newAttempt(
    change: Change,
    suspectedFiles: ReadonlySet<string>,
    isFinal: boolean,
  ): ReloadAttempt {
    return new ReloadAttempt({
      target: this.target,
      change,
      selfChanges: this.#selfChanges,
      suspectedFiles,
      isFinal,
      state: this.#state,
      inherited: this.#inherited,
      emit: this.#hooks.emit,
      trace: this.#hooks.trace,
      identify:
        this.#hooks.identify ?? ((signal) => identifyForControl(this.target.node, { signal })),
      changedFiles: () => this.#changedFiles && [...this.#changedFiles],
      onStart: () => {
        this.#changedFiles = new Set();
      },
      pycachePrefixes: this.#pycachePrefixes,
      processes: this.#processes,
      isShared: () => this.isShared,
      stderr: () => this.stderr,
      onSlowStart: () => this.#hooks.onSlowStart?.(),
      runningContent: this.#runningContent,
      burst: this.#burst,
      slow: this.#isSlow,
      moreChanges: () => this.#takePending(),
      nextHint: (ms) => this.#nextHint(ms),
    });
  }

  /** Keeps what an attempt leaves behind. */
  #keep({ seen, depth }: ReloadAttempt, result: ReloadAttemptResult): void {
    this.#seen = seen;
    this.#depth = depth;
    this.#state = result.state;
    this.#inherited = result.inherited;
    this.#deadly = result.deadly;
    this.#settledAt = performance.now();
    const { outcome } = result;
    if (outcome?.event === "reloaded") {
      this.#startedAt = this.#settledAt - outcome.startMs;
      this.#isSlow = outcome.startMs >= SLOW_START_MS;
      const { build, path } = this.target.plugin;
      if (build !== undefined) this.#runningContent = builtContent(path);
    } else if (outcome?.event !== "unchanged") this.#runningContent = Promise.resolve(undefined);
  }

  #reportRestless(files: readonly string[], idleMs: number): void {
    const message = this.#restless.started(this.target.plugin.path, files, idleMs);
    if (message) this.#hooks.emit({ event: "notice", level: "warn", message });
  }

  /**
   * Of files whose change arrived after an outcome, returns those that the previous attempt has
   * certainly written. Someone who saves the moment the new version answers is not such a writer.
   */
  #lateOf(files: readonly string[]): readonly string[] {
    const { from, to } = this.#lastAttempt;
    return files.filter((file) => {
      const time = tryStat(file)?.ctimeMs ?? Number.POSITIVE_INFINITY;
      return time >= from - FILE_TIME_MS && time <= to - FILE_TIME_MS;
    });
  }

  /** Waits until the events for the files that a start has written have arrived. */
  async #lateEvents(): Promise<void> {
    const until = performance.now() + EVENT_MS;
    while (performance.now() < until && !this.#closed) {
      await this.#nextHint(until - performance.now());
    }
  }

  #reportSelfChanges(
    { outcome, changedMeanwhile }: ReloadAttemptResult,
    suspectedFiles: ReadonlySet<string>,
  ): void {
    const { path } = this.target.plugin;
    const isStarted = outcome?.event === "reloaded";
    const late = suspectedFiles.size > 0 ? this.#lateOf(this.#pending?.files ?? []) : [];
    const changed = new Set([...changedMeanwhile, ...late]);
    const written = this.#selfChanges.settled(suspectedFiles, changed, isStarted, path);
    if (written.includes(path)) this.#seen = takeSnapshot(path);
    if (written.length > 0) {
      const message = selfChangeNotice(path, written);
      this.#hooks.emit({ event: "notice", level: "warn", message });
    }
    const { files = [], cause } = this.#pending ?? {};
    const rest = this.#selfChanges.withoutWritten(files).filter((file) => !written.includes(file));
    if (cause === "file" && files.length > 0 && rest.length === 0) this.#takePending();
  }

  /** Waits, and returns whether no file changed for `ms` while nothing was started. */
  async #isQuiet(ms: number): Promise<boolean> {
    const until = performance.now() + QUIET_TRIES * ms;
    while (performance.now() < until && !this.#closed) {
      const before = this.#pending;
      await this.#nextHint(ms);
      if (this.#pending === before) return true;
    }
    return false;
  }

  /** @param stopped processes of the stopped version, which a busy machine may still list */
  #noteProcesses(stopped: readonly ProcessIdentity[]): void {
    if (this.#state.is !== "running") return;
    const folder = realPathOf(this.target.node.networkDir);
    const isStopped = ({ pid, startTime }: ProcessIdentity) =>
      stopped.some((old) => old.pid === pid && old.startTime === startTime);
    const found = pluginProcesses(this.#state.path, folder);
    this.#processes = rootsOf(found.filter((one) => !isStopped(one)));
    const pids = this.#processes.map(({ pid }) => pid);
    this.#pycachePrefixes = pycachePrefixes("", pids, folder);
  }

  #report(raw: Outcome): void {
    const outcome = redactEvent(raw, redactor(this.options));
    this.#last = outcome;
    this.#burst.settled();
    const isUnanswered = outcome.event === "unreachable";
    this.#retry.settled(isUnanswered);
    this.#hooks.emit(outcome);
    if (isUnanswered) this.#hooks.onUnreachable?.();
    this.#listeners.resolve(outcome);
  }

  #takePending(): Change | undefined {
    const change = this.#pending;
    this.#pending = undefined;
    this.#listeners.cover();
    return change;
  }

  #nextHint(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#wake = undefined;
        resolve();
      };
      const timer = setTimeout(done, ms);
      this.#wake = done;
    });
  }
}
