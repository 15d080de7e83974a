/** The last output of compiled plugins: Go's and Rust's panics, C's failed assertions. */
import type { Trace, TraceFrame } from "./trace.js";

export function readGoTrace(lines: readonly string[]): Trace | undefined {
  const errorAt = lines.findIndex((line) => /^(panic|fatal error): /.test(line));
  if (errorAt === -1) return readGoLog(lines);
  const frames: TraceFrame[] = [];
  for (let at = errorAt + 1; at < lines.length; at++) {
    const [, file, number] = /^\t(\/.+):(\d+)(?: \+0x[0-9a-f]+)?$/.exec(lines[at] ?? "") ?? [];
    if (file !== undefined) {
      const name = (lines[at - 1] ?? "").replace(/\(.*$/, "");
      frames.unshift({ file, line: Number(number), name });
    } else if (frames.length > 0 && lines[at]?.trim() === "") {
      break; // The next goroutine.
    }
  }
  return { error: lines[errorAt]?.trim() ?? "", frames };
}

/**
 * The last line of the log package, as `log.Fatal` writes it: with a place if that is switched on.
 */
function readGoLog(lines: readonly string[]): Trace | undefined {
  for (const line of lines.toReversed()) {
    const [, file, number, error] =
      /^\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d(?:\.\d+)? (?:(\S+\.go):(\d+): )?(.+)$/.exec(line) ?? [];
    if (error === undefined) continue;
    return { error, frames: file === undefined ? [] : [{ file, line: Number(number) }] };
  }
  return undefined;
}

export function readRustTrace(lines: readonly string[]): Trace | undefined {
  // The first one: a panic in a task, or in the logger, often follows from another.
  const at = lines.findIndex((line) => /^thread '.*' (\(\d+\) )?panicked at /.test(line));
  if (at === -1) return readRustError(lines);
  const line = lines[at] ?? "";
  const [, old, file, number] = /panicked at (?:'(.*)', )?(.+?):(\d+):\d+:?$/.exec(line) ?? [];
  if (file === undefined) return { error: line, frames: [] };
  const message = old ?? lines[at + 1] ?? "";
  return { error: `panic: ${message}`, frames: [{ file, line: Number(number) }] };
}

/** `main` has returned an error: there is no place, only its chain of causes. */
function readRustError(lines: readonly string[]): Trace | undefined {
  const at = lines.findLastIndex((line) => /^Error: \S/.test(line));
  if (at === -1) return undefined;
  return {
    error: lines
      .slice(at, at + 6)
      .join("\n")
      .trimEnd(),
    frames: [],
  };
}

/** glibc and musl: `prog: file.c:12: main: Assertion `x' failed.` */
export function readAssertion(lines: readonly string[]): Trace | undefined {
  for (const line of lines.toReversed()) {
    const [, file, number, name, text] =
      /^.+?: (\S+?):(\d+): (?:(.+?): )?(Assertion .* failed\.)/.exec(line) ?? [];
    if (file === undefined || text === undefined) continue;
    const frame = { file, line: Number(number), ...(name === undefined ? {} : { name }) };
    return { error: text, frames: [frame] };
  }
  return undefined;
}
