/**
 * Follows the file that a node's stderr goes to. The node writes little there itself; its plugins write
 * what they print to stderr, and only there. The log may go to the same file
 * (`lightningd >FILE 2>&1`): its lines are left out.
 */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { tryStat } from "../../filesystem/try-read.js";
import { LineSplitter } from "../../jsonrpc/line-splitter.js";
import { parseLogLine } from "./log-lines.js";

const POLL_MS = 200;
/** More in one poll is the end of a flood: the rest is skipped. */
const MAX_BYTES = 64 * 1024;

/**
 * Gives each line that is written from now on.
 * @returns ends it
 */
export function followStderr(path: string, onLine: (line: string) => void): () => void {
  let at = sizeOf(path);
  const lines = new LineSplitter(MAX_BYTES);
  const poll = () => {
    const size = sizeOf(path);
    if (size === at) return;
    // Truncated: what is there now is new.
    const from = size < at ? 0 : Math.max(at, size - MAX_BYTES);
    at = size;
    for (const line of lines.push(readFrom(path, from, size))) {
      if (line !== "" && parseLogLine(line) === undefined) onLine(line);
    }
  };
  const timer = setInterval(poll, POLL_MS);
  timer.unref();
  return () => {
    poll();
    clearInterval(timer);
  };
}

function sizeOf(path: string): number {
  return tryStat(path)?.size ?? 0;
}

function readFrom(path: string, from: number, to: number): string {
  try {
    const file = openSync(path, "r");
    try {
      const bytes = Buffer.alloc(Math.min(to, fstatSync(file).size) - from);
      return bytes.toString("utf8", 0, readSync(file, bytes, 0, bytes.length, from));
    } finally {
      closeSync(file);
    }
  } catch {
    return "";
  }
}
