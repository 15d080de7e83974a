/**
 * One watcher of chokidar for each folder, without what is below it. (A watch on a file goes deaf
 * after `git checkout`, and one watcher for a tree goes deaf for a folder that is replaced at once.)
 * Their events are passed on as hints. Used by the file source.
 */
import { Stats } from "node:fs";
import { watch } from "chokidar";
import { isBelow } from "../../plugin/file/ignore-rules.js";

export interface WatcherHooks {
  /** Something has happened to a name in a folder; to which one is not known where it is null. */
  readonly onName: (folder: string, name: string | null) => void;
  /** A file or folder that is polled is not what it was. */
  readonly onPolled: (path: string) => void;
  /** What was found while a folder was read, at first and after later events. Not for links' targets. */
  readonly onFound: (path: string, stats: Stats) => void;
  /** Whether a file is polled. */
  readonly isPolled: (path: string) => boolean;
  readonly onError: (error: unknown) => void;
}

/** Folders that are read at the same time: each takes a descriptor. */
const READ_AT_ONCE = 16;

interface Entry {
  readonly ready: Promise<void>;
  readonly close: () => Promise<void>;
}

export class FolderWatchers {
  readonly #hooks: WatcherHooks;
  readonly #entries = new Map<string, Entry>();
  /** Folders that wait for their turn, with their pollMs. */
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
   * Begins to watch a folder, unless it is watched; a few at a time are read.
   * @param pollMs look at the files every N ms instead of waiting for events
   */
  open(folder: string, pollMs: number | undefined): void {
    if (this.#entries.has(folder) || this.#toRead.has(folder)) return;
    this.#toRead.set(folder, pollMs);
    this.#readNext();
  }

  /** Resolves when every change from now on is seen, and all that is there has been found. */
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

  /** Ends the watch on a folder, and on what is below it. */
  async closeBelow(folder: string): Promise<void> {
    const isIn = (path: string) => path === folder || isBelow(folder, path);
    for (const path of [...this.#toRead.keys()].filter(isIn)) this.#toRead.delete(path);
    const below = [...this.#entries.keys()].filter(isIn);
    await Promise.all(below.map((path) => this.#close(path)));
  }

  async closeAll(): Promise<void> {
    this.#toRead.clear();
    await Promise.all([...this.#entries.keys()].map((path) => this.#close(path)));
  }

  async #close(folder: string): Promise<void> {
    const entry = this.#entries.get(folder);
    this.#entries.delete(folder);
    await entry?.close();
  }

  #watch(folder: string, pollMs: number | undefined): Entry {
    const { onName, onPolled, onFound, isPolled, onError } = this.#hooks;
    const isPolling = pollMs !== undefined;
    let isOpen = true;
    const watcher = watch(folder, {
      depth: 0,
      followSymlinks: false,
      ignoreInitial: true,
      ignorePermissionErrors: true,
      atomic: false,
      usePolling: isPolling,
      ...(isPolling ? { interval: pollMs, binaryInterval: pollMs } : {}),
      ignored: (path, stats) => {
        if (path === folder || stats === undefined || !isOpen) return false;
        onFound(path, stats);
        return !(isPolling && (stats.isDirectory() || (stats.isFile() && isPolled(path))));
      },
    });
    watcher.on("raw", (_event: string, name: string | null, details: unknown) => {
      if (watchedPathOf(details) === folder) onName(folder, name);
      else if (name !== null && isPolledFile(details)) onPolled(name);
    });
    watcher.on("all", (_event, path) => {
      if (isPolling) onPolled(path);
    });
    let end = () => {};
    const ready = new Promise<void>((resolve) => {
      end = resolve;
      watcher.on("ready", resolve);
      watcher.on("error", (error) => {
        onError(error);
        resolve();
      });
    });
    const close = async () => {
      isOpen = false;
      end();
      const closing = watcher.close();
      // close() removes every listener, and a read that is under way may still fail.
      watcher.on("error", () => {});
      await closing;
    };
    return { ready, close };
  }
}

/** Polled, a newer time or another size is what chokidar calls a change; an older file may be put back. */
function isPolledFile(details: unknown): boolean {
  if (typeof details !== "object" || details === null || !("curr" in details)) return false;
  return details.curr instanceof Stats && details.curr.isFile();
}

function watchedPathOf(details: unknown): string | undefined {
  if (typeof details !== "object" || details === null || !("watchedPath" in details))
    return undefined;
  return typeof details.watchedPath === "string" ? details.watchedPath : undefined;
}
