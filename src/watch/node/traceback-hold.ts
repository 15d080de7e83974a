/**
 * A traceback on stderr waits for the report on the plugin that died of it: where that report has it, it
 * is not shown a second time. All else on stderr is shown at once.
 */
import type { Emit, LogLine, WatchEvent } from "../../events/watch-events.js";

/** A death is noticed within 2 s; a traceback of a plugin that survives it is shown then, ms. */
const WAIT_MS = 2_500;
/** The node's stderr file has been looked at by then, ms. */
const LATE_MS = 300;
/** How a traceback begins: Python, Node, Rust, Go. */
const TRACE_START =
  /^(?:Traceback \(most recent call last\):|(?:file:\/\/)?\/.*:\d+$|node:\S+:\d+$|thread '.*' .*panicked at |panic: )/;

interface Held {
  readonly lines: LogLine[];
  /** The report has the traceback. */
  readonly isReported: boolean;
  readonly timer: NodeJS.Timeout;
}

export class TracebackHold {
  readonly #emit: Emit;
  /** By node. */
  readonly #held = new Map<string, Held>();

  constructor(emit: Emit) {
    this.#emit = emit;
  }

  /** Gives the event on, at once or when it is known whether a report has what it shows. */
  event(event: WatchEvent): void {
    switch (event.event) {
      case "log":
        if (event.level === "stderr" && this.#holds(event)) return;
        break;
      case "reloading":
        this.#release(event.node);
        break;
      case "called":
      case "plugin-died":
        if (this.#held.has(event.node)) this.#hold(event.node, WAIT_MS, false);
        break;
      case "explained":
        if (event.findings.some(({ kind }) => kind === "own-frame"))
          this.#hold(event.node, LATE_MS, true);
        break;
      case "ended":
        for (const node of [...this.#held.keys()]) this.#release(node);
        break;
    }
    this.#emit(event);
  }

  #holds(line: LogLine): boolean {
    if (!this.#held.has(line.node)) {
      if (!TRACE_START.test(line.text)) return false;
      this.#hold(line.node, WAIT_MS, false);
    }
    this.#held.get(line.node)?.lines.push(line);
    return true;
  }

  #hold(node: string, ms: number, isReported: boolean): void {
    const { lines = [], timer } = this.#held.get(node) ?? {};
    clearTimeout(timer);
    this.#held.set(node, { lines, isReported, timer: setTimeout(() => this.#release(node), ms) });
  }

  #release(node: string): void {
    const held = this.#held.get(node);
    if (held === undefined) return;
    clearTimeout(held.timer);
    this.#held.delete(node);
    const { lines, isReported } = held;
    const at = isReported ? lines.findIndex(({ text }) => TRACE_START.test(text)) : -1;
    for (const line of at < 0 ? lines : lines.slice(0, at)) this.#emit(line);
  }
}
