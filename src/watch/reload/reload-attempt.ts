/**
 * One reload from its change to its outcome: build, settle, check, stop, start, verify. Made by the
 * reloader, which keeps what an attempt leaves behind.
 */

import { mayDropOption } from "../../diagnose/evidence/dropped-option.js";
import { diagnoseStart, markStderrOf, type Started } from "../../diagnose/on-demand.js";
import { Failure } from "../../errors/failure.js";
import { failed, NO_DIAGNOSIS, refused, unreachable } from "../../events/outcomes.js";
import type { Change, Target } from "../../events/reload-target.js";
import type { NodeFacts, Outcome, Reloaded } from "../../events/watch-events.js";
import { nodePid } from "../../node/node-process.js";
import { listPlugins } from "../../node/plugins/plugin-command.js";
import { descendantsOf, type ProcessIdentity } from "../../node/plugins/plugin-processes.js";
import type { StartOption } from "../../node/plugins/start-options.js";
import { NodeUnreachable, RpcError } from "../../node/rpc/errors.js";
import { inspectPluginFile, mayBeMidSave, type PluginFile } from "../../plugin/file/plugin-file.js";
import type { Manifest } from "../../plugin/manifest/manifest.js";
import { shownValue } from "../../plugin/secret-options.js";
import { type FileSnapshot, sameFile, takeSnapshot } from "../files/file-snapshot.js";
import { waitUntilQuiet, waitUntilStable } from "../files/wait-until-stable.js";
import { reloadHot } from "../hot/hot-reload.js";
import type { TraceSource } from "../hot/trace-source.js";
import { socketIdentity } from "../node/identify-node.js";
import { runBuildStep } from "./build/build-step.js";
import { type InheritedOptions, shownOptions } from "./options/inherited-options.js";
import { PluginOnNode, type PluginState } from "./plugin-on-node.js";
import { type NodeStep, reportSlowStep } from "./slow-node-notice.js";
import { checkFirst } from "./start/safe-check.js";
import { reportSlowStart } from "./start/slow-start-notice.js";
import { pycachePrefixes, removeStaleBytecode } from "./start/stale-bytecode.js";
import { endLeftovers } from "./stop/end-leftovers.js";
import { AttemptProgress, type ProgressOptions, Superseded } from "./supersede/attempt-progress.js";
import type { Burst } from "./supersede/burst.js";

export interface ReloadAttemptOptions extends ProgressOptions {
  readonly state: PluginState;
  readonly trace: TraceSource | undefined;
  readonly kept: InheritedOptions;
  /** @throws Failure: the node must not be touched; NodeUnreachable */
  readonly identify: (signal: AbortSignal) => Promise<NodeFacts>;
  /** Files that changed since the last start; undefined where that is not known. */
  readonly changedFiles: () => readonly string[] | undefined;
  /** A start is sent now: what changes from here on has changed since. */
  readonly onStart: () => void;
  /** Where the plugin's last start had its Python bytecode beside `__pycache__`. */
  readonly pycachePrefixes: readonly string[];
  /** What the node has started of the version that runs; empty where that is not known. */
  readonly processes: readonly ProcessIdentity[];
  /** Another watch session starts the same plugin on the same node. */
  readonly isShared: () => boolean;
  /** What the plugin has written to stderr since its start was sent, where that is heard. */
  readonly stderr: () => string | undefined;
  /** The start takes long: what was held back can be shown. */
  readonly onSlowStart: () => void;
  /** What the last build made that was started; undefined where that is not known. */
  readonly runningContent: Promise<string | undefined>;
  readonly burst: Burst;
  /** It is known to take long for its start. */
  readonly slow: boolean;
  /** Resolves at the next change, or after so many ms. */
  readonly nextHint: (ms: number) => Promise<void>;
}

export interface ReloadAttemptResult {
  /** Undefined: superseded, the changes are to be tried again. */
  readonly outcome: Outcome | undefined;
  readonly state: PluginState;
  readonly kept: InheritedOptions;
  readonly change: Change;
  /** The files that superseded it. */
  readonly supersededBy: readonly string[];
  /** The files that changed while it was built or started. */
  readonly changedMeanwhile: ReadonlySet<string>;
  /** As given. */
  readonly suspects: ReadonlySet<string>;
  /** The node died of the plugin as it looked then. */
  readonly deadly: FileSnapshot | undefined;
}

