/** What a failed plugin said, as lines for a terminal: its own places stand out. */
import type { Finding } from "../diagnose/findings.js";
import { harmlessLine } from "./harmless.js";
import type { Painter } from "./painter.js";

/** @returns indented lines, without line ends */
export function renderFindings(findings: readonly Finding[], paint: Painter): string[] {
  return findings.map(({ kind, text }) => {
    const shown = harmlessLine(text);
    switch (kind) {
      case "heading":
        return `  ${paint.red(shown)}`;
      case "own-frame":
        return `    ${paint.bold(paint.yellow(shown))}`;
      case "quote":
        return `      ${shown}`;
      case "note":
        return `    ${paint.dim(shown)}`;
    }
    return shown;
  });
}
