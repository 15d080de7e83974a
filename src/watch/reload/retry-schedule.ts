/**
 * Decides when to repeat a reload that the node did not answer: at once, then less and less often.
 */

/** The longest interval for a node that answers some calls and not others. */
const RETRY_MAX_MS = 60_000;

export class RetrySchedule {
  /** How many times in a row the node did not answer. */
  #unanswered = 0;
  /** performance.now() */
  #retryAt = Number.POSITIVE_INFINITY;

  /** A reload has ended. @param isUnanswered the node did not answer */
  settled(isUnanswered: boolean): void {
    this.#retryAt = isUnanswered
      ? performance.now() + retryDelay(this.#unanswered)
      : Number.POSITIVE_INFINITY;
    this.#unanswered = isUnanswered ? this.#unanswered + 1 : 0;
  }

  /** The node did not answer the last reload. */
  get isUnanswered(): boolean {
    return this.#unanswered > 0;
  }

  /** Whether to repeat an unanswered reload, if the node answers now. */
  get isDue(): boolean {
    return performance.now() >= this.#retryAt;
  }
}

/** @param before how many times it was tried in vain @returns ms */
function retryDelay(before: number): number {
  return before === 0 ? 0 : Math.min(RETRY_MAX_MS, 500 * 2 ** before);
}
