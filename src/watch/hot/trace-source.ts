/** Traces the messages between the nodes and the plugins of a session (`--trace`), if visible. */
import { MessageTrace, type PassedMessage } from "../../events/message-trace.js";
import type { Emit, TargetName } from "../../events/watch-events.js";

/** How long a request may go unanswered before it is reported, in ms. */
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

  /** How much of each message is traced; 0 turns the trace off. */
  get bytes(): number {
    return this.#bytes;
  }

  set bytes(bytes: number) {
    this.#bytes = bytes;
    clearInterval(this.#look);
    if (bytes > 0) this.#look = setInterval(() => this.#reportPending(), PENDING_MS);
    else this.#traces.clear();
  }

  /** Traces a message on the embedded node as it passes. */
  take(name: TargetName, direction: PassedMessage["direction"], text: string): void {
    const at = performance.timeOrigin + performance.now();
    const bytes = Buffer.byteLength(text);
    this.pass(name, { direction, text: text.slice(0, this.#bytes), bytes, at });
  }

  /** Called when a version of a plugin in hot mode has ended. */
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
