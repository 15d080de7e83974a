/** The callers that wait for an outcome: of the current reload, or of the next one. */
import type { Outcome } from "../../events/watch-events.js";

type Listener = (outcome: Outcome) => void;

export class OutcomeListeners {
  #next: Listener[] = [];
  #current: Listener[] = [];

  /** Resolves with the outcome of the next reload. */
  next(): Promise<Outcome> {
    return new Promise((resolve) => this.#next.push(resolve));
  }

  /** Resolves with the outcome of the current reload. */
  current(): Promise<Outcome> {
    return new Promise((resolve) => this.#current.push(resolve));
  }

  /** Lets the current reload also cover the callers that wait for the next one. */
  cover(): void {
    this.#current.push(...this.#next.splice(0));
  }

  /** Passes the outcome of the current reload to the callers that wait for it. */
  resolve(outcome: Outcome): void {
    for (const resolve of this.#current.splice(0)) resolve(outcome);
  }
}
