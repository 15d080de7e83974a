/** The messages between the nodes and the plugins of a session (`--trace`), if they can be seen. */
import { MessageTrace, type PassedMessage } from "../../events/message-trace.js";
import type { Emit, TargetName } from "../../events/watch-events.js";

/** A request without an answer for this long is reported, in ms. */
const PENDING_MS = 1_000;

export class TraceSource {
  readonly #emit: Emit;
  readonly #traces = new Map<string, MessageTrace>();
  #bytes = 0;
  #look: NodeJS.Timeout | undefined;

  constructor(emit: Emit, bytes: number) {
    this.#emit = emit;
    this.bytes = bytes;
  }

  /** How much of each message is traced; 0: nothing. */
  get bytes(): number {
    return this.#bytes;
  }

  set bytes(bytes: number) {
    this.#bytes = bytes;
    clearInterval(this.#look);
    if (bytes > 0) this.#look = setInterval(() => this.#reportPending(), PENDING_MS);
    else this.#traces.clear();
  }

  /** Called with a message on the embedded node as it passes. */
  take(name: TargetName, direction: PassedMessage["direction"], text: string): void {
    const at = performance.timeOrigin + performance.now();
    const bytes = Buffer.byteLength(text);
    this.pass(name, { direction, text: text.slice(0, this.#bytes), bytes, at });
  }

  /** A version of a plugin in hot mode is gone. */
  ended(name: TargetName, version: number): void {
    this.#traces.get(keyOf(name))?.ended(version);
  }

  pass(name: TargetName, message: PassedMessage): void {
    if (this.#bytes === 0) return;
    const key = keyOf(name);
    const trace = this.#traces.get(key) ?? new MessageTrace(name);
    this.#traces.set(key, trace);
    this.#emit(trace.take(message));
  }

  close(): void {
    this.bytes = 0;
  }

  #reportPending(): void {
    for (const trace of this.#traces.values()) {
      trace.overdue(Date.now(), PENDING_MS).forEach(this.#emit);
    }
  }
}

function keyOf({ path, node }: TargetName): string {
  return `${path}\0${node}`;
}
