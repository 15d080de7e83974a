/** Writes printed log entries to a file in lightningd's format (lightningd/log.c log_to_files). */
import { closeSync, fstatSync, openSync, writeSync } from "node:fs";
import type { LogLevel } from "../node/log-level.js";
import type { LogEntry } from "./log-book.js";

const LABELS: Readonly<Record<LogLevel, string>> = {
  io: "IO     ",
  trace: "TRACE  ",
  debug: "DEBUG  ",
  info: "INFO   ",
  unusual: "UNUSUAL",
  broken: "**BROKEN**",
};

/** One line without its end, as it stands in lightningd's log file. */
function formatEntry(entry: LogEntry): string {
  const time = new Date(entry.time / 1000).toISOString();
  if (entry.level === "io") {
    const direction = entry.direction === "in" ? "[IN]" : "[OUT]";
    return `${time} ${entry.source}: ${entry.text}${direction} ${entry.data?.toString("hex") ?? ""}`;
  }
  return `${time} ${LABELS[entry.level]} ${entry.source}: ${entry.text}`;
}

export class LogFile {
  readonly #fd: number;
  #waiting: string[] = [];
  #flushing = false;
  #closed = false;

  /** Opens the file to append; lightningd leaves four empty lines where it held something already. */
  constructor(readonly path: string) {
    this.#fd = openSync(path, "a", 0o644);
    if (fstatSync(this.#fd).size > 0) this.#waiting.push("\n\n\n");
  }

  /** Lines of one turn of the event loop are written together. */
  write(entry: LogEntry, onLine?: (line: string) => void): void {
    if (this.#closed) return;
    const line = formatEntry(entry);
    onLine?.(line);
    this.#waiting.push(line);
    if (this.#flushing) return;
    this.#flushing = true;
    setImmediate(() => this.flush());
  }

  flush(): void {
    this.#flushing = false;
    if (this.#closed || this.#waiting.length === 0) return;
    const text = `${this.#waiting.join("\n")}\n`;
    this.#waiting = [];
    try {
      writeSync(this.#fd, text);
    } catch {
      // A full disk must not take the node down: the ring still has the lines.
    }
  }

  close(): void {
    this.flush();
    this.#closed = true;
    closeSync(this.#fd);
  }
}
