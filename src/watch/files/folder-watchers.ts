/**
 * Watches folders, each without its subfolders. (A watch on a file goes deaf after `git checkout`,
 * and a watch on a tree goes deaf for a folder that is replaced at once.) A folder is read when its
 * watch is in place, so that nothing is missed before that, and again after each event, since the
 * system drops events when there are too many. Used by the file source.
 */
import type { Stats } from "node:fs";
import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import { systemCode } from "../../errors/failure.js";
import { isBelow } from "../../plugin/file/ignore-rules.js";
import { watchFolderEvents } from "./folder-events.js";

export interface WatcherHooks {
  /** Called when something has happened to a name in a folder; null if the name is unknown. */
  readonly onName: (folder: string, name: string | null) => void;
  /**
   * Called with each entry of a folder, every time the folder is read. Symlinks are not followed.
   */
  readonly onFound: (path: string, stats: Stats) => void;
  readonly onError: (error: unknown) => void;
}

/** How many folders are read at the same time: each takes a file descriptor. */
const READ_AT_ONCE = 16;
/** How many entries of a folder are examined at the same time. */
const LOOK_AT_ONCE = 64;
/**
 * When to read a new folder again, in ms: macOS begins to watch only after watch() has returned.
 */
const LATE_START_MS = process.platform === "darwin" ? 500 : undefined;
/** Errors of folders that are gone or not readable: the parent's watch reports their return. */
const NOT_READABLE = ["ENOENT", "ENOTDIR", "EPERM", "EACCES"];

interface Entry {
  readonly ready: Promise<void>;
  readonly close: () => void;
}

export class FolderWatchers {
  readonly #hooks: WatcherHooks;
  readonly #entries = new Map<string, Entry>();
  /** Folders waiting to be read, with their pollMs. */
  readonly #toRead = new Map<string, number | undefined>();
  #reading = 0;
  readonly #onRead: (() => void)[] = [];

  constructor(hooks: WatcherHooks) {
    this.#hooks = hooks;
  }

  get folders(): Iterable<string> {
    return this.#entries.keys();
  }

  has(folder: string): boolean {
    return this.#entries.has(folder);
  }

  /**
   * Starts watching a folder, unless it is already watched. Only a few folders are read at a time.
   * @param pollMs how often to read it instead of waiting for events, in ms
   */
  open(folder: string, pollMs: number | undefined): void {
    if (this.#entries.has(folder) || this.#toRead.has(folder)) return;
    this.#toRead.set(folder, pollMs);
    this.#readNext();
  }

  /** Resolves when every existing entry has been found, and every later change is seen. */
  allRead(): Promise<void> {
    if (this.#reading === 0) return Promise.resolve();
    return new Promise((resolve) => this.#onRead.push(resolve));
  }

  #readNext(): void {
    for (const [folder, pollMs] of this.#toRead) {
      if (this.#reading >= READ_AT_ONCE) return;
      this.#toRead.delete(folder);
      this.#reading++;
      const entry = this.#watch(folder, pollMs);
      this.#entries.set(folder, entry);
      void entry.ready.then(() => {
        this.#reading--;
        this.#readNext();
      });
    }
    if (this.#reading === 0) for (const resolve of this.#onRead.splice(0)) resolve();
  }

  /** Stops watching a folder and everything below it. */
  closeBelow(folder: string): void {
    const isIn = (path: string) => path === folder || isBelow(folder, path);
    for (const path of [...this.#toRead.keys()].filter(isIn)) this.#toRead.delete(path);
    for (const path of [...this.#entries.keys()].filter(isIn)) this.#close(path);
  }

  closeAll(): void {
    this.#toRead.clear();
    for (const path of [...this.#entries.keys()]) this.#close(path);
  }

  #close(folder: string): void {
    const entry = this.#entries.get(folder);
    this.#entries.delete(folder);
    entry?.close();
  }

  #watch(folder: string, pollMs: number | undefined): Entry {
    const { onName, onError } = this.#hooks;
    const closing = new AbortController();
    const { signal } = closing;
    let names: ReadonlySet<string> = new Set();
    let reading: Promise<void> | undefined;
    let isStale = false;
    const failed = (error: unknown) => {
      if (!signal.aborted && !NOT_READABLE.includes(systemCode(error) ?? "")) onError(error);
    };
    const readOnce = async () => {
      isStale = false;
      try {
        const now = await this.#read(folder, signal);
        const gone = [...names].filter((name) => !now.has(name));
        names = now;
        if (!signal.aborted) for (const name of gone) onName(folder, name);
      } catch (error) {
        failed(error);
      }
      reading = undefined;
      if (isStale && !signal.aborted) read();
    };
    const read = () => {
      isStale = true;
      reading ??= readOnce();
      return reading;
    };
    const listener = {
      onName: (name: string | null) => {
        onName(folder, name);
        read();
      },
      readAgain: () => {
        if (reading === undefined) read();
      },
      onError: failed,
    };
    const events = pollMs === undefined ? watchFolderEvents(folder, listener) : undefined;
    const polling = pollMs === undefined ? undefined : setInterval(listener.readAgain, pollMs);
    const isLate = pollMs === undefined && LATE_START_MS !== undefined;
    const lateRead = isLate ? setTimeout(read, LATE_START_MS) : undefined;
    const closed = new Promise<void>((resolve) => {
      signal.addEventListener("abort", () => resolve());
    });
    const close = () => {
      closing.abort();
      clearTimeout(lateRead);
      clearInterval(polling);
      events?.close();
    };
    const isRead = events === undefined ? read() : events.ready.then(read);
    return { ready: Promise.race([isRead, closed]), close };
  }

  /** Reads a folder, and returns the names in it. */
  async #read(folder: string, signal: AbortSignal): Promise<ReadonlySet<string>> {
    const names = await readdir(folder);
    const found = new Set<string>();
    for (let at = 0; at < names.length && !signal.aborted; at += LOOK_AT_ONCE) {
      const look = async (name: string) => {
        const path = join(folder, name);
        const stats = await lstat(path).catch(() => undefined);
        if (stats === undefined || signal.aborted) return;
        found.add(name);
        this.#hooks.onFound(path, stats);
      };
      await Promise.all(names.slice(at, at + LOOK_AT_ONCE).map(look));
    }
    return found;
  }
}