/** A save takes no longer than this from emptying the file to filling it again. */
const SAVE_MS = 30;
/** An address that the previous version held is free again by then, ms. */
const IN_USE_RETRY_MS = 1_000;
/** Another session that has the plugin, too, has started it by then, ms. */
const OTHER_SESSION_MS = 3_000;
const POLL_MS = 50;
/** A start that is given up may end by itself within this, ms. */
const START_GRACE_MS = 500;
/** Then the node has so long to answer that it is ended, ms. */
const CANCEL_MS = 1_500;
/** A file that looks usable and is not so often in a row is not being saved: it is not for this user, say. */
const MAX_UNSETTLED = 5;

export class ReloadAttempt {
  readonly #options: ReloadAttemptOptions;
  readonly #target: Target;
  readonly #progress: AttemptProgress;
  readonly #leave = new AbortController();
  readonly #node: PluginOnNode;
  #buildMs: number | undefined;
  #unsettled = 0;
  #hasRetried = false;
  #givenUp = false;
  readonly #timers: NodeJS.Timeout[] = [];
  #seen: FileSnapshot | undefined;
  #manifest: Manifest | undefined;
  #deadly: FileSnapshot | undefined;

  constructor(options: ReloadAttemptOptions) {
    this.#options = options;
    this.#target = options.target;
    this.#progress = new AttemptProgress(options);
    const { target, state, kept } = options;
    const signals = { signal: this.#progress.newer, leave: this.#leave.signal };
    this.#node = new PluginOnNode(target, state, kept, options, signals);
  }

  /** A change came while the attempt runs. */
  changed(change: Change): void {
    this.#progress.changed(change);
  }

  /** The plugin file as this attempt has found it; undefined before that. */
  get seen(): FileSnapshot | undefined {
    return this.#seen;
  }

  /**
   * Ends the attempt as soon as that can be. A start gets a moment to end by itself; then it is ended,
   * since lightningd starts no other plugin while it waits for one.
   */
  giveUp(): void {
    if (this.#progress.step !== "start") {
      this.#leave.abort();
      this.#progress.supersede();
      return;
    }
    this.#givenUp = true;
    const supersede = setTimeout(() => this.#progress.supersede(), START_GRACE_MS);
    const leave = setTimeout(() => this.#leave.abort(), START_GRACE_MS + CANCEL_MS);
    this.#timers.push(supersede, leave);
  }

  /** Does the reload. Throws nothing. */
  async run(): Promise<ReloadAttemptResult> {
    const { emit } = this.#options;
    emit({
      event: "reloading",
      ...this.#target.name,
      cause: this.#progress.change.cause,
      files: this.#progress.change.files,
    });
    let outcome: Outcome | undefined;
    try {
      outcome = (await this.#build()) ?? (await this.#reload());
    } catch (error) {
      outcome = this.#outcomeOf(error);
    }
    for (const timer of this.#timers) clearTimeout(timer);
    this.#reportGivenUp();
    const deadly = this.#deadly;
    const { state, kept } = this.#node;
    const { change, supersededBy, changedMeanwhile } = this.#progress;
    const { suspects } = this.#options;
    return { outcome, state, kept, change, supersededBy, changedMeanwhile, suspects, deadly };
  }

  /** What is left of a start that was given up. */
  #reportGivenUp(): void {
    if (!this.#givenUp || this.#node.runs) return;
    const { plugin } = this.#target.name;
    const message =
      this.#node.state.is === "starting"
        ? `${plugin} has not finished its start: the node waits for it, for at most 120 s, and starts no other plugin until then`
        : `${plugin} had not finished its start, and was ended`;
    this.#options.emit({ event: "notice", level: "warn", message });
  }

  async #reload(): Promise<Outcome> {
    const { identify } = this.#options;
    const { rpcFile } = this.#target.node;
    const socket = socketIdentity(rpcFile);
    // The node is asked while the files settle.
    const identified = identify(this.#leaveOrNewer);
    identified.catch(() => {});
    const settled = await this.#settle();
    const path = settled.file.realPath;
    // Whatever can be wrong without the node is found while the old version still runs.
    const version = await this.#onNode("find", path, async () => {
      const { version } = await identified;
      await this.#node.find(settled.file, this.#options.processes);
      return version;
    });
    this.#reportByOthers();
    const options = await this.#node.startOptions(settled.file);
    const unfit = await this.#check(settled.file, settled.look, options, version);
    if (unfit !== undefined) return unfit;
    const hot = await this.#reloadHot(settled.file, settled.look, options, version);
    if (hot !== undefined) return hot;
    const leftovers = descendantsOf(this.#options.processes);
    const stopMs = await this.#onNode("stop", path, () =>
      this.#node.stop(() => this.#progress.begin("stop"), this.#options.isShared()),
    );
    for (const left of await endLeftovers(leftovers)) this.#warn(left);
    // What was saved during the stop is what is started.
    const same = sameFile(
      takeSnapshot(this.#target.plugin.path).fingerprint,
      settled.look.fingerprint,
    );
    const { file, look } = same ? settled : await this.#settle();
    this.#progress.absorb();
    await this.#removeStaleBytecode(file);
    this.#options.onStart();
    if (socketIdentity(rpcFile) !== socket) await identify(this.#leaveOrNewer);
    const startMs = await this.#start(file, look, options);
    if (typeof startMs !== "number") return startMs;
    return this.#reloaded({ stopMs, startMs });
  }

  #warn(message: string): void {
    this.#options.emit({ event: "notice", level: "warn", message });
  }

  /** Somebody else has started the plugin since: with which options, and what becomes of them. */
  #reportByOthers(): void {
    const { byOthers, kept } = this.#node;
    // A command is given other options on purpose.
    const isReplaced = kept.replaced.length > 0 && this.#progress.change.cause === "start";
    if (!byOthers && !isReplaced) return;
    const { name, plugin } = this.#target;
    const all = shownOptions(kept.takenOver);
    const details = all.length === 0 ? [] : [`${all.join(", ")} is kept`];
    for (const option of kept.replaced) {
      const given = plugin.options.find((one) => one.name === option.name);
      const [was] = shownOptions([option]);
      details.push(
        `${was} is replaced by ${given && shownValue(given)}, which this session was given`,
      );
    }
    const more = details.length === 0 ? "" : `: ${details.join("; ")}`;
    this.#warn(`${name.plugin} was started outside this session${more}`);
  }

  #reloaded(times: Pick<Reloaded, "stopMs" | "startMs" | "hot">): Reloaded {
    this.#progress.absorb();
    return {
      event: "reloaded",
      ...this.#target.name,
      cause: this.#progress.change.cause,
      files: this.#progress.change.files,
      totalMs: performance.now() - this.#progress.change.at,
      buildMs: this.#buildMs,
      takenOver: shownOptions(this.#node.kept.takenOver),
      ...times,
    };
  }

  /**
   * The host behind the front tries the new version; the old one still serves where that fails.
   * @returns undefined where there is no host, or where it must be started again
   */
  async #reloadHot(
    file: PluginFile,
    look: FileSnapshot,
    options: readonly StartOption[],
    version: string,
  ): Promise<Outcome | undefined> {
    const { hot } = this.#node;
    if (hot === undefined) return undefined;
    await this.#removeStaleBytecode(file);
    this.#options.onStart();
    this.#progress.begin("start");
    const started = this.#started(file, options);
    const { emit } = this.#options;
    const result = await reloadHot({
      target: this.#target,
      node: this.#node,
      hot,
      file,
      options,
      version,
      progress: this.#progress,
      emit,
      untilSure: () => this.#untilSure(look),
    });
    if (result === undefined || "event" in result) return result;
    this.#node.tookOver(started);
    this.#progress.verify(look);
    return this.#reloaded({ stopMs: undefined, startMs: result.startMs, hot: result.switched });
  }

  #started(file: PluginFile, options: readonly StartOption[]): Started {
    return {
      target: this.#target,
      file,
      options,
      since: new Date(),
      stderrMark: markStderrOf(this.#target.node),
      manifest: this.#manifest,
    };
  }

  /** Does something on the node, and reports what it waits for where that takes long. */
  async #onNode<T>(step: NodeStep, path: string, act: () => Promise<T>): Promise<T> {
    const { state } = this.#node;
    const listedAs = "path" in state ? state.path : path;
    const end = reportSlowStep(this.#target, listedAs, step, this.#options.emit);
    return await act().finally(end);
  }

  async #build(): Promise<Outcome | undefined> {
    const { emit, runningContent } = this.#options;
    const step = { target: this.#target, node: this.#node, progress: this.#progress };
    const built = await runBuildStep({ ...step, emit, runningContent });
    this.#buildMs = built?.buildMs;
    if (built?.outcome?.event === "unchanged") {
      this.#seen = takeSnapshot(this.#target.plugin.path);
    }
    return built?.outcome;
  }

  async #settle(): Promise<{ readonly file: PluginFile; readonly look: FileSnapshot }> {
    this.#progress.begin("settle");
    const { path } = this.#target.plugin;
    const settled = await waitUntilStable({
      plugin: path,
      others: this.#progress.change.files.filter((file) => file !== path),
      nextHint: this.#options.nextHint,
      signal: this.#progress.newer,
    });
    this.#seen = settled.usable ? settled.look : takeSnapshot(path);
    this.#progress.absorb();
    this.#progress.throwIfSuperseded();
    try {
      const file = await inspectPluginFile(path);
      if (settled.usable) return { file, look: settled.look };
    } catch (error) {
      // Usable a moment ago: the next save may be under way, and hide the beginning of the file.
      const age = Date.now() - takeSnapshot(path).writtenAt;
      const isYoung = age >= 0 && age < SAVE_MS;
      const midSave = error instanceof Failure && (isYoung || mayBeMidSave(error));
      const isLast = this.#unsettled >= MAX_UNSETTLED;
      if (!settled.usable || !midSave || isLast) throw error;
      await this.#options.nextHint(SAVE_MS);
    }
    // What was wrong has just been put right, or the other way round: it settles again.
    this.#unsettled++;
    return this.#settle();
  }

  get #leaveOrNewer(): AbortSignal {
    return AbortSignal.any([this.#leave.signal, this.#progress.newer]);
  }

  /** Python would take it for the code that was saved. */
  async #removeStaleBytecode(file: PluginFile): Promise<void> {
    const { plugin, node, name } = this.#target;
    const pid = nodePid(node.lightningDir, node.network);
    const kept = await removeStaleBytecode({
      plugin,
      changed: this.#options.changedFiles(),
      prefixes: [
        ...this.#options.pycachePrefixes,
        ...pycachePrefixes(
          file.interpreter?.line ?? "",
          pid === undefined ? [] : [pid],
          node.networkDir,
        ),
      ],
    });
    for (const path of kept) {
      this.#warn(
        `${name.plugin} may run the previous version: Python takes ${path} for current, and it cannot be removed`,
      );
    }
  }

