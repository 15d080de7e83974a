/** A shell's complaint: `x.sh: line 5: foo: command not found` (bash), `x.sh: 5: foo: not found` (dash). */
import type { Trace } from "./trace.js";

export function readShellTrace(lines: readonly string[]): Trace | undefined {
  for (const line of lines.toReversed()) {
    const [, file, number, error] =
      /^(\S[^:]*): (?:line )?(\d+): (.+)$/.exec(line) ?? /^(\/[^:]+):(\d+): (.+)$/.exec(line) ?? [];
    if (file === undefined || error === undefined) continue;
    return { error, frames: [{ file, line: Number(number) }] };
  }
  return undefined;
}
