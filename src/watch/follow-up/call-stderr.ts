/**
 * What is printed to stderr while a `--call` is made. Where the plugin dies of the call, its traceback is
 * in the report on that, and is left out here; all else is shown, at most a moment later.
 */
import type { Emit, LogLine, WatchEvent } from "../../events/watch-events.js";

/** Lines of a call that takes longer are shown as they come, ms. */
const HOLD_MS = 1_000;
/** The node's stderr file has been looked at by then, ms. */
const LATE_MS = 300;
/** How a traceback begins: Python, Node, Rust, Go. */
const TRACE_START =
  /^(?:Traceback \(most recent call last\):|(?:file:\/\/)?\/.*:\d+$|node:\S+:\d+$|thread '.*' .*panicked at |panic: )/;

export class CallStderr {
  readonly #emit: Emit;
  /** By node: the lines that wait. */
  readonly #held = new Map<string, LogLine[]>();
  readonly #timers = new Map<string, NodeJS.Timeout>();

  constructor(emit: Emit) {
    this.#emit = emit;
  }

  /** Gives the event on, at once or when it is known what becomes of the call. */
  event(event: WatchEvent): void {
    switch (event.event) {
      case "log": {
        const held = event.level === "stderr" ? this.#held.get(event.node) : undefined;
        if (held !== undefined) held.push(event);
        else this.#emit(event);
        return;
      }
      case "calling":
        this.#release(event.node);
        this.#held.set(event.node, []);
        this.#end(event.node, HOLD_MS);
        break;
      case "called":
        if (event.ok) this.#release(event.node);
        else if (this.#held.has(event.node)) this.#end(event.node, HOLD_MS);
        break;
      case "explained":
        if (this.#held.has(event.node) && event.findings.some(({ kind }) => kind === "own-frame"))
          this.#end(event.node, LATE_MS, withoutTrace);
        break;
      case "ended":
        for (const node of [...this.#held.keys()]) this.#release(node);
        break;
    }
    this.#emit(event);
  }

  #end(node: string, ms: number, choose: (lines: readonly LogLine[]) => readonly LogLine[] = all) {
    clearTimeout(this.#timers.get(node));
    this.#timers.set(
      node,
      setTimeout(() => this.#release(node, choose), ms),
    );
  }

  #release(node: string, choose: (lines: readonly LogLine[]) => readonly LogLine[] = all): void {
    clearTimeout(this.#timers.get(node));
    const held = this.#held.get(node) ?? [];
    this.#held.delete(node);
    for (const line of choose(held)) this.#emit(line);
  }
}

function all(lines: readonly LogLine[]): readonly LogLine[] {
  return lines;
}

/** What was printed before it. */
function withoutTrace(lines: readonly LogLine[]): readonly LogLine[] {
  const at = lines.findIndex(({ text }) => TRACE_START.test(text));
  return at < 0 ? lines : lines.slice(0, at);
}
