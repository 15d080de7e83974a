/** Who waits for the outcome of a reload: of the one under way, or of the one that follows it. */
import type { Outcome } from "../../events/watch-events.js";

type Waiter = (outcome: Outcome) => void;

export class Waiters {
  #next: Waiter[] = [];
  #covered: Waiter[] = [];

  /** Waits for the reload that has not begun yet. */
  forNext(): Promise<Outcome> {
    return new Promise((resolve) => this.#next.push(resolve));
  }

  /** Waits for the one under way. */
  forPresent(): Promise<Outcome> {
    return new Promise((resolve) => this.#covered.push(resolve));
  }

  /** The reload under way covers those, too, who wait for the next. */
  cover(): void {
    this.#covered.push(...this.#next.splice(0));
  }

  /** The reload under way has ended. */
  tell(outcome: Outcome): void {
    for (const resolve of this.#covered.splice(0)) resolve(outcome);
  }
}
