/** Follows a growing log file through rotation (renamed and created again) and truncation. */
import { constants, type FSWatcher, watch } from "node:fs";
import { type FileHandle, open, stat } from "node:fs/promises";
import { LineSplitter } from "../../jsonrpc/line-splitter.js";
import { readTail } from "./log-file.js";
import { type NodeLogLine, parseLogLine } from "./log-lines.js";
import type { LogReader } from "./log-reader.js";

/** How often to poll the file, in ms: with file events from the system, and without. */
const LOOK_EVERY_MS = 5_000;
const LOOK_WITHOUT_EVENTS_MS = 1_000;
/**
 * The minimum time between two reads, in ms. A node that starts a plugin writes a dozen lines one
 * by one; reading each of them alone would only take time from whatever awaits the node's answer.
 */
const READ_EVERY_MS = 30;
/** The longest time to hold back lines of a plugin that never pauses, in ms. */
const HOLD_MAX_MS = 200;
const CHUNK_BYTES = 64 * 1024;
/** An unfinished line longer than this is dropped. */
const MAX_LINE_BYTES = 1024 * 1024;

/** Passes on a file's lines until the signal is aborted, or with `once` until all are read. */
export async function followFile(path: string, reader: LogReader): Promise<void> {
  const isAsked = reader.since !== undefined || reader.last > 0;
  // Otherwise only the end of the last line is needed.
  const { lines, end } = readTail(path, isAsked ? undefined : CHUNK_BYTES);
  if (isAsked) {
    const before = lines.flatMap(parsed).filter(reader.wants);
    reader.onLines(reader.since ? before : before.slice(before.length - reader.last));
  }
  if (reader.once) return;
  const follower = new Follower(path, end, reader);
  await follower.run();
}

class Follower {
  readonly #path: string;
  readonly #reader: LogReader;
  #file: FileHandle | undefined;
  #watcher: FSWatcher | undefined;
  #at: number;
  readonly #lines = new LineSplitter(MAX_LINE_BYTES);
  /** Lines read but not yet passed on. */
  #held: NodeLogLine[] = [];
  #heldSince = 0;
  /** The number of lines held at the previous poll. */
  #heldBefore = 0;
  #wake: () => void = () => {};

  constructor(path: string, at: number, reader: LogReader) {
    this.#path = path;
    this.#at = at;
    this.#reader = reader;
  }

  async run(): Promise<void> {
    const { signal } = this.#reader;
    const wake = () => this.#wake();
    signal.addEventListener("abort", wake, { once: true });
    try {
      await this.#open();
      while (!signal.aborted) {
        const woken = this.#sleep();
        await this.#readNew();
        await this.#followRotation();
        this.#handOn();
        if (signal.aborted) break;
        await woken;
      }
    } finally {
      signal.removeEventListener("abort", wake);
      this.#wake();
      await this.#close();
    }
  }

  /** Starts waiting before the file is read, so that no event is lost between read and wait. */
  #sleep(): Promise<void> {
    const earliest = performance.now() + READ_EVERY_MS;
    return new Promise((resolve) => {
      let timer = setTimeout(resolve, this.#watcher ? LOOK_EVERY_MS : LOOK_WITHOUT_EVENTS_MS);
      this.#wake = () => {
        clearTimeout(timer);
        if (this.#reader.signal.aborted) resolve();
        else timer = setTimeout(resolve, Math.max(0, earliest - performance.now()));
      };
    });
  }

  async #open(): Promise<void> {
    this.#file = await open(this.#path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      this.#watcher = watch(this.#path, () => this.#wake());
      this.#watcher.on("error", () => {});
    } catch {
      // No events (inotify's limit): fall back to the timer.
    }
  }

  async #close(): Promise<void> {
    this.#watcher?.close();
    await this.#file?.close();
    this.#file = undefined;
  }

  async #readNew(): Promise<void> {
    const file = this.#file;
    if (file === undefined) return;
    const { size } = await file.stat();
    if (size < this.#at) {
      this.#at = 0;
      this.#lines.reset();
    }
    if (size === this.#at) return;
    const bytes = Buffer.alloc(CHUNK_BYTES);
    while (!this.#reader.signal.aborted) {
      const { bytesRead } = await file.read(bytes, 0, CHUNK_BYTES, this.#at);
      if (bytesRead === 0) return;
      this.#at += bytesRead;
      // lightningd writes only printable ASCII and line ends (log.c).
      this.#take(bytes.toString("latin1", 0, bytesRead));
    }
  }

  #take(text: string): void {
    const lines = this.#lines.push(text);
    if (this.#held.length === 0) this.#heldSince = performance.now();
    this.#held.push(...lines.flatMap(parsed).filter(this.#reader.wants));
  }

  /**
   * Passes the held lines on once a poll finds no more. The node writes the lines of one message
   * one by one, and they belong together.
   */
  #handOn(): void {
    const isGrowing = this.#held.length > this.#heldBefore;
    const isLate = performance.now() - this.#heldSince > HOLD_MAX_MS;
    if (isGrowing && !isLate && !this.#reader.signal.aborted) {
      this.#heldBefore = this.#held.length;
      this.#wake();
      return;
    }
    this.#heldBefore = 0;
    if (this.#held.length > 0) this.#reader.onLines(this.#held.splice(0));
  }

  /** Reads the rest of a file that was replaced, then its successor from the start. */
  async #followRotation(): Promise<void> {
    const now = await stat(this.#path).catch(() => undefined);
    const held = await this.#file?.stat();
    if (now === undefined || (held?.ino === now.ino && held.dev === now.dev)) return;
    await this.#readNew();
    await this.#close();
    this.#at = 0;
    this.#lines.reset();
    await this.#open().catch(() => {});
    await this.#readNew();
  }
}

function parsed(line: string): NodeLogLine[] {
  const logged = parseLogLine(line);
  return logged === undefined ? [] : [logged];
}
