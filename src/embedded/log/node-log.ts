/**
 * The node's log: the last lines of every level in memory, which `getlog` shows. Lines at or above
 * the print level also go to the log file and to the plugins that subscribe to `log`
 * (lightningd/log.c). Used by everything in the embedded node.
 */
import { isAtLeast, type LogLevel } from "../../plugin/log-level.js";
import type { JsonRecord } from "../rpc/json-text.js";

export interface LogEntry {
  readonly level: LogLevel;
  /** For the level `io`: the direction, seen from the node. */
  readonly direction?: "in" | "out";
  /** Microseconds since the epoch. */
  readonly time: number;
  readonly source: string;
  readonly text: string;
  readonly data?: Buffer;
}

/** Who else gets the lines. */
export interface LogReaders {
  /** Called with every entry at or above the print level, for the log file. */
  print(entry: LogEntry): void;
  /**
   * Called for the plugins that subscribe to `log` (what is printed) and `warning` (unusual or
   * worse).
   */
  publish(topic: "log" | "warning", payload: () => JsonRecord): void;
  /**
   * Makes sure that what was printed can be read in the file: called before a client is answered.
   */
  flush(): void;
}

/** How much is kept in memory, in bytes; lightningd keeps 16 MiB. */
export const MAX_LOG_BYTES = 4 * 1024 * 1024;
/** Longer texts and data are cut. */
const MAX_PART_BYTES = 256 * 1024;
/** What an entry counts besides its text and data, in bytes: about what it costs. */
const HEAD_BYTES = 128;

export class NodeLog {
  readonly createdAt = nowMicroseconds();
  bytesUsed = 0;
  #entries: LogEntry[] = [];

  /** @param printLevel the lowest level that is printed */
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

  /** Bytes that were read or written. */
  io(source: string, direction: "in" | "out", text: string, data: Buffer): void {
    const entry: LogEntry = { level: "io", direction, time: nowMicroseconds(), source, text, data };
    // A copy: a part of a larger buffer would keep all of it.
    this.#keep({ ...entry, data: Buffer.from(data.subarray(0, MAX_PART_BYTES)) });
    if (this.printLevel === "io") this.readers.print(entry);
  }

  /** The kept entries from a level on, oldest first. */
  entries(minimum: LogLevel): readonly LogEntry[] {
    return this.#entries.filter(({ level }) => isAtLeast(level, minimum));
  }

  #keep(entry: LogEntry): void {
    this.#entries.push(entry);
    this.bytesUsed += sizeOf(entry);
    if (this.bytesUsed <= MAX_LOG_BYTES) return;
    // A quarter at once: removing them one by one would move all the others each time.
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
 * Seconds with nine digits after the point, as lightningd writes times.
 * @param time microseconds
 */
export function secondsText(time: number): string {
  return `${(time / 1_000_000).toFixed(6)}000`;
}

function nowMicroseconds(): number {
  return Math.round((performance.timeOrigin + performance.now()) * 1000);
}

/** As lightningd prints: each byte that is not printable ASCII becomes a question mark. */
function printable(text: string): string {
  if (/^[ -~]*$/.test(text)) return text;
  // What was not UTF-8 has been read as U+FFFD, and was one byte.
  const bytes = Buffer.from(text.replaceAll("\ufffd", "?"), "utf8");
  return bytes.toString("latin1").replace(/[^ -~]/g, "?");
}
