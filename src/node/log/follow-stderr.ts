/**
 * Follows the file that a node's stderr goes to. The node writes little to it; its plugins' stderr
 * goes there and nowhere else. The log may go to the same file (`lightningd >FILE 2>&1`): its lines
 * are left out.
 */
import { closeSync, type FSWatcher, fstatSync, openSync, readSync, watch } from "node:fs";
import { tryStat } from "../../filesystem/try-read.js";
import { LineSplitter } from "../../jsonrpc/line-splitter.js";
import { parseLogLine } from "./log-lines.js";

/** How often to look, in ms, if the system sends events for the file, and if not. */
const LOOK_EVERY_MS = 5_000;
const LOOK_WITHOUT_EVENTS_MS = 200;
/** How long to wait after an event, in ms: what is written line by line is read together. */
const READ_AFTER_MS = 30;
/** If more than this has come, only its end is read, in bytes. */
const MAX_BYTES = 64 * 1024;

/** Passes on each line that is written from now on. @returns stops it */
export function followStderr(path: string, onLine: (line: string) => void): () => void {
  let at = sizeOf(path);
  const lines = new LineSplitter(MAX_BYTES);
  let isDue = false;
  const read = () => {
    isDue = false;
    const size = sizeOf(path);
    if (size === at) return;
    // Truncated: everything in it is new.
    const from = size < at ? 0 : Math.max(at, size - MAX_BYTES);
    at = size;
    for (const line of lines.push(readFrom(path, from, size))) {
      if (line !== "" && parseLogLine(line) === undefined) onLine(line);
    }
  };
  const watcher = watchFile(path, () => {
    if (!isDue) setTimeout(read, READ_AFTER_MS).unref();
    isDue = true;
  });
  const timer = setInterval(read, watcher ? LOOK_EVERY_MS : LOOK_WITHOUT_EVENTS_MS);
  timer.unref();
  return () => {
    watcher?.close();
    clearInterval(timer);
    read();
  };
}

/** @returns undefined if the system sends no events for it (inotify's limit) */
function watchFile(path: string, onEvent: () => void): FSWatcher | undefined {
  try {
    return watch(path, { persistent: false }, onEvent).on("error", () => {});
  } catch {
    return undefined;
  }
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
