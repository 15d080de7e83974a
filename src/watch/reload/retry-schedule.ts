/** When a reload is made again that the node gave no answer to: at once, then more and more seldom. */

/** A node that answers some calls and not others is asked no more seldom than this. */
const RETRY_MAX_MS = 60_000;

export class RetrySchedule {
  /** How often in a row the node gave no answer. */
  #unanswered = 0;
  /** performance.now() */
  #retryAt = Number.POSITIVE_INFINITY;

  /** A reload has ended. @param isUnanswered the node gave no answer */
  settled(isUnanswered: boolean): void {
    this.#retryAt = isUnanswered
      ? performance.now() + retryDelay(this.#unanswered)
      : Number.POSITIVE_INFINITY;
    this.#unanswered = isUnanswered ? this.#unanswered + 1 : 0;
  }

  /** The node gave no answer to the last reload. */
  get isUnanswered(): boolean {
    return this.#unanswered > 0;
  }

  /** A reload that had no answer is to be made again, if the node answers now. */
  get isDue(): boolean {
    return performance.now() >= this.#retryAt;
  }
}

/** @param before how often it was in vain @returns ms */
function retryDelay(before: number): number {
  return before === 0 ? 0 : Math.min(RETRY_MAX_MS, 500 * 2 ** before);
}
