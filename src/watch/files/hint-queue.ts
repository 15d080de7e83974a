/**
 * A queue of hints about paths, each path once. They are handled in short slices, so that keys and
 * signals are still served when many files change at once. Used by the file source.
 */

/** How long hints are handled before anything else gets its turn, in ms. */
const SLICE_MS = 8;
/** From this many waiting hints on, files are compared without their contents. */
const BULK = 200;

export interface HintHooks {
  /**
   * Checks a path.
   * @param isBulk whether many more are waiting
   * @returns whether it has changed
   */
  readonly hasChanged: (path: string, isBulk: boolean) => boolean;
  /**
   * Called with the changed paths of a slice.
   * @param at performance.now() of the first hint
   */
  readonly onChanged: (paths: readonly string[], at: number) => void;
}

export class HintQueue {
  readonly #hooks: HintHooks;
  /** The waiting paths, with performance.now() of their first hints. */
  readonly #waiting = new Map<string, number>();
  /** Time spent in this turn of the event loop, in ms. */
  #spentMs = 0;
  #turn: NodeJS.Immediate | undefined;

  constructor(hooks: HintHooks) {
    this.#hooks = hooks;
  }

  /** Handles the hint at once if there is time left in this turn. */
  add(path: string): void {
    if (!this.#waiting.has(path)) this.#waiting.set(path, performance.now());
    this.#turn ??= this.#beginTurn();
    if (this.#spentMs < SLICE_MS) this.#handle();
  }

  close(): void {
    clearImmediate(this.#turn);
    this.#waiting.clear();
  }

  #beginTurn(): NodeJS.Immediate {
    this.#spentMs = 0;
    return setImmediate(() => {
      this.#turn = undefined;
      if (this.#waiting.size === 0) return;
      this.#turn = this.#beginTurn();
      this.#handle();
    });
  }

  #handle(): void {
    const from = performance.now();
    const changed: string[] = [];
    let at = Number.POSITIVE_INFINITY;
    for (const [path, hintedAt] of this.#waiting) {
      this.#waiting.delete(path);
      if (this.#hooks.hasChanged(path, this.#waiting.size >= BULK)) {
        changed.push(path);
        at = Math.min(at, hintedAt);
      }
      if (this.#spentMs + performance.now() - from >= SLICE_MS) break;
    }
    this.#spentMs += performance.now() - from;
    if (changed.length > 0) this.#hooks.onChanged(changed, at);
  }
}
