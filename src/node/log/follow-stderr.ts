/**
 * Follows the file that receives a node's stderr. The node itself writes little to it; its plugins'
 * stderr ends up there and nowhere else. If the log goes to the same file (`lightningd >FILE
 * 2>&1`), log lines are left out.
 */
import { closeSync, type FSWatcher, fstatSync, openSync, readSync, watch } from "node:fs";
import { tryStat } from "../../filesystem/try-read.js";
import { LineSplitter } from "../../jsonrpc/line-splitter.js";
import { parseLogLine } from "./log-lines.js";

/** How often to poll the file, in ms: with file events from the system, and without. */
const LOOK_EVERY_MS = 5_000;
const LOOK_WITHOUT_EVENTS_MS = 200;
/** How long to wait after an event, in ms, so that lines written one by one are read together. */
const READ_AFTER_MS = 30;
/** The most to read at once, in bytes: of a longer addition only the end is read. */
const MAX_BYTES = 64 * 1024;

/**
 * Passes on each line written from now on.
 * @returns a function that reads what is left and stops
 */
export function followStderr(path: string, onLine: (line: string) => void): () => void {
  let at = sizeOf(path);
  const lines = new LineSplitter(MAX_BYTES);
  let due: NodeJS.Timeout | undefined;
  const read = () => {
    due = undefined;
    const size = sizeOf(path);
    if (size === at) return;
    // Truncated: all of it is new.
    const from = Math.max(size < at ? 0 : at, size - MAX_BYTES);
    at = size;
    for (const line of lines.push(readFrom(path, from, size))) {
      if (line !== "" && parseLogLine(line) === undefined) onLine(line);
    }
  };
  const watcher = watchFile(path, () => {
    due ??= setTimeout(read, READ_AFTER_MS).unref();
  });
  const timer = setInterval(read, watcher ? LOOK_EVERY_MS : LOOK_WITHOUT_EVENTS_MS);
  timer.unref();
  return () => {
    watcher?.close();
    clearInterval(timer);
    clearTimeout(due);
    read();
  };
}

/** Watches a file. @returns undefined if the system sends no events for it (inotify's limit) */
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
