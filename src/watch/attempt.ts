/**
 * One reload from its change to its outcome: build, settle, check, stop, start, verify (DESIGN: reload,
 * exactly). Made by the reloader, which keeps what an attempt leaves behind.
 */
import { Failure } from "../failure.js";
import { NodeUnreachable, RpcError } from "../node/errors.js";
import type { StartOption } from "../node/start-options.js";
import type { Manifest } from "../plugin/manifest.js";
import { inspectPluginFile, mayBeMidSave, type PluginFile } from "../plugin/plugin-file.js";
import { runBuild } from "./build.js";
import { checkFirst } from "./check-first.js";
import { diagnoseStart, type Started } from "./diagnosis.js";
import type { Emit, Outcome, Phase } from "./events.js";
import { type Look, lookAt, sameFile } from "./look.js";
import { type Belief, NodeSide } from "./node-side.js";
import { failed, NO_DIAGNOSIS, notBuilt, refused, unreachable } from "./outcomes.js";
import { settle, untilOld } from "./settle.js";
import { tellSlowStart } from "./slow-start.js";
import type { Kept } from "./take-over.js";
import { type Change, merge, type Target } from "./target.js";

export interface AttemptOptions {
  readonly target: Target;
  readonly change: Change;
  readonly belief: Belief;
  readonly kept: Kept;
  readonly emit: Emit;
  /** The node's version, where it has been asked. */
  readonly version: string | undefined;
  /** It is known to take long for its start. */
  readonly slow: boolean;
  /** Takes the changes that have come since, if any: this attempt covers them. */
  readonly moreChanges: () => Change | undefined;
  /** Resolves at the next change, or after so many ms. */
  readonly nextHint: (ms: number) => Promise<void>;
}

export interface AttemptResult {
  /** Undefined: superseded, the changes are to be tried again. */
  readonly outcome: Outcome | undefined;
  readonly belief: Belief;
  readonly kept: Kept;
  readonly change: Change;
  /** The node died of the plugin as it looked then. */
  readonly deadly: Look | undefined;
}

/** A key or a command during a start that is younger than this joins it instead of beginning anew. */
const JOIN_MS = 1_000;

/** A save takes no longer than this from emptying the file to filling it again. */
const SAVE_MS = 30;

/** The attempt is over, because a newer change makes its end uninteresting. */
class Superseded extends Error {}

export class Attempt {
  readonly #options: AttemptOptions;
  readonly #target: Target;
  readonly #newer = new AbortController();
  readonly #leave = new AbortController();
  #change: Change;
  readonly #node: NodeSide;
  #step: Phase | "settle" | "diagnose" = "settle";
  #stepAt = 0;
  #buildMs: number | undefined;
  #seen: Look | undefined;
  #manifest: Manifest | undefined;
  #deadly: Look | undefined;

