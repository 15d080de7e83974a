/**
 * Holds a traceback on stderr until it is known whether its plugin died of it. If the report of the
 * death includes it, it is not shown a second time. If the plugin survives (an exception or a panic
 * in a thread), its error and location are shown. Everything else on stderr is shown at once.
 */
import type { Emit, LogLine, WatchEvent } from "../../events/watch-events.js";
import { tracebackFindings } from "./logged-traceback.js";

/** How long a traceback waits for the report of a death, in ms: a death is noticed within 2 s. */
const WAIT_MS = 2_500;
/** How long the node's stderr file may take to be read after the report of a death, in ms. */
const LATE_MS = 300;
/** The first line of a traceback: Python, Node, Rust, Go. */
const TRACE_START =
  /^(?:Traceback \(most recent call last\):|(?:file:\/\/)?\/.*:\d+$|node:\S+:\d+$|thread '.*' .*panicked at |panic: )/;

/** The other lines of a traceback: frames, and Rust's messages. */
const TRACE_LINE = /^\s|^$|^stack backtrace:|^note: /;

interface Held {
  readonly lines: LogLine[];
  /** Whether the report of a death has the traceback. */
  readonly isReported: boolean;
  readonly timer: NodeJS.Timeout;
}

export class TracebackHold {
  readonly #emit: Emit;
  readonly #paths: () => readonly string[];
  /** By the node's rpc-file. */
  readonly #held = new Map<string, Held>();

  /** @param paths the canonical paths of the plugins that a traceback may come from */
  constructor(emit: Emit, paths: () => readonly string[]) {
    this.#emit = emit;
    this.#paths = paths;
  }

  /** Passes an event on, at once or when it is known whether a report includes it. */
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
    this.#held.set(node, {
      lines,
      isReported,
      timer: setTimeout(() => void this.#explain(node), ms),
    });
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

  /** Shows a traceback that no plugin died of; as one message if it is from a plugin's own code. */
  async #explain(node: string): Promise<void> {
    const held = this.#held.get(node);
    const [first, ...rest] = held?.lines ?? [];
    if (held !== undefined && first !== undefined && !held.isReported) {
      const trace = [first, ...rest.slice(0, traceEnd(rest))];
      const text = trace.map((line) => line.text).join("\n");
      const findings = await tracebackFindings(text, this.#paths()).catch(() => undefined);
      if (this.#held.get(node) !== held) return; // A report or the next reload came first.
      if (findings?.some(({ kind }) => kind === "own-frame"))
        held.lines.splice(0, trace.length, { ...first, text, findings });
    }
    this.#release(node);
  }
}

/** Returns how many of the lines after the first belong to its traceback. */
function traceEnd(lines: readonly LogLine[]): number {
  // A panic's second line is its message; the line after Python's frames is the error.
  const after = lines.findIndex(({ text }, index) => index > 0 && !TRACE_LINE.test(text));
  if (after === -1) return lines.length;
  return TRACE_LINE.test(lines[0]?.text ?? "") ? after + 1 : after;
}
