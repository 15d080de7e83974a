/** Python's tracebacks: of exceptions (the last of a chain), of groups, threads and syntax errors. */
import type { Trace, TraceFrame } from "./trace.js";

const FRAME = /^\s*(?:\|\s*)?File "(.+)", line (\d+)(?:, in (.+))?$/;
/** An exception's own line: `pkg.Error: message`, `KeyboardInterrupt`. */
const ERROR = /^(?:\|\s*)?((?:[A-Za-z_][\w.]*\.)?[A-Z]\w*)(?::\s?(.*))?$/;

export function readPythonTrace(all: readonly string[]): Trace | undefined {
  const group = all.findLastIndex((line) => /^\s*\+ Exception Group Traceback/.test(line));
  if (group === -1) return readTraceback(all);
  // The first of its exceptions says the most; the group itself is only a wrapper.
  const inside = all.slice(group).map((line) => line.replace(/^\s*[|+]( |$)/, ""));
  const second = inside.findIndex((line) => /^\s*\+-+ 2 -+$/.test(line));
  const until = second === -1 ? inside : inside.slice(0, second);
  const depth = until.map((line) => line.replace(/^(\s*\|)+ ?/, "").replace(/^\s*\+-.*$/, ""));
  const trace = readTraceback(depth);
  const head = inside.find((line) => /^(Base)?ExceptionGroup: /.test(line));
  return trace && head ? { ...trace, error: `${trace.error}\n(${head})` } : trace;
}

function readTraceback(lines: readonly string[]): Trace | undefined {
  const last = lines.findLastIndex((line) => FRAME.test(line));
  if (last === -1) return undefined;
  const errorAt = lines.findIndex((line, index) => index > last && ERROR.test(line));
  if (errorAt === -1) return undefined;
  return { error: errorText(lines, errorAt), frames: framesBefore(lines, last) };
}

/** The frames of the block that ends with the one at `last`. */
function framesBefore(lines: readonly string[], last: number): TraceFrame[] {
  const start = lines.findLastIndex((line, index) => index < last && /Traceback \(most/.test(line));
  const frames: TraceFrame[] = [];
  for (let at = Math.max(0, start); at <= last; at++) {
    const [, file, number, name] = FRAME.exec(lines[at] ?? "") ?? [];
    if (file === undefined) continue;
    const code = lines[at + 1]?.trim();
    const hasCode = code !== undefined && code !== "" && !FRAME.test(lines[at + 1] ?? "");
    frames.push({
      file,
      line: Number(number),
      ...(name === undefined ? {} : { name }),
      ...(hasCode && /^\s/.test(lines[at + 1] ?? "") ? { code } : {}),
    });
  }
  return frames;
}

/** A message may have several lines; it ends at a blank one. */
function errorText(lines: readonly string[], at: number): string {
  const end = lines.findIndex((line, index) => index > at && line.trim() === "");
  return lines
    .slice(at, Math.min(end === -1 ? lines.length : end, at + 6))
    .join("\n")
    .trimEnd();
}
