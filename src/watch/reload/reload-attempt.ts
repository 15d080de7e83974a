/**
 * One reload from its change to its outcome: build, settle, check, stop, start, verify. The
 * reloader creates it, and keeps the state that it returns.
 */
import { Failure } from "../../errors/failure.js";
import { failed, NO_DIAGNOSIS, refused, unreachable } from "../../events/outcomes.js";
import type { Change, Target } from "../../events/reload-target.js";
import type { Outcome, Reloaded } from "../../events/watch-events.js";
import { descendantsOf } from "../../node/plugins/plugin-processes.js";
import type { StartOption } from "../../node/plugins/start-options.js";
import { NodeUnreachable, RpcError } from "../../node/rpc/errors.js";
import type { Manifest } from "../../plugin/manifest/manifest.js";
import { type FileSnapshot, takeSnapshot } from "../files/file-snapshot.js";
import { reloadHot } from "../hot/hot-reload.js";
import { socketIdentity } from "../node/identify-node.js";
import {
  type AttemptContext,
  type ReloadAttemptOptions,
  untilSure,
  warn,
} from "./attempt-context.js";
import { runBuildStep } from "./build/build-step.js";
import { type InheritedOptions, shownOptions } from "./options/inherited-options.js";
import { reportOutsideStart } from "./options/outside-start-notice.js";
import { PluginOnNode, type PluginState } from "./plugin-on-node.js";
import { onNode } from "./slow-node-notice.js";
import { checkBeforeStop } from "./start/safe-check.js";
import { PluginSettling, type SettledPlugin } from "./start/settle-plugin.js";
import { removeStaleBytecodeOf } from "./start/stale-bytecode.js";
import { StartStep, startedNow } from "./start/start-step.js";
import { endLeftovers } from "./stop/end-leftovers.js";
import { AttemptProgress, Superseded } from "./supersede/attempt-progress.js";

export interface ReloadAttemptResult {
  /** Undefined if the attempt was superseded: the next one covers its changes. */
  readonly outcome: Outcome | undefined;
  readonly state: PluginState;
  readonly inherited: InheritedOptions;
  readonly change: Change;
  /** The files that superseded it. */
  readonly supersededBy: readonly string[];
  /** The files that changed while it was built or started. */
  readonly changedMeanwhile: ReadonlySet<string>;
  /** The plugin file as it was when the node died of it. */
  readonly deadly: FileSnapshot | undefined;
}

/** How long a start that is given up may take to end by itself, in ms. */
const START_GRACE_MS = 500;
/** How long the node may then take to report that the start was ended, in ms. */
const CANCEL_MS = 1_500;
export class ReloadAttempt {
  readonly #options: ReloadAttemptOptions;
  readonly #target: Target;
  readonly #progress: AttemptProgress;
  readonly #abandoned = new AbortController();
  readonly #node: PluginOnNode;
  readonly #settling: PluginSettling;
  readonly #context: AttemptContext;
  #buildMs: number | undefined;
  #givenUp = false;
  readonly #timers: NodeJS.Timeout[] = [];
  #deadly: FileSnapshot | undefined;

