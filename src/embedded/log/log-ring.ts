/**
 * The last 16 MiB of the log, packed: an entry costs its bytes and a short head, not an object of the
 * language for each (struct log_book of lightningd/log.c). Used by node-log.ts.
 * It is taken as the log fills it, not before: a node that works for long grows by that, and no more.
 */

import { LOG_LEVELS } from "../../plugin/log-level.js";
import type { LogEntry } from "./log-entry.js";

export const RING_BYTES = 16 * 1024 * 1024;

/** A longer text, or longer data, is cut. */
const MAX_PART_BYTES = RING_BYTES / 64;
/** What an entry counts for in lightningd's ring beside its text (struct log_hdr). */
const COUNTED_HEAD_BYTES = 56;
/** Ours: lengths of the whole, source and text; time; level, direction, is there data? */
const HEAD_BYTES = 24;
/** Memory is taken and given back in pieces of this size. */
const SLAB_BYTES = 1024 * 1024;

interface Slab {
  readonly bytes: Buffer;
  /** Where the entries that are still wanted begin, and where they end. */
  start: number;
  end: number;
}

export class LogRing {
  #slabs: Slab[] = [];
  #used = 0;

  /** What is in it, counted as lightningd counts. */
  get bytesUsed(): number {
    return this.#used;
  }

  push(entry: LogEntry): void {
    const source = Buffer.from(entry.source);
    const text = cut(Buffer.from(entry.text, "latin1"));
    const data = entry.data?.subarray(0, MAX_PART_BYTES) ?? NOTHING;
    const size = HEAD_BYTES + source.length + text.length + data.length;
    const slab = this.#room(size);
    const { bytes, end: at } = slab;
    bytes.writeUInt32LE(size, at);
    bytes.writeUInt16LE(source.length, at + 4);
    bytes.writeUInt32LE(text.length, at + 8);
    bytes.writeDoubleLE(entry.time, at + 12);
    bytes[at + 20] = LOG_LEVELS.indexOf(entry.level);
    bytes[at + 21] = entry.direction === undefined ? 0 : entry.direction === "in" ? 1 : 2;
    bytes[at + 22] = entry.data === undefined ? 0 : 1;
    let to = at + HEAD_BYTES;
    for (const part of [source, text, data]) to += part.copy(bytes, to);
    slab.end = to;
    this.#used += countedSize(bytes, at);
    while (this.#used > RING_BYTES) this.#dropOldest();
  }

  /** All entries, oldest first. */
  *[Symbol.iterator](): Generator<LogEntry> {
    for (const slab of this.#slabs) {
      for (let at = slab.start; at < slab.end; at += slab.bytes.readUInt32LE(at)) {
        yield read(slab.bytes, at);
      }
    }
  }

  #room(size: number): Slab {
    const last = this.#slabs[this.#slabs.length - 1];
    if (last !== undefined && last.end + size <= last.bytes.length) return last;
    const slab = { bytes: Buffer.allocUnsafeSlow(SLAB_BYTES), start: 0, end: 0 };
    this.#slabs.push(slab);
    return slab;
  }

  #dropOldest(): void {
    const [first] = this.#slabs;
    if (first === undefined) return;
    this.#used -= countedSize(first.bytes, first.start);
    first.start += first.bytes.readUInt32LE(first.start);
    if (first.start >= first.end) this.#slabs.shift();
  }
}

/** What the entry at this place counts for. */
function countedSize(bytes: Buffer, at: number): number {
  const [size, source] = [bytes.readUInt32LE(at), bytes.readUInt16LE(at + 4)];
  return COUNTED_HEAD_BYTES + size - HEAD_BYTES - source;
}

function read(bytes: Buffer, at: number): LogEntry {
  const sourceEnd = at + HEAD_BYTES + bytes.readUInt16LE(at + 4);
  const textEnd = sourceEnd + bytes.readUInt32LE(at + 8);
  const direction = bytes[at + 21];
  return {
    time: bytes.readDoubleLE(at + 12),
    level: LOG_LEVELS[bytes[at + 20] ?? 0] ?? "io",
    direction: direction === 0 ? undefined : direction === 1 ? "in" : "out",
    source: bytes.toString("utf8", at + HEAD_BYTES, sourceEnd),
    text: bytes.toString("latin1", sourceEnd, textEnd),
    data: bytes[at + 22] === 0 ? undefined : bytes.subarray(textEnd, at + bytes.readUInt32LE(at)),
  };
}

const NOTHING = Buffer.alloc(0);

function cut(text: Buffer): Buffer {
  if (text.length <= MAX_PART_BYTES) return text;
  const note = `[TRUNCATED message from ${text.length} bytes]: `;
  return Buffer.concat([Buffer.from(note), text.subarray(0, MAX_PART_BYTES - note.length)]);
}
