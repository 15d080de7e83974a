/**
 * A shell's error: `x.sh: line 5: foo: command not found` (bash), `x.sh: 5: foo: not found` (dash).
 */
import type { Trace } from "./trace.js";

const COMPLAINT = /^(\S[^:]*): (?:line )?(\d+): (.+)$/;

export function readShellTrace(lines: readonly string[]): Trace | undefined {
  let code: string | undefined;
  let brokenPipe: Trace | undefined;
  for (const line of lines.toReversed()) {
    const [, file, number, error] =
      COMPLAINT.exec(line) ?? /^(\/[^:]+):(\d+): (.+)$/.exec(line) ?? [];
    if (file === undefined || error === undefined) continue;
    // bash quotes the line of a syntax error below the error itself.
    const quoted = /^`(.*)'$/.exec(error)?.[1];
    if (quoted !== undefined) code = quoted.trim();
    else {
      const frame = { file, line: Number(number), ...(code ? { code } : {}) };
      const trace = { error, frames: [frame] };
      // The program at the other end was not there, or has ended: its own error says why.
      if (!/: Broken pipe$/.test(error)) return trace;
      brokenPipe ??= trace;
    }
  }
  return brokenPipe;
}
