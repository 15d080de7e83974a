/** Decides when to retry a reload that the node did not answer: at once, then ever less often. */

/** The longest time between retries, in ms, for a node that answers some calls and not others. */
const RETRY_MAX_MS = 60_000;

export class RetrySchedule {
  /** How many times in a row the node did not answer. */
  #unanswered = 0;
  /** When the next retry is due, as performance.now(). */
  #retryAt = Number.POSITIVE_INFINITY;

  /** Called when a reload has ended. @param isUnanswered whether the node did not answer */
  settled(isUnanswered: boolean): void {
    this.#retryAt = isUnanswered
      ? performance.now() + retryDelay(this.#unanswered)
      : Number.POSITIVE_INFINITY;
    this.#unanswered = isUnanswered ? this.#unanswered + 1 : 0;
  }

  /** Whether the node did not answer the last reload. */
  get isUnanswered(): boolean {
    return this.#unanswered > 0;
  }

  /** Whether to retry an unanswered reload, if the node answers now. */
  get isDue(): boolean {
    return performance.now() >= this.#retryAt;
  }
}

/** Returns the time to wait, in ms. @param before how many attempts were not answered before */
function retryDelay(before: number): number {
  return before === 0 ? 0 : Math.min(RETRY_MAX_MS, 500 * 2 ** before);
}
