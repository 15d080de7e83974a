/** Callers that wait for an outcome: of the current reload, or of the next one. */
import type { Outcome } from "../../events/watch-events.js";

type Listener = (outcome: Outcome) => void;

export class OutcomeListeners {
  #next: Listener[] = [];
  #current: Listener[] = [];

  /** The outcome of the next reload. */
  next(): Promise<Outcome> {
    return new Promise((resolve) => this.#next.push(resolve));
  }

  /** The outcome of the current reload. */
  current(): Promise<Outcome> {
    return new Promise((resolve) => this.#current.push(resolve));
  }

  /** The current reload now covers those who wait for the next one, too. */
  cover(): void {
    this.#current.push(...this.#next.splice(0));
  }

  /** The current reload has ended. */
  resolve(outcome: Outcome): void {
    for (const resolve of this.#current.splice(0)) resolve(outcome);
  }
}
