/**
 * The system's events for a folder, from chokidar, as hints that something has happened to a name
 * in it. chokidar shares one system watch per path, and keeps the watch of a removed folder when
 * another is created in its place. So each folder has one chokidar watcher, and all its listeners
 * move to a new one together. Used by the folder watchers.
 */
import { type BigIntStats, statSync } from "node:fs";
import { watch } from "chokidar";

export interface FolderListener {
  /** Called when something has happened to a name in the folder; null if the name is unknown. */
  readonly onName: (name: string | null) => void;
  /** Called when anything may have happened: the folder has to be read again. */
  readonly readAgain: () => void;
  readonly onError: (error: unknown) => void;
}

interface SharedWatcher {
  /** The identity of the folder it watches; undefined if there was none. */
  readonly identity: string | undefined;
  readonly listeners: Set<FolderListener>;
  readonly ready: Promise<void>;
  readonly close: () => void;
}

const watchers = new Map<string, SharedWatcher>();

/**
 * Watches a folder without its subfolders.
 * @returns `ready` resolves when every event from then on is passed on, or when watching has
 *   failed; `close` may be called twice
 */
export function watchFolderEvents(
  folder: string,
  listener: FolderListener,
): { readonly ready: Promise<void>; readonly close: () => void } {
  const identity = identityOf(folder);
  const present = watchers.get(folder);
  const isSame = present !== undefined && present.identity === identity;
  const { listeners, ready } = isSame ? present : begin(folder, identity, present);
  listeners.add(listener);
  const close = () => {
    listeners.delete(listener);
    const now = watchers.get(folder);
    if (listeners.size > 0 || now?.listeners !== listeners) return;
    watchers.delete(folder);
    now.close();
  };
  return { ready, close };
}

/**
 * Creates the watcher of a folder.
 * @param old the watcher of another folder at this path: its listeners move to the new one and read
 *   this folder
 */
function begin(
  folder: string,
  identity: string | undefined,
  old: SharedWatcher | undefined,
): SharedWatcher {
  old?.close();
  const listeners = old?.listeners ?? new Set<FolderListener>();
  const moved = [...listeners];
  const watcher = watch(folder, {
    depth: 0,
    followSymlinks: false,
    ignoreInitial: true,
    ignorePermissionErrors: true,
    atomic: false,
    // The folder watchers read the folder's contents.
    ignored: (path) => path !== folder,
  });
  watcher.on("raw", (_event: string, name: string | null, details: unknown) => {
    if (watchedPathOf(details) !== folder) return;
    for (const listener of [...listeners]) listener.onName(name);
  });
  // If CHOKIDAR_USEPOLLING is set, there are no raw events.
  const { usePolling, interval } = watcher.options;
  const readAgain = () => {
    for (const listener of [...listeners]) listener.readAgain();
  };
  const polling = usePolling ? setInterval(readAgain, interval) : undefined;
  let end = () => {};
  const ready = new Promise<void>((resolve) => {
    end = resolve;
    watcher.on("ready", resolve);
    watcher.on("error", (error) => {
      for (const listener of [...listeners]) listener.onError(error);
      resolve();
    });
  });
  const close = () => {
    end();
    clearInterval(polling);
    void watcher.close();
    // close() removes every listener, but a read in progress may still fail.
    watcher.on("error", () => {});
  };
  void ready.then(() => {
    for (const listener of moved) if (listeners.has(listener)) listener.readAgain();
  });
  const shared = { identity, listeners, ready, close };
  watchers.set(folder, shared);
  return shared;
}

/** Includes the creation time, since inode numbers are reused. */
function identityOf(folder: string): string | undefined {
  let stats: BigIntStats;
  try {
    stats = statSync(folder, { bigint: true });
  } catch {
    return undefined;
  }
  return `${stats.dev}:${stats.ino}:${stats.birthtimeNs}`;
}

function watchedPathOf(details: unknown): string | undefined {
  if (typeof details !== "object" || details === null || !("watchedPath" in details))
    return undefined;
  return typeof details.watchedPath === "string" ? details.watchedPath : undefined;
}
