/**
 * One watcher of chokidar for each folder, without what is below it. (A watch on a file goes deaf
 * after `git checkout`, and one watcher for a tree goes deaf for a folder that is replaced at once.)
 * Their events are passed on as hints. Used by the file source.
 */
import { Stats } from "node:fs";
import { type FSWatcher, watch } from "chokidar";
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

interface Entry {
  readonly watcher: FSWatcher;
  readonly ready: Promise<void>;
  readonly close: () => Promise<void>;
}

export class FolderWatchers {
  readonly #hooks: WatcherHooks;
  readonly #entries = new Map<string, Entry>();

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
   * Watches a folder, unless it is watched. Resolves when every change from now on is seen and all
   * that is in it has been found, or when it is closed before.
   * @param pollMs look at the files every N ms instead of waiting for events
   */
  open(folder: string, pollMs: number | undefined): Promise<void> {
    const open = this.#entries.get(folder) ?? this.#watch(folder, pollMs);
    this.#entries.set(folder, open);
    return open.ready;
  }

  /** Ends the watch on a folder, and on what is below it. */
  async closeBelow(folder: string): Promise<void> {
    const below = [...this.#entries.keys()].filter(
      (path) => path === folder || isBelow(folder, path),
    );
    await Promise.all(below.map((path) => this.#close(path)));
  }

  async closeAll(): Promise<void> {
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
    return { watcher, ready, close };
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