  constructor(options: ReloadAttemptOptions) {
    this.#options = options;
    this.#target = options.target;
    this.#progress = new AttemptProgress(options);
    const { target, state, inherited } = options;
    const signals = { signal: this.#progress.newer, abandoned: this.#abandoned.signal };
    this.#node = new PluginOnNode(target, state, inherited, options, signals);
    this.#settling = new PluginSettling(options, this.#progress);
    const over = AbortSignal.any([signals.abandoned, signals.signal]);
    this.#context = { options, progress: this.#progress, node: this.#node, over };
  }

  /** Called when a change arrives while the attempt runs. */
  changed(change: Change): void {
    this.#progress.changed(change);
  }

  /** Whether a step has begun that may write files. */
  get hasBegun(): boolean {
    return this.#progress.hasBegun;
  }

  /** See {@link Change.depth}. */
  get depth(): number {
    return this.#progress.change.depth ?? 0;
  }

  /** The plugin file as this attempt found it; undefined before that. */
  get seen(): FileSnapshot | undefined {
    return this.#settling.seen;
  }

  /**
   * Ends the attempt as soon as possible. A start gets a moment to finish by itself. Then it is
   * ended, since lightningd starts no other plugin while it waits for one.
   */
  giveUp(): void {
    if (this.#progress.step !== "start") {
      this.#abandoned.abort();
      this.#progress.supersede();
      return;
    }
    this.#givenUp = true;
    const supersede = setTimeout(() => this.#progress.supersede(), START_GRACE_MS);
    const abandoned = setTimeout(() => this.#abandoned.abort(), START_GRACE_MS + CANCEL_MS);
    this.#timers.push(supersede, abandoned);
  }

  /** Runs the reload. Never rejects. */
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
    const { state, inherited } = this.#node;
    const { change, supersededBy, changedMeanwhile } = this.#progress;
    return {
      outcome,
      state,
      inherited,
      change,
      supersededBy,
      changedMeanwhile,
      deadly,
    };
  }

  /** Reports what became of a start that was given up. */
  #reportGivenUp(): void {
    if (!this.#givenUp || this.#node.runs) return;
    const { plugin } = this.#target.name;
    const message =
      this.#node.state.is === "starting"
        ? `${plugin} is still starting: the node waits for it for up to 120 s, and starts no other plugin until then`
        : `${plugin} was still starting, and was killed`;
    this.#options.emit({ event: "notice", level: "warn", message });
  }

  async #build(): Promise<Outcome | undefined> {
    const { emit, runningContent } = this.#options;
    const step = { target: this.#target, node: this.#node, progress: this.#progress };
    const built = await runBuildStep({ ...step, emit, runningContent });
    this.#buildMs = built?.buildMs;
    if (built?.outcome?.event === "unchanged") {
      this.#settling.seen = takeSnapshot(this.#target.plugin.path);
    }
    return built?.outcome;
  }

  async #reload(): Promise<Outcome> {
    const { identify, processes, isShared, onStart } = this.#options;
    const { rpcFile } = this.#target.node;
    const socket = socketIdentity(rpcFile);
    // A running host is a child of a node that was identified at its start, so it need not wait.
    const isAtHand = this.#node.hot !== undefined;
    // Otherwise, identify the node while the files settle.
    const identified = isAtHand ? undefined : identify(this.#context.over);
    identified?.catch(() => {});
    const settled = await this.#settling.settle();
    const path = settled.file.realPath;
    let found: Promise<string> | undefined;
    const version = () => {
      found ??= onNode(this.#context, "find", path, async () => {
        const { version } = await (identified ?? identify(this.#context.over));
        if (!isAtHand) await this.#node.find(settled.file, processes);
        return version;
      });
      return found;
    };
    // Whatever can go wrong without the node should do so while the old version still runs.
    if (!isAtHand) await version();
    reportOutsideStart(this.#context);
    const options = await this.#node.startOptions(settled.file);
    const check = await checkBeforeStop(this.#context, settled, options, version);
    if ("outcome" in check) return check.outcome;
    const hot = await this.#reloadHot(settled, options, version, check.manifest);
    if (hot !== undefined) return hot;
    const leftovers = descendantsOf(processes);
    const stopMs = await onNode(this.#context, "stop", path, () =>
      this.#node.stop(() => this.#progress.begin("stop"), isShared()),
    );
    for (const message of await endLeftovers(leftovers)) warn(this.#context, message);
    // What was saved during the stop is started.
    const now = takeSnapshot(this.#target.plugin.path);
    const same = now.fingerprint === settled.snapshot.fingerprint;
    const plugin = same ? settled : await this.#settling.settle();
    this.#progress.absorb();
    await removeStaleBytecodeOf(this.#context, plugin.file);
    onStart();
    if (socketIdentity(rpcFile) !== socket) await identify(this.#context.over);
    const start = new StartStep(this.#context, check.manifest);
    const startMs = await start.run(plugin, options).finally(() => {
      this.#deadly = start.deadly;
    });
    if (typeof startMs !== "number") return startMs;
    return this.#reloaded({ stopMs, startMs });
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
      takenOver: shownOptions(this.#node.inherited.takenOver),
      ...times,
    };
  }

  /**
   * Lets the host behind the front try the new version. If that fails, the old one keeps serving.
   * @returns undefined if there is no host
   */
  async #reloadHot(
    { file, snapshot }: SettledPlugin,
    options: readonly StartOption[],
    version: () => Promise<string>,
    manifest: Manifest | undefined,
  ): Promise<Outcome | undefined> {
    const { hot } = this.#node;
    if (hot === undefined) return undefined;
    await removeStaleBytecodeOf(this.#context, file);
    this.#options.onStart();
    this.#progress.begin("start");
    const started = startedNow(this.#context, file, options, manifest);
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
      untilSure: () => untilSure(this.#context, snapshot),
    });
    if ("event" in result) return result;
    this.#node.tookOver(started);
    this.#progress.verify(snapshot);
    return this.#reloaded({ stopMs: undefined, startMs: result.startMs, hot: result.switched });
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

/** Returns the failure for a running plugin whose file is gone. */
function fileGone({ kind, why, exitCode }: Failure, path: string): Failure {
  return new Failure({
    kind,
    what: `${path} is gone`,
    ...(why === undefined ? {} : { why }),
    fix: "Put it back, or restart the watch with its new path",
    exitCode,
  });
}
