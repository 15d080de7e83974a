/** Writes printed log entries to a file in lightningd's format (lightningd/log.c log_to_files). */
import { closeSync, constants, fstatSync, writeSync } from "node:fs";
import { messageOf } from "../../errors/failure.js";
import { openOwnedFile } from "../../filesystem/owned-file.js";
import type { LogEntry } from "./node-log.js";

/** Formats one line of lightningd's log file, without the newline. */
function formatEntry({ level, time, source, text, direction, data }: LogEntry): string {
  const when = new Date(time / 1000).toISOString();
  if (level === "io") {
    return `${when} ${source}: ${text}[${direction?.toUpperCase()}] ${data?.toString("hex") ?? ""}`;
  }
  const label = level === "broken" ? "**BROKEN**" : level.toUpperCase().padEnd(7);
  return `${when} ${label} ${source}: ${text}`;
}

export class LogFile {
  readonly #fd: number;
  #waiting: string[] = [];
  #isClosed = false;
  #isFull = false;

  /**
   * Opens the file to append. Like lightningd, leaves four empty lines if it is not empty.
   * @param onTrouble called when a write fails, but only once until a write succeeds again
   */
  constructor(
    readonly path: string,
    private readonly onTrouble: (message: string) => void = () => {},
  ) {
    this.#fd = openOwnedFile(path, constants.O_APPEND);
    if (fstatSync(this.#fd).size > 0) this.#put("\n\n\n");
  }

  /** Queues an entry. The lines of one event loop turn are written together. */
  write(entry: LogEntry, onLine?: (line: string) => void): void {
    if (this.#isClosed) return;
    const line = formatEntry(entry);
    onLine?.(line);
    this.#put(line);
  }

  #put(line: string): void {
    if (this.#waiting.push(line) === 1) setImmediate(() => this.flush());
  }

  flush(): void {
    if (this.#isClosed || this.#waiting.length === 0) return;
    // A full disk may have cut off the last line.
    const bytes = Buffer.from(`${this.#isFull ? "\n" : ""}${this.#waiting.join("\n")}\n`);
    this.#waiting = [];
    try {
      for (let at = 0; at < bytes.length; ) at += writeSync(this.#fd, bytes, at);
      this.#isFull = false;
    } catch (error) {
      // A full disk must not stop the node: the lines are still in memory.
      if (this.#isFull) return;
      this.#isFull = true;
      this.onTrouble(`cannot write the node's log ${this.path}: ${messageOf(error)}`);
    }
  }

  close(): void {
    this.flush();
    this.#isClosed = true;
    closeSync(this.#fd);
  }
}