  constructor(options: AttemptOptions) {
    this.#options = options;
    this.#target = options.target;
    this.#change = options.change;
    const { target, belief, kept } = options;
    const signals = { signal: this.#newer.signal, leave: this.#leave.signal };
    this.#node = new NodeSide(target, belief, kept, signals);
  }

  /** Tells the attempt of a change that came while it runs. */
  changed(change: Change): void {
    // A source that is saved after the build is not in what it made.
    const isBuilt = this.#buildMs !== undefined && change.cause === "file";
    const ownOutput = change.files.every((file) => file === this.#target.plugin.path);
    const isLate = isBuilt && !ownOutput;
    if ((this.#step === "settle" || this.#step === "stop") && !isLate) return;
    const young = performance.now() - this.#stepAt < JOIN_MS;
    if (this.#step === "start" && change.cause !== "file" && change.cause !== "node" && young)
      return;
    // What a build writes is what it was asked for.
    if (this.#step === "build" && change.cause === "file" && ownOutput) return;
    this.#newer.abort();
  }

  /** The plugin file as this attempt has found it; undefined before that. */
  get seen(): Look | undefined {
    return this.#seen;
  }

  /** Ends the attempt as soon as that can be: what the node is about is left to it. */
  giveUp(): void {
    this.#leave.abort();
    this.#newer.abort();
  }

  /** Does the reload. Throws nothing. */
  async run(): Promise<AttemptResult> {
    const { emit } = this.#options;
    emit({
      event: "reloading",
      ...this.#target.name,
      cause: this.#change.cause,
      files: this.#change.files,
    });
    let outcome: Outcome | undefined;
    try {
      outcome = (await this.#build()) ?? (await this.#reload());
    } catch (error) {
      outcome = this.#outcomeOf(error);
    }
    const deadly = this.#deadly;
    const { belief, kept } = this.#node;
    return { outcome, belief, kept, change: this.#change, deadly };
  }

  async #reload(): Promise<Outcome> {
    const settled = await this.#settle();
    // Whatever can be wrong without the node is found while the old version still runs.
    await this.#node.find(settled.file);
    const options = await this.#node.startOptions(settled.file);
    const unfit = await this.#check(settled.file, settled.look, options);
    if (unfit !== undefined) return unfit;
    const stopMs = await this.#node.stop(() => this.#begin("stop"));
    // What was saved during the stop is what is started.
    const same = sameFile(lookAt(this.#target.plugin.path).fingerprint, settled.look.fingerprint);
    const { file, look } = same ? settled : await this.#settle();
    this.#absorb();
    const startMs = await this.#start(file, look, options);
    if (typeof startMs !== "number") return startMs;
    this.#absorb();
    return {
      event: "reloaded",
      ...this.#target.name,
      cause: this.#change.cause,
      files: this.#change.files,
      totalMs: performance.now() - this.#change.at,
      stopMs,
      startMs,
      buildMs: this.#buildMs,
      takenOver: [...new Set(this.#node.kept.takenOver.map((option) => option.name))],
    };
  }

  async #build(): Promise<Outcome | undefined> {
    const { build } = this.#target.plugin;
    if (build === undefined) return undefined;
    this.#begin("build");
    const result = await runBuild(build.command, build.cwd, this.#newer.signal);
    this.#throwIfSuperseded();
    this.#buildMs = performance.now() - this.#stepAt;
    this.#absorb();
    if (result.ok) return undefined;
    return notBuilt(this.#target.name, this.#change, build.command, result, this.#node.runs);
  }

  async #settle(): Promise<{ readonly file: PluginFile; readonly look: Look }> {
    this.#begin("settle");
    const { path } = this.#target.plugin;
    const settled = await settle({
      plugin: path,
      others: this.#change.files.filter((file) => file !== path),
      nextHint: this.#options.nextHint,
      signal: this.#newer.signal,
    });
    this.#seen = settled.usable ? settled.look : lookAt(path);
    this.#absorb();
    this.#throwIfSuperseded();
    try {
      const file = await inspectPluginFile(path);
      if (settled.usable) return { file, look: settled.look };
    } catch (error) {
      // Usable a moment ago: the next save may be under way, and hide the beginning of the file.
      const young = Date.now() - lookAt(path).writtenAt < SAVE_MS;
      const midSave = error instanceof Failure && (young || mayBeMidSave(error));
      if (!settled.usable || !midSave) throw error;
      await this.#options.nextHint(SAVE_MS);
    }
    // What was wrong has just been put right, or the other way round: it settles anew.
    throw new Superseded();
  }

  /** `--safe`: what would not start is found while the old version still runs. */
  async #check(
    file: PluginFile,
    look: Look,
    options: readonly StartOption[],
  ): Promise<Outcome | undefined> {
    if (!this.#target.plugin.safe) return undefined;
    this.#begin("check");
    const { signal } = this.#newer;
    const { target, version } = this.#options;
    const running = this.#node.runs;
    const verdict = await checkFirst({ target, file, options, running, version, signal });
    this.#verify(look);
    this.#manifest = verdict.ok ? verdict.manifest : undefined;
    if (verdict.ok) return undefined;
    const check = () => this.#verify(look);
    await untilOld(file.path, this.#options.nextHint, check);
    this.#absorb();
    const error = new Error(verdict.message);
    return failed(target.name, this.#change, "check", error, verdict.diagnosis, running);
  }

  /** Starts the plugin. @returns ms, or the outcome of a start that failed */
  async #start(
    file: PluginFile,
    look: Look,
    options: readonly StartOption[],
  ): Promise<number | Outcome> {
    this.#begin("start");
    const started = {
      target: this.#target,
      file,
      options,
      since: new Date(),
      manifest: this.#manifest,
    };
    const { emit, slow } = this.#options;
    const heard = slow ? undefined : tellSlowStart(started, emit, this.#newer.signal);
    try {
      const startMs = await this.#node
        .start(started, this.#options.nextHint)
        .finally(() => heard?.());
      this.#verify(look);
      return startMs;
    } catch (error) {
      this.#throwIfSuperseded();
      if (error instanceof NodeUnreachable && error.reason === "closed") {
        return await this.#nodeDied(started, look, error);
      }
      if (!(error instanceof RpcError)) throw error;
      return await this.#diagnose(started, look, error);
    }
  }

  /** The node went away during the start: a plugin can do that to it. */
  async #nodeDied(started: Started, look: Look, error: NodeUnreachable): Promise<Outcome> {
    this.#begin("diagnose");
    this.#node.belief = { is: "unknown" };
    const diagnosis = await diagnoseStart(started, error, this.#newer.signal);
    if (diagnosis.killsNode) this.#deadly = look;
    return unreachable(this.#target.name, error, diagnosis);
  }

  async #diagnose(started: Started, look: Look, error: unknown): Promise<Outcome> {
    this.#begin("diagnose");
    const diagnosis = await diagnoseStart(started, error, this.#newer.signal);
    const check = () => this.#verify(look);
    await untilOld(started.file.path, this.#options.nextHint, check);
    this.#absorb();
    return failed(this.#target.name, this.#change, "start", error, diagnosis, false);
  }

  /** The file as it was started must be the file as it is: the last save wins. */
  #verify(look: Look): void {
    this.#throwIfSuperseded();
    const now = lookAt(this.#target.plugin.path);
    if (!sameFile(now.fingerprint, look.fingerprint)) throw new Superseded();
  }

  #outcomeOf(error: unknown): Outcome | undefined {
    const { name } = this.#target;
    if (error instanceof Superseded || this.#newer.signal.aborted) return undefined;
    if (error instanceof NodeUnreachable) {
      this.#node.belief = { is: "unknown" };
      return unreachable(name, error);
    }
    if (error instanceof Failure) return refused(name, error, this.#node.runs);
    const phase = this.#step === "stop" ? "stop" : "start";
    if (error instanceof RpcError) this.#node.belief = { is: "unknown" };
    return failed(name, this.#change, phase, error, NO_DIAGNOSIS, this.#node.runs);
  }

  #begin(step: Phase | "settle" | "diagnose"): void {
    this.#step = step;
    this.#stepAt = performance.now();
    if (step === "settle" || step === "diagnose") return;
    this.#options.emit({ event: "phase", ...this.#target.name, phase: step });
  }

  #absorb(): void {
    const more = this.#options.moreChanges();
    if (more !== undefined) this.#change = merge(this.#change, more);
  }

  #throwIfSuperseded(): void {
    if (this.#newer.signal.aborted) throw new Superseded();
  }
}
