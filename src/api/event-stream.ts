/** Events for listeners and for `for await` loops. */
import { EventEmitter, on } from "node:events";

/** The names that iterators listen for: no event has them. */
const ANY = "any event";
const END = "end of events";

export class EventStream<E extends { readonly event: string }> {
  readonly #emitter = new EventEmitter().setMaxListeners(0);
  #hasEnded = false;
  /** Held back until {@link open}; undefined from then on. */
  #early: E[] | undefined = [];

  emit(event: E): void {
    if (this.#early) this.#early.push(event);
    else {
      this.#emitter.emit(event.event, event);
      this.#emitter.emit(ANY, event);
    }
  }

  /** Passes events on as they come from now on; earlier ones come first. */
  open(): void {
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const event of early) this.emit(event);
  }

  on<N extends E["event"]>(name: N, listener: (event: Extract<E, { event: N }>) => void): void {
    this.#emitter.on(name, (event) => {
      try {
        listener(event);
      } catch (error) {
        // A listener's error is the caller's: it must not end what is under way here, and must not
        // be hidden.
        queueMicrotask(() => {
          throw error;
        });
      }
    });
  }

  async *iterate(): AsyncGenerator<E, void> {
    if (this.#hasEnded) return;
    for await (const [event] of on(this.#emitter, ANY, { close: [END] })) yield event;
  }

  /** Iterators end when they have read what was emitted before. */
  end(): void {
    this.open();
    this.#hasEnded = true;
    this.#emitter.emit(END);
  }
}
