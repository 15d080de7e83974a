/**
 * What the files beside a plugin were before they were watched: their times and sizes. An event says
 * neither whether content or mode has changed nor what was there before, and a file that is written
 * with the time of another (`cp -p`, `rsync -a --inplace`) looks as old as one that has only got a
 * mode.
 */
import type { Look } from "./file-snapshot.js";

export class WrittenBefore {
  readonly #before = new Map<string, string>();
  #openedAt = Number.POSITIVE_INFINITY;

  /** From now on a file that nothing is known of has been written since if its time says so. */
  open(): void {
    this.#openedAt = Date.now();
  }

  /** A file as it is found at the beginning: what is noted first, stays. @param mtimeMs as of stat */
  note(path: string, { mtimeMs, size }: { readonly mtimeMs: number; readonly size: number }): void {
    if (!this.#before.has(path)) this.#before.set(path, `${Math.floor(mtimeMs)} ${size}`);
  }

  /** Whether a file that is looked at for the first time since has been written since. */
  isWrittenSince(path: string, { writtenAt, size }: Look): boolean {
    const before = this.#before.get(path);
    if (writtenAt >= this.#openedAt) return true;
    return before !== undefined && before !== `${writtenAt} ${size}`;
  }
}
