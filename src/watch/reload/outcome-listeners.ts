/** Callers that wait for an outcome: of the current reload, or of the one that follows it. */

import type { Outcome } from "../../events/watch-events.js";

type Listener = (outcome: Outcome) => void;

export class OutcomeListeners {
  #next: Listener[] = [];
  #current: Listener[] = [];

  /** The outcome of the reload that has not begun yet. */
  next(): Promise<Outcome> {
    return new Promise((resolve) => this.#next.push(resolve));
  }

  /** The outcome of the one under way. */
  current(): Promise<Outcome> {
    return new Promise((resolve) => this.#current.push(resolve));
  }

  /** The reload under way covers those, too, who wait for the next. */
  cover(): void {
    this.#current.push(...this.#next.splice(0));
  }

  /** The reload under way has ended. */
  resolve(outcome: Outcome): void {
    for (const resolve of this.#current.splice(0)) resolve(outcome);
  }
}
