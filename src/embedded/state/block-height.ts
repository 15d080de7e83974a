/**
 * The block height that the embedded node pretends to see: 0 until `block_added` is raised. Used by
 * methods/node-info.ts and emit/raise.ts.
 */
export class BlockHeight {
  #height = 0;
  #waiting = new Set<{ readonly height: number; readonly reached: () => void }>();

  get height(): number {
    return this.#height;
  }

  /** Sets the height, and calls back all waiters for this height or a lower one. */
  reach(height: number): void {
    this.#height = height;
    for (const waiter of [...this.#waiting]) {
      if (waiter.height > height) continue;
      this.#waiting.delete(waiter);
      waiter.reached();
    }
  }

  /** Calls `reached` once the chain has this height. @returns a function that cancels the wait */
  wait(height: number, reached: () => void): () => void {
    const waiter = { height, reached };
    this.#waiting.add(waiter);
    return () => void this.#waiting.delete(waiter);
  }
}
