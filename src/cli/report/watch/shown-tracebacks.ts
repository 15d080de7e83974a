/**
 * Which tracebacks have been shown since a reload. pyln-client logs that of a failed `init`, where it
 * is told at once, and it is found again in the answer, a moment later: it is to be shown once.
 */
import type { Explained, Finding, LogLine, Reloading } from "../../../events/watch-events.js";

/** That of `init` is among the first. */
const KEPT = 20;

const ABOVE: Finding = { kind: "note", text: "Its traceback stands above" };

export class ToldTraces {
  /** By node: what tells one traceback from another. */
  readonly #told = new Map<string, readonly string[]>();

  /** A new version comes: what it says is told anew. */
  forget({ node }: Reloading): void {
    this.#told.delete(node);
  }

  /** A log line is told. */
  keep({ node, findings }: LogLine): void {
    const told = this.#told.get(node) ?? [];
    if (findings === undefined || told.length >= KEPT) return;
    this.#told.set(node, [...told, essence(findings)]);
  }

  /** What is to be shown of an explanation: without the traceback that has been told. */
  shorten(event: Explained): Explained {
    const isTold = this.#told.get(event.node)?.includes(essence(event.findings)) ?? false;
    return isTold ? { ...event, findings: [ABOVE] } : event;
  }
}

/** The error and its places in the plugin: what is shown of the libraries may differ. */
function essence(findings: readonly Finding[]): string {
  const own = findings.filter(({ kind }) => kind === "heading" || kind === "own-frame");
  return own.map(({ text }) => text).join("\n");
}
