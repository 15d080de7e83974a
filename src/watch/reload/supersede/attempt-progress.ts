/**
 * How far an attempt has come, which changes it covers, and whether a newer change makes it
 * pointless.
 */
import { type Change, merge, type Target } from "../../../events/reload-target.js";
import type { Emit, Phase } from "../../../events/watch-events.js";
import { type FileSnapshot, takeSnapshot } from "../../files/file-snapshot.js";
import type { SelfChanges } from "./self-changes.js";

export interface ProgressOptions {
  readonly target: Target;
  readonly change: Change;
  readonly emit: Emit;
  /** Takes the changes that have arrived since, if any: this attempt covers them. */
  readonly moreChanges: () => Change | undefined;
  readonly selfChanges: SelfChanges;
  /** Files that do not supersede the attempt: it tests whether each start writes them. */
  readonly suspectedFiles: ReadonlySet<string>;
  /** Whether no file supersedes the attempt, since there has been no outcome for too long. */
  readonly isFinal: boolean;
}

/** How old a start may be for a key or a command to join it instead of starting again, in ms. */
const JOIN_MS = 1_000;

/** Thrown to end an attempt that a newer change makes pointless. */
export class Superseded extends Error {}

export class AttemptProgress {
  readonly #options: ProgressOptions;
  readonly #newer = new AbortController();
  #change: Change;
  #step: Phase | "settle" | "diagnose" = "settle";
  #stepAt = 0;
  #hasBegun = false;
  #isBuilt = false;
  #supersededBy: readonly string[] = [];
  readonly #changedMeanwhile = new Set<string>();

  constructor(options: ProgressOptions) {
    this.#options = options;
    this.#change = options.change;
  }

  /** The change that the attempt covers so far. */
  get change(): Change {
    return this.#change;
  }

  /** Whether a step has begun that may write files. */
  get hasBegun(): boolean {
    return this.#hasBegun;
  }

  get step(): Phase | "settle" | "diagnose" {
    return this.#step;
  }

  /** Aborted when the attempt is superseded or given up. */
  get newer(): AbortSignal {
    return this.#newer.signal;
  }

  begin(step: Phase | "settle" | "diagnose"): void {
    this.#step = step;
    this.#stepAt = performance.now();
    if (step === "settle" || step === "diagnose") return;
    this.#hasBegun = true;
    this.#options.emit({ event: "phase", ...this.#options.target.name, phase: step });
  }

  /** Called when the build is done. @returns how long it took, in ms */
  built(): number {
    this.#isBuilt = true;
    return performance.now() - this.#stepAt;
  }

  /** The files that superseded the attempt; empty if something else did. */
  get supersededBy(): readonly string[] {
    return this.#supersededBy;
  }

  /** The files that changed while it was built or started. */
  get changedMeanwhile(): ReadonlySet<string> {
    return this.#changedMeanwhile;
  }

  /** Called when a change arrives: the attempt covers it, or is superseded. */
  changed(change: Change): void {
    // An attempt cannot change the settings it began with.
    if (change.cause === "settings") {
      this.supersede();
      return;
    }
    const reasons = this.#options.selfChanges.reasons(change.files);
    // The build's result lacks a source that is saved after it.
    const { path } = this.#options.target.plugin;
    const ownOutput = change.files.every((file) => file === path);
    const isLate = this.#isBuilt && change.cause === "file" && !ownOutput;
    if ((this.#step === "settle" || this.#step === "stop") && !isLate) return;
    const young = performance.now() - this.#stepAt < JOIN_MS;
    if (this.#step === "start" && change.cause !== "file" && change.cause !== "node" && young)
      return;
    if (change.cause === "file") {
      // A build is supposed to write the plugin file.
      if (this.#step === "build" && ownOutput) return;
      for (const file of change.files) this.#changedMeanwhile.add(file);
      const { suspectedFiles, isFinal } = this.#options;
      if (isFinal || reasons.every((file) => suspectedFiles.has(file))) return;
      this.#supersededBy = reasons;
    }
    this.supersede();
  }

  supersede(): void {
    this.#newer.abort();
  }

  /** Makes the attempt cover the changes that have arrived since. */
  absorb(): void {
    const more = this.#options.moreChanges();
    if (more !== undefined) this.#change = merge(this.#change, more);
  }

  /** @throws Superseded */
  throwIfSuperseded(): void {
    if (this.#newer.signal.aborted) throw new Superseded();
  }

  /**
   * Checks that the file is still the one that was started: the last save wins.
   * @throws Superseded
   */
  verify(snapshot: FileSnapshot): void {
    this.throwIfSuperseded();
    const { path } = this.#options.target.plugin;
    if (takeSnapshot(path).fingerprint === snapshot.fingerprint) return;
    this.#changedMeanwhile.add(path);
    if (this.#options.isFinal || this.#options.suspectedFiles.has(path)) return;
    this.#supersededBy = [path];
    throw new Superseded();
  }
}
