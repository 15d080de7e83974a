/**
 * How far an attempt has come, which changes it covers, and whether a newer change makes it
 * pointless. Used by reload-attempt.ts alone.
 */
import { type Change, merge, type Target } from "../../../events/reload-target.js";
import type { Emit, Phase } from "../../../events/watch-events.js";
import { type FileSnapshot, takeSnapshot } from "../../files/file-snapshot.js";
import type { SelfChanges } from "./self-changes.js";

export interface ProgressOptions {
  readonly target: Target;
  readonly change: Change;
  readonly emit: Emit;
  /** Takes the changes that have come since, if any: this attempt covers them. */
  readonly moreChanges: () => Change | undefined;
  readonly selfChanges: SelfChanges;
  /** These files do not supersede the attempt: it finds out whether each start writes them. */
  readonly suspectedFiles: ReadonlySet<string>;
  /** No file supersedes it: there has been no outcome for too long. */
  readonly isFinal: boolean;
}

/** A key or a command during a younger start joins it instead of starting again, in ms. */
const JOIN_MS = 1_000;

/** The attempt is over, because a newer change makes it pointless. */
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

  /** What the attempt covers so far. */
  get change(): Change {
    return this.#change;
  }

  /** A step has begun that may write files. */
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

  /** The build is done. @returns how long it took, in ms */
  built(): number {
    this.#isBuilt = true;
    return performance.now() - this.#stepAt;
  }

  /** The files that superseded it; empty if it was something else. */
  get supersededBy(): readonly string[] {
    return this.#supersededBy;
  }

  /** The files that changed while it was built or started. */
  get changedMeanwhile(): ReadonlySet<string> {
    return this.#changedMeanwhile;
  }

  /** A change has come: the attempt covers it, or is superseded. */
  changed(change: Change): void {
    // The attempt keeps the settings that it began with.
    if (change.cause === "settings") {
      this.supersede();
      return;
    }
    const reasons = this.#options.selfChanges.reasons(change.files);
    // A source that is saved after the build is not in its result.
    const { path } = this.#options.target.plugin;
    const ownOutput = change.files.every((file) => file === path);
    const isLate = this.#isBuilt && change.cause === "file" && !ownOutput;
    if ((this.#step === "settle" || this.#step === "stop") && !isLate) return;
    const young = performance.now() - this.#stepAt < JOIN_MS;
    if (this.#step === "start" && change.cause !== "file" && change.cause !== "node" && young)
      return;
    if (change.cause === "file") {
      // A build is supposed to write what it writes.
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

  /** Covers the changes that have come since. */
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