  /** `--safe`: what would not start is found while the old version still runs. */
  async #check(
    file: PluginFile,
    look: FileSnapshot,
    options: readonly StartOption[],
    version: string,
  ): Promise<Outcome | undefined> {
    const { shapes } = this.#node.kept;
    const configured = [...(shapes ?? [])].filter(([, { isConfigured }]) => isConfigured);
    const names = configured.map(([name]) => name);
    // What would take the node down is looked at in any case where that costs nothing.
    const isSuspect = mayDropOption(file, names, options.length > 0, version);
    if (!this.#target.plugin.safe && !isSuspect) return undefined;
    await this.#removeStaleBytecode(file);
    this.#progress.begin("check");
    const signal = this.#progress.newer;
    const { target } = this.#options;
    const running = this.#node.runs;
    const verdict = await checkFirst({
      onlyCrashes: !target.plugin.safe,
      target,
      file,
      options,
      running,
      version,
      signal,
      nextHint: this.#options.nextHint,
    });
    this.#progress.verify(look);
    this.#manifest = verdict.ok ? verdict.manifest : undefined;
    if (verdict.ok) return undefined;
    await this.#untilSure(look);
    const error = new Error(verdict.message);
    return failed(target.name, this.#progress.change, "check", error, verdict.diagnosis, running);
  }

  /** Starts the plugin. @returns ms, or the outcome of a start that failed */
  async #start(
    file: PluginFile,
    look: FileSnapshot,
    options: readonly StartOption[],
  ): Promise<number | Outcome> {
    this.#progress.begin("start");
    const started = this.#started(file, options);
    const { emit, slow } = this.#options;
    const { stderr, onSlowStart } = this.#options;
    const heard = slow
      ? undefined
      : reportSlowStart(started, emit, this.#progress.newer, { stderr, onSlow: onSlowStart });
    try {
      const startMs = await this.#onNode("start", file.realPath, () =>
        this.#node.start(started, this.#options.nextHint),
      ).finally(() => heard?.());
      this.#progress.verify(look);
      return startMs;
    } catch (error) {
      this.#progress.throwIfSuperseded();
      if (error instanceof NodeUnreachable && error.reason === "closed") {
        return await this.#nodeDied(started, look, error);
      }
      if (!(error instanceof RpcError)) throw error;
      // The other session has stopped it, and starts it.
      const from = performance.now();
      if (this.#options.isShared() && (await this.#isStartedByOther(file.realPath, look))) {
        return performance.now() - from;
      }
      return await this.#diagnose(started, look, error);
    }
  }

  /** Whether the node runs the plugin all the same, a moment later. */
  async #isStartedByOther(path: string, look: FileSnapshot): Promise<boolean> {
    const until = performance.now() + OTHER_SESSION_MS;
    while (performance.now() < until) {
      await this.#options.nextHint(POLL_MS);
      this.#progress.verify(look);
      const plugins = await listPlugins(this.#target.node.rpcFile, { signal: this.#leaveOrNewer });
      if (!plugins.some(({ name, active }) => name === path && active)) continue;
      this.#node.state = { is: "running", path };
      return true;
    }
    return false;
  }

  /** The node went away during the start: a plugin can do that to it. */
  async #nodeDied(started: Started, look: FileSnapshot, error: NodeUnreachable): Promise<Outcome> {
    this.#progress.begin("diagnose");
    this.#node.state = { is: "unknown" };
    const diagnosis = await diagnoseStart(started, error, this.#progress.newer);
    if (diagnosis.killsNode) this.#deadly = look;
    return unreachable(this.#target.name, error, diagnosis);
  }

  async #diagnose(started: Started, look: FileSnapshot, error: unknown): Promise<number | Outcome> {
    this.#progress.begin("diagnose");
    const diagnosis = await diagnoseStart(started, error, this.#progress.newer);
    if (!this.#hasRetried && diagnosis.addressInUse) {
      // The previous version may not have let go of it yet.
      this.#hasRetried = true;
      await this.#options.nextHint(IN_USE_RETRY_MS);
      this.#progress.verify(look);
      return await this.#start(started.file, look, started.options);
    }
    await this.#untilSure(look);
    return failed(this.#target.name, this.#progress.change, "start", error, diagnosis, false);
  }

  /** A failure is reported when nothing more is being written. */
  async #untilSure(look: FileSnapshot): Promise<void> {
    const check = () => this.#progress.verify(look);
    const { nextHint, burst } = this.#options;
    await waitUntilQuiet(this.#target.plugin.path, nextHint, check);
    await burst.untilQuiet(nextHint, check);
    this.#progress.absorb();
  }

  #outcomeOf(error: unknown): Outcome | undefined {
    const { name } = this.#target;
    if (error instanceof Superseded || this.#progress.newer.aborted) return undefined;
    if (error instanceof NodeUnreachable) {
      this.#node.state = { is: "unknown" };
      return unreachable(name, error);
    }
    if (error instanceof Failure) {
      const isGone = error.kind === "plugin-missing" && this.#node.runs;
      return refused(name, isGone ? fileGone(error, name.path) : error, this.#node.runs);
    }
    const phase = this.#progress.step === "stop" ? "stop" : "start";
    if (error instanceof RpcError) this.#node.state = { is: "unknown" };
    return failed(name, this.#progress.change, phase, error, NO_DIAGNOSIS, this.#node.runs);
  }
}

/** The file of a plugin that runs. */
function fileGone({ kind, why, exitCode }: Failure, path: string): Failure {
  return new Failure({
    kind,
    what: `${path} is gone`,
    ...(why === undefined ? {} : { why }),
    fix: "Put it back, or start the watch again with its new path",
    exitCode,
  });
}
