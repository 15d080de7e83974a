/** Formats the output of a failed plugin, highlighting the places in its own code. */
import type { Finding } from "../../events/watch-events.js";
import { sanitize } from "./sanitize.js";
import type { Paint } from "./style.js";

/**
 * Formats findings.
 * @param indent the text before each line
 * @returns lines without line ends
 */
export function renderFindings(
  findings: readonly Finding[],
  paint: Paint,
  indent: string,
): string[] {
  return findings.map(({ kind, text }) => indent + renderFinding(kind, sanitize(text), paint));
}

function renderFinding(kind: Finding["kind"], text: string, paint: Paint): string {
  switch (kind) {
    case "heading":
      return paint.red(text);
    case "own-frame":
      return `  ${paint.bold(paint.underline(text))}`;
    case "quote":
      return `    ${text}`;
    case "note":
      return `  ${paint.dim(text)}`;
  }
}
