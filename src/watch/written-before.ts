/**
 * When the files beside a plugin had been written before they were watched. An event says neither
 * whether content or mode has changed nor what was there before, and a file that is written with the
 * time of another (`cp -p`, `rsync -a --inplace`) looks as old as one that has only got a mode.
 */
import type { Look } from "./look.js";

export class WrittenBefore {
  readonly #times = new Map<string, number>();
  #openedAt = Number.POSITIVE_INFINITY;

  /** From now on a file that nothing is known of has been written since if its time says so. */
  open(): void {
    this.#openedAt = Date.now();
  }

  /** A file as it is found at the beginning: what is noted first, stays. @param mtimeMs as of stat */
  note(path: string, mtimeMs: number): void {
    if (!this.#times.has(path)) this.#times.set(path, Math.floor(mtimeMs));
  }

  /** Whether a file that is looked at for the first time since has been written since. */
  isWrittenSince(path: string, look: Look): boolean {
    const before = this.#times.get(path);
    return look.writtenAt >= this.#openedAt || (before !== undefined && before !== look.writtenAt);
  }
}
