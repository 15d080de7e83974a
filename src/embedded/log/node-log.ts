/**
 * The node's log: keeps the last lines of every level in memory, for `getlog`. Lines at or above
 * the print level also go to the log file and to the plugins that subscribe to `log`
 * (lightningd/log.c). Used throughout the embedded node.
 */
import { isAtLeast, type LogLevel } from "../../plugin/log-level.js";
import type { JsonRecord } from "../rpc/json-text.js";

export interface LogEntry {
  readonly level: LogLevel;
  /** The direction as seen from the node. Only for the level `io`. */
  readonly direction?: "in" | "out";
  /** Microseconds since the epoch. */
  readonly time: number;
  readonly source: string;
  readonly text: string;
  readonly data?: Buffer;
}

/** The other receivers of log lines. */
export interface LogReaders {
  /** Called with every entry at or above the print level, for the log file. */
  print(entry: LogEntry): void;
  /**
   * Called with what plugins can subscribe to: `log` for every printed entry, `warning` for every
   * entry that is unusual or worse.
   */
  publish(topic: "log" | "warning", payload: () => JsonRecord): void;
  /** Called before a client gets an answer: writes the printed entries to the file. */
  flush(): void;
}

/** How much of the log to keep in memory, in bytes. lightningd keeps 16 MiB. */
export const MAX_LOG_BYTES = 4 * 1024 * 1024;
/** Longer texts and data are truncated. */
const MAX_PART_BYTES = 256 * 1024;
/** The approximate overhead of an entry besides its text and data, in bytes. */
const HEAD_BYTES = 128;

export class NodeLog {
  readonly createdAt = nowMicroseconds();
  bytesUsed = 0;
  #entries: LogEntry[] = [];

  /** @param printLevel the lowest level to print */
  constructor(
    readonly printLevel: LogLevel,
    private readonly readers: LogReaders,
  ) {}

  flush(): void {
    this.readers.flush();
  }

  add(source: string, level: LogLevel, line: string): void {
    const text = printable(line);
    const entry = { level, time: nowMicroseconds(), source, text };
    this.#keep({ ...entry, text: cut(text) });
    if (isAtLeast(level, this.printLevel)) {
      this.readers.print(entry);
      this.readers.publish("log", () => payload(entry, level));
    }
    if (isAtLeast(level, "unusual")) {
      const severity = level === "broken" ? "error" : "warn";
      this.readers.publish("warning", () => payload(entry, severity));
    }
  }

  /** Logs bytes that were read or written. */
  io(source: string, direction: "in" | "out", text: string, data: Buffer): void {
    const entry: LogEntry = { level: "io", direction, time: nowMicroseconds(), source, text, data };
    // Copied, because a slice would keep the whole buffer alive.
    this.#keep({ ...entry, data: Buffer.from(data.subarray(0, MAX_PART_BYTES)) });
    if (this.printLevel === "io") this.readers.print(entry);
  }

  /** Returns the entries in memory at or above a level, oldest first. */
  entries(minimum: LogLevel): readonly LogEntry[] {
    return this.#entries.filter(({ level }) => isAtLeast(level, minimum));
  }

  #keep(entry: LogEntry): void {
    this.#entries.push(entry);
    this.bytesUsed += sizeOf(entry);
    if (this.bytesUsed <= MAX_LOG_BYTES) return;
    // Drop a quarter at once: each removal moves all the other entries.
    let from = 0;
    while (this.bytesUsed > (MAX_LOG_BYTES * 3) / 4) {
      this.bytesUsed -= sizeOf(this.#entries[from++] ?? entry);
    }
    this.#entries = this.#entries.slice(from);
  }
}

function sizeOf({ text, data }: LogEntry): number {
  return HEAD_BYTES + text.length + (data?.length ?? 0);
}

function cut(text: string): string {
  if (text.length <= MAX_PART_BYTES) return text;
  const note = `[TRUNCATED message from ${text.length} bytes]: `;
  return note + text.slice(0, MAX_PART_BYTES - note.length);
}

function payload({ time, source, text }: LogEntry, level: string): JsonRecord {
  const timestamp = new Date(time / 1000).toISOString();
  return { level, time: secondsText(time), timestamp, source, log: text };
}

/**
 * Formats a time as lightningd does: seconds with nine decimals.
 * @param time in microseconds
 */
export function secondsText(time: number): string {
  return `${(time / 1_000_000).toFixed(6)}000`;
}

function nowMicroseconds(): number {
  return Math.round((performance.timeOrigin + performance.now()) * 1000);
}

/** Replaces each byte that is not printable ASCII with a question mark, as lightningd does. */
function printable(text: string): string {
  if (/^[ -~]*$/.test(text)) return text;
  // U+FFFD stands for one byte that was not valid UTF-8.
  const bytes = Buffer.from(text.replaceAll("\ufffd", "?"), "utf8");
  return bytes.toString("latin1").replace(/[^ -~]/g, "?");
}
