/** Delivers events to listeners and `for await` loops. */
import { EventEmitter, on } from "node:events";

/** The names that iterators listen for. No event has them. */
const ANY = "any event";
const END = "end of events";

export class EventStream<E extends { readonly event: string }> {
  readonly #emitter = new EventEmitter().setMaxListeners(0);
  #hasEnded = false;
  /** The events held back until {@link open}; undefined from then on. */
  #early: E[] | undefined = [];

  emit(event: E): void {
    if (this.#early) this.#early.push(event);
    else {
      this.#emitter.emit(event.event, event);
      this.#emitter.emit(ANY, event);
    }
  }

  /** Delivers the events held back, and from now on each event at once. */
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
        // A listener's error is the caller's: it must neither interrupt us nor be hidden.
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

  /** Ends the stream. Iterators end after the events emitted so far. */
  end(): void {
    this.open();
    this.#hasEnded = true;
    this.#emitter.emit(END);
  }
}
