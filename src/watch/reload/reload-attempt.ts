/**
 * One reload from its change to its outcome: build, settle, check, stop, start, verify (DESIGN: reload,
 * exactly). Made by the reloader, which keeps what an attempt leaves behind.
 */

import { diagnoseStart, type Started } from "../../diagnose/on-demand.js";
import { Failure } from "../../errors/failure.js";
import { failed, NO_DIAGNOSIS, notBuilt, refused, unreachable } from "../../events/outcomes.js";
import type { Change, Target } from "../../events/reload-target.js";
import type { Outcome } from "../../events/watch-events.js";
import type { StartOption } from "../../node/plugins/start-options.js";
import { NodeUnreachable, RpcError } from "../../node/rpc/errors.js";
import { inspectPluginFile, mayBeMidSave, type PluginFile } from "../../plugin/file/plugin-file.js";
import type { Manifest } from "../../plugin/manifest/manifest.js";
import { type Look, lookAt, sameFile } from "../files/file-snapshot.js";
import { settle, untilOld } from "../files/wait-until-stable.js";
import { Course, type CourseOptions, Superseded } from "./attempt-progress.js";
import { runBuild } from "./build-step.js";
import { type Belief, NodeSide } from "./plugin-on-node.js";
import { checkFirst } from "./safe-check.js";
import { tellSlowStart } from "./slow-start-notice.js";
import type { Kept } from "./start-options.js";

export interface AttemptOptions extends CourseOptions {
  readonly belief: Belief;
  readonly kept: Kept;
  /** The node's version, where it has been asked. */
  readonly version: string | undefined;
  /** It is known to take long for its start. */
  readonly slow: boolean;
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

/** A save takes no longer than this from emptying the file to filling it again. */
const SAVE_MS = 30;

export class Attempt {
  readonly #options: AttemptOptions;
  readonly #target: Target;
  readonly #course: Course;
  readonly #leave = new AbortController();
  readonly #node: NodeSide;
  #buildMs: number | undefined;
  #seen: Look | undefined;
  #manifest: Manifest | undefined;
  #deadly: Look | undefined;

