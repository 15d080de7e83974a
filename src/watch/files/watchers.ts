/**
 * The watchers of chokidar that a file source has open: one for each folder or tree. What they say
 * is handed on as hints, without a judgement. Used by the file source.
 */
import { Stats } from "node:fs";
import { type FSWatcher, watch } from "chokidar";
import { closeWatcher } from "./folder-watchers.js";

export interface WatcherHooks {
  /** Something has happened to a name in a folder; to which one is not known where it is null. */
  readonly onName: (folder: string, name: string | null, renamed: boolean) => void;
  /** A file that is polled is not what it was. */
  readonly onFile: (path: string, appeared: boolean) => void;
  /** A folder has come. */
  readonly onFolder: (path: string) => void;
  readonly onError: (error: unknown) => void;
}

/** Whether what was found below a folder is left out. `isReady`: not at the beginning, but since. */
export type LeaveOut = (path: string, stats: Stats, isReady: boolean) => boolean;

export class Watchers {
  readonly #hooks: WatcherHooks;
  #watchers: FSWatcher[] = [];
  /** Who waits for a watcher to be ready: one that is closed never says so. */
  #waiting: (() => void)[] = [];

  constructor(hooks: WatcherHooks) {
    this.#hooks = hooks;
  }

  /**
   * Watches a folder; resolves when every change from now on is seen, or it is closed before.
   * @param pollMs ask for the files every so many ms instead of waiting for events
   */
  open(folder: string, leaveOut: LeaveOut, pollMs: number | undefined): Promise<void> {
    let isReady = false;
    const watcher = watch(folder, {
      ignoreInitial: true,
      ignorePermissionErrors: true,
      atomic: false,
      usePolling: pollMs !== undefined,
      ...(pollMs === undefined ? {} : { interval: pollMs, binaryInterval: pollMs }),
      ignored: (path, stats) =>
        path !== folder && stats !== undefined && leaveOut(path, stats, isReady),
    });
    this.#watchers.push(watcher);
    const { onName, onFile, onFolder, onError } = this.#hooks;
    watcher.on("raw", (event: string, name: string | null, details: unknown) => {
      const at = watchedPathOf(details);
      if (at !== undefined) onName(at, name, event === "rename");
      else if (name !== null && isPolledFile(details)) onFile(name, false);
    });
    watcher.on("all", (event, path) => {
      if (event === "addDir") onFolder(path);
      else if (pollMs !== undefined) onFile(path, event !== "change");
    });
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      watcher.on("error", (error) => {
        onError(error);
        resolve();
      });
      watcher.on("ready", () => {
        isReady = true;
        resolve();
      });
    });
  }

  async close(): Promise<void> {
    const watchers = this.#watchers;
    this.#watchers = [];
    for (const resolve of this.#waiting.splice(0)) resolve();
    await Promise.all(watchers.map(closeWatcher));
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
