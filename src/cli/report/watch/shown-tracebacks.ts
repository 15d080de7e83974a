/**
 * Which tracebacks have been shown since a reload. pyln-client logs that of a failed `init` at once,
 * and it is found again in the answer, a moment later: it is to be shown once.
 */
import type { Explained, Finding, LogLine, Reloading } from "../../../events/watch-events.js";

/** That of `init` is among the first. */
const MAX_KEPT = 20;

const ABOVE: Finding = { kind: "note", text: "Its traceback is above" };

export class ShownTracebacks {
  /** By node: what distinguishes one traceback from another. */
  readonly #shown = new Map<string, readonly string[]>();

  /** A new version comes: its tracebacks are shown again. */
  forget({ node }: Reloading): void {
    this.#shown.delete(node);
  }

  /** A log line is shown. */
  keep({ node, findings }: LogLine): void {
    const shown = this.#shown.get(node) ?? [];
    if (findings === undefined || shown.length >= MAX_KEPT) return;
    this.#shown.set(node, [...shown, essence(findings)]);
  }

  /** What is to be shown of an explanation: without the traceback that has been shown. */
  shorten(event: Explained): Explained {
    const isShown = this.#shown.get(event.node)?.includes(essence(event.findings)) ?? false;
    return isShown ? { ...event, findings: [ABOVE] } : event;
  }
}

/** The error and its places in the plugin: what is shown of the libraries may differ. */
function essence(findings: readonly Finding[]): string {
  const own = findings.filter(({ kind }) => kind === "heading" || kind === "own-frame");
  return own.map(({ text }) => text).join("\n");
}
