/**
 * The height of the chain that the embedded node pretends to see: 0, until somebody raises
 * `block_added`. Used by methods/waitblockheight.ts and emit/raise.ts.
 */
export class BlockHeight {
  #height = 0;
  #waiting = new Set<{ readonly height: number; readonly reached: () => void }>();

  get height(): number {
    return this.#height;
  }

  /** A block has come: everybody who waits for its height, or a lower one, is called back. */
  reach(height: number): void {
    this.#height = height;
    for (const waiter of [...this.#waiting]) {
      if (waiter.height > height) continue;
      this.#waiting.delete(waiter);
      waiter.reached();
    }
  }

  /** @returns what gives the wait up */
  wait(height: number, reached: () => void): () => void {
    const waiter = { height, reached };
    this.#waiting.add(waiter);
    return () => void this.#waiting.delete(waiter);
  }
}
