/** Writes printed log entries to a file in lightningd's format (lightningd/log.c log_to_files). */
import { closeSync, constants, fstatSync, writeSync } from "node:fs";
import { messageOf } from "../../errors/failure.js";
import { openOwnedFile } from "../../filesystem/owned-file.js";
import type { LogLevel } from "../../plugin/log-level.js";
import type { LogEntry } from "./log-entry.js";

const LABELS: Readonly<Record<LogLevel, string>> = {
  io: "IO     ",
  trace: "TRACE  ",
  debug: "DEBUG  ",
  info: "INFO   ",
  unusual: "UNUSUAL",
  broken: "**BROKEN**",
};

/** One line of lightningd's log file, without its end. */
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
  #isFull = false;
  readonly #onTrouble: (message: string) => void;

  /**
   * Opens the file to append; lightningd leaves four empty lines where it held something already.
   * @param onTrouble called once when the file cannot be written, until it can be again
   */
  constructor(
    readonly path: string,
    onTrouble: (message: string) => void = () => {},
  ) {
    this.#onTrouble = onTrouble;
    this.#fd = openOwnedFile(path, constants.O_APPEND);
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
    // A line may have been cut off where the room ended.
    const bytes = Buffer.from(`${this.#isFull ? "\n" : ""}${this.#waiting.join("\n")}\n`);
    this.#waiting = [];
    try {
      for (let at = 0; at < bytes.length; ) at += writeSync(this.#fd, bytes, at);
      this.#isFull = false;
    } catch (error) {
      // A full disk must not take the node down: the ring still has the lines.
      if (this.#isFull) return;
      this.#isFull = true;
      this.#onTrouble(`the node's log ${this.path} cannot be written: ${messageOf(error)}`);
    }
  }

  close(): void {
    this.flush();
    this.#closed = true;
    closeSync(this.#fd);
  }
}
