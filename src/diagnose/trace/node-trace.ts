/** The traces of Node.js: `Error: ...` with its `at` lines, and the place above it. */
import { fileURLToPath } from "node:url";
import type { Trace, TraceFrame } from "./trace.js";

const FRAME = /^\s+at (?:async )?(?:(.*?) \()?((?:file:\/\/|\/|node:).*?):(\d+)(?::\d+)?\)?$/;
const ERROR = /^(?:Uncaught )?((?:[A-Za-z_$][\w$.]*)?(?:Error|Exception|Rejection)\b.*)$/;
/** `/path/x.js:5`, which comes first, above the line of code. */
const PLACE = /^(\/.+|file:\/\/.+):(\d+)$/;

export function readNodeTrace(lines: readonly string[]): Trace | undefined {
  const errorAt = errorLine(lines);
  if (errorAt === -1) return undefined;
  const frames: TraceFrame[] = [];
  let textEnd = errorAt + 1;
  for (let at = errorAt + 1; at < lines.length; at++) {
    const frame = readFrame(lines[at] ?? "");
    if (frame !== undefined) frames.unshift(frame);
    else if (frames.length === 0 && lines[at]?.trim() !== "") textEnd = at + 1;
    else if (frames.length > 0) break;
  }
  // A syntax error has no frame in its own file: its place is above.
  const place = placeAbove(lines, errorAt);
  const known = frames.some(({ file, line }) => file === place?.file && line === place.line);
  if (place !== undefined && !known) frames.push(place);
  if (frames.length === 0) return undefined;
  const error = lines.slice(errorAt, Math.min(textEnd, errorAt + 8)).join("\n");
  return { error: error.trimEnd(), frames };
}

/** The last error line that has a frame near it, or a place above it. */
function errorLine(lines: readonly string[]): number {
  return lines.findLastIndex((line, index) => {
    if (!ERROR.test(line)) return false;
    const after = lines.slice(index + 1, index + 12);
    return after.some((next) => readFrame(next) !== undefined) || placeAbove(lines, index);
  });
}

function readFrame(line: string): TraceFrame | undefined {
  const [, name, file, number] = FRAME.exec(line) ?? [];
  if (file === undefined) return undefined;
  return {
    file: pathOf(file),
    line: Number(number),
    ...(name === undefined ? {} : { name }),
  };
}

function placeAbove(lines: readonly string[], errorAt: number): TraceFrame | undefined {
  for (let at = errorAt - 1; at >= Math.max(0, errorAt - 8); at--) {
    const [, file, number] = PLACE.exec(lines[at] ?? "") ?? [];
    if (file === undefined) continue;
    const code = lines[at + 1]?.trim();
    return { file: pathOf(file), line: Number(number), ...(code ? { code } : {}) };
  }
  return undefined;
}

function pathOf(file: string): string {
  try {
    return file.startsWith("file://") ? fileURLToPath(file) : file;
  } catch {
    return file;
  }
}
