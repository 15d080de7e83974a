/**
 * The node's log: a ring of 16 MiB with every level, which `getlog` shows; lines at or above the
 * print level also go to the log file and to the plugins that subscribe to `log` (lightningd/log.c).
 * Used by everything in the embedded node.
 */
import { isAtLeast, type LogLevel } from "../../plugin/log-level.js";
import type { LogEntry } from "./log-entry.js";
import { LogRing } from "./log-ring.js";

/** Who else wants the lines. */
export interface LogReaders {
  /** Every entry at or above the print level, for the log file. */
  print(entry: LogEntry): void;
  /** Every entry that is not `io`, for the plugins that subscribe to `log` and `warning`. */
  line(entry: LogEntry, isPrinted: boolean): void;
  flush(): void;
}

export class NodeLog {
  readonly createdAt = nowMicroseconds();
  readonly #ring = new LogRing();

  /** @param printLevel what is printed, from this level on */
  constructor(
    readonly printLevel: LogLevel,
    private readonly readers: LogReaders,
  ) {}

  /** Sees to it that what has been printed can be read in the file: before a client is answered. */
  flush(): void {
    this.readers.flush();
  }

  get bytesUsed(): number {
    return this.#ring.bytesUsed;
  }

  add(source: string, level: LogLevel, text: string): LogEntry {
    const entry = this.#entry(source, level, printable(text), undefined, undefined);
    const isPrinted = isAtLeast(level, this.printLevel);
    if (isPrinted) this.readers.print(entry);
    this.#ring.push(entry);
    this.readers.line(entry, isPrinted);
    return entry;
  }

  /** Bytes that were read or written. They are copied. */
  io(source: string, direction: "in" | "out", text: string, data: Buffer): void {
    const entry = this.#entry(source, "io", text, direction, data);
    if (this.printLevel === "io") this.readers.print(entry);
    this.#ring.push(entry);
  }

  /** The entries that the ring still holds, oldest first, from a level on. To be used at once. */
  *entries(minimum: LogLevel): Generator<LogEntry> {
    for (const entry of this.#ring) {
      if (isAtLeast(entry.level, minimum)) yield entry;
    }
  }

  #entry(
    source: string,
    level: LogLevel,
    text: string,
    direction: LogEntry["direction"],
    data: Buffer | undefined,
  ): LogEntry {
    return { level, direction, time: nowMicroseconds(), source, text, data };
  }
}

function nowMicroseconds(): number {
  return Math.round((performance.timeOrigin + performance.now()) * 1000);
}

/** As lightningd prints: each byte that is not plain ASCII becomes a question mark. */
function printable(text: string): string {
  if (/^[ -~]*$/.test(text)) return text;
  // What was no UTF-8 has been read as U+FFFD, and was one byte.
  const bytes = Buffer.from(text.replaceAll("\ufffd", "?"), "utf8");
  return bytes.toString("latin1").replace(/[^ -~]/g, "?");
}