  constructor(options: AttemptOptions) {
    this.#options = options;
    this.#target = options.target;
    this.#course = new Course(options);
    const { target, belief, kept } = options;
    const signals = { signal: this.#course.newer, leave: this.#leave.signal };
    this.#node = new NodeSide(target, belief, kept, signals);
  }

  /** Tells the attempt of a change that came while it runs. */
  changed(change: Change): void {
    this.#course.changed(change);
  }

  /** The plugin file as this attempt has found it; undefined before that. */
  get seen(): Look | undefined {
    return this.#seen;
  }

  /** Ends the attempt as soon as that can be: what the node is about is left to it. */
  giveUp(): void {
    this.#leave.abort();
    this.#course.supersede();
  }

  /** Does the reload. Throws nothing. */
  async run(): Promise<AttemptResult> {
    const { emit } = this.#options;
    emit({
      event: "reloading",
      ...this.#target.name,
      cause: this.#course.change.cause,
      files: this.#course.change.files,
    });
    let outcome: Outcome | undefined;
    try {
      outcome = (await this.#build()) ?? (await this.#reload());
    } catch (error) {
      outcome = this.#outcomeOf(error);
    }
    const deadly = this.#deadly;
    const { belief, kept } = this.#node;
    return { outcome, belief, kept, change: this.#course.change, deadly };
  }

  async #reload(): Promise<Outcome> {
    const settled = await this.#settle();
    // Whatever can be wrong without the node is found while the old version still runs.
    await this.#node.find(settled.file);
    const options = await this.#node.startOptions(settled.file);
    const unfit = await this.#check(settled.file, settled.look, options);
    if (unfit !== undefined) return unfit;
    const stopMs = await this.#node.stop(() => this.#course.begin("stop"));
    // What was saved during the stop is what is started.
    const same = sameFile(lookAt(this.#target.plugin.path).fingerprint, settled.look.fingerprint);
    const { file, look } = same ? settled : await this.#settle();
    this.#course.absorb();
    const startMs = await this.#start(file, look, options);
    if (typeof startMs !== "number") return startMs;
    this.#course.absorb();
    return {
      event: "reloaded",
      ...this.#target.name,
      cause: this.#course.change.cause,
      files: this.#course.change.files,
      totalMs: performance.now() - this.#course.change.at,
      stopMs,
      startMs,
      buildMs: this.#buildMs,
      takenOver: [...new Set(this.#node.kept.takenOver.map((option) => option.name))],
    };
  }

  async #build(): Promise<Outcome | undefined> {
    const { build } = this.#target.plugin;
    if (build === undefined) return undefined;
    this.#course.begin("build");
    const result = await runBuild(build.command, build.cwd, this.#course.newer);
    this.#course.throwIfSuperseded();
    this.#buildMs = this.#course.built();
    this.#course.absorb();
    if (result.ok) return undefined;
    return notBuilt(this.#target.name, this.#course.change, build.command, result, this.#node.runs);
  }

  async #settle(): Promise<{ readonly file: PluginFile; readonly look: Look }> {
    this.#course.begin("settle");
    const { path } = this.#target.plugin;
    const settled = await settle({
      plugin: path,
      others: this.#course.change.files.filter((file) => file !== path),
      nextHint: this.#options.nextHint,
      signal: this.#course.newer,
    });
    this.#seen = settled.usable ? settled.look : lookAt(path);
    this.#course.absorb();
    this.#course.throwIfSuperseded();
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
    this.#course.begin("check");
    const signal = this.#course.newer;
    const { target, version } = this.#options;
    const running = this.#node.runs;
    const verdict = await checkFirst({
      target,
      file,
      options,
      running,
      version,
      signal,
      nextHint: this.#options.nextHint,
    });
    this.#course.verify(look);
    this.#manifest = verdict.ok ? verdict.manifest : undefined;
    if (verdict.ok) return undefined;
    await this.#untilSure(look);
    const error = new Error(verdict.message);
    return failed(target.name, this.#course.change, "check", error, verdict.diagnosis, running);
  }

  /** Starts the plugin. @returns ms, or the outcome of a start that failed */
  async #start(
    file: PluginFile,
    look: Look,
    options: readonly StartOption[],
  ): Promise<number | Outcome> {
    this.#course.begin("start");
    const started = {
      target: this.#target,
      file,
      options,
      since: new Date(),
      manifest: this.#manifest,
    };
    const { emit, slow } = this.#options;
    const heard = slow ? undefined : tellSlowStart(started, emit, this.#course.newer);
    try {
      const startMs = await this.#node
        .start(started, this.#options.nextHint)
        .finally(() => heard?.());
      this.#course.verify(look);
      return startMs;
    } catch (error) {
      this.#course.throwIfSuperseded();
      if (error instanceof NodeUnreachable && error.reason === "closed") {
        return await this.#nodeDied(started, look, error);
      }
      if (!(error instanceof RpcError)) throw error;
      return await this.#diagnose(started, look, error);
    }
  }

  /** The node went away during the start: a plugin can do that to it. */
  async #nodeDied(started: Started, look: Look, error: NodeUnreachable): Promise<Outcome> {
    this.#course.begin("diagnose");
    this.#node.belief = { is: "unknown" };
    const diagnosis = await diagnoseStart(started, error, this.#course.newer);
    if (diagnosis.killsNode) this.#deadly = look;
    return unreachable(this.#target.name, error, diagnosis);
  }

  async #diagnose(started: Started, look: Look, error: unknown): Promise<Outcome> {
    this.#course.begin("diagnose");
    const diagnosis = await diagnoseStart(started, error, this.#course.newer);
    await this.#untilSure(look);
    return failed(this.#target.name, this.#course.change, "start", error, diagnosis, false);
  }

  /** A failure is told when nothing more is being written. */
  async #untilSure(look: Look): Promise<void> {
    const check = () => this.#course.verify(look);
    await untilOld(this.#target.plugin.path, this.#options.nextHint, check);
    this.#course.absorb();
  }

  #outcomeOf(error: unknown): Outcome | undefined {
    const { name } = this.#target;
    if (error instanceof Superseded || this.#course.newer.aborted) return undefined;
    if (error instanceof NodeUnreachable) {
      this.#node.belief = { is: "unknown" };
      return unreachable(name, error);
    }
    if (error instanceof Failure) return refused(name, error, this.#node.runs);
    const phase = this.#course.step === "stop" ? "stop" : "start";
    if (error instanceof RpcError) this.#node.belief = { is: "unknown" };
    return failed(name, this.#course.change, phase, error, NO_DIAGNOSIS, this.#node.runs);
  }
}
