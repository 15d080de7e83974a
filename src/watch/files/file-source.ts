/**
 * The files of one plugin as a source of changes. File events are only hints: they are coalesced,
 * arrive too early, or not at all, so the file itself decides.
 */
import type { Stats } from "node:fs";
import { basename, dirname, join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { messageOf, systemCode } from "../../errors/failure.js";
import { realPathOf, tryLstat } from "../../filesystem/try-read.js";
import { isBelow } from "../../plugin/file/ignore-rules.js";
import { type SourceSettings, sourceFilesOf } from "../../plugin/file/source-files.js";
import { FileIdentities } from "./file-identities.js";
import { takeSnapshot } from "./file-snapshot.js";
import { FolderWatchers } from "./folder-watchers.js";
import { HintQueue } from "./hint-queue.js";
import { KnownFiles } from "./known-files.js";
import { silentFileSystem } from "./mount-table.js";
import { OwnOutput } from "./own-output.js";
import { watchLimit } from "./watch-errors.js";
import { WatchedPaths } from "./watched-paths.js";

export interface FilesChange {
  /** Absolute paths. A folder stands for the files that were in it. */
  readonly files: readonly string[];
  /** performance.now() of the first hint, ms. */
  readonly at: number;
}

export interface FileSourceOptions {
  readonly plugin: SourceSettings;
  /** Called when files of the plugin have changed. */
  readonly onChange: (change: FilesChange) => void;
  /** Called with something the user should know, such as that files are polled. */
  readonly onNotice: (message: string, level: "info" | "warn") => void;
  /** How often to check the files instead of waiting for events, in ms. */
  readonly pollMs?: number | undefined;
}

/** What is watched, for key `w`. */
export interface WatchedFiles {
  readonly description: string;
  /** Folders that are watched with everything below them. */
  readonly roots: readonly string[];
  /** How many files are watched, including the plugin's own. */
  readonly fileCount: number;
  readonly folderCount: number;
  /** How often files are polled, in ms; undefined if they are not. */
  readonly pollMs: number | undefined;
}

const POLL_MS = 200;
/**
 * How often to check for changes that no event reports, in ms: a folder far above is renamed or
 * recreated, a file system is mounted, the plugin is written through mmap(2).
 */
const QUIET_CHECK_MS = 1_000;
/**
 * How long a compiler takes to write a file, in ms. A file that is still empty then gets the same
 * time again.
 */
const BUILD_WRITE_MS = 25;
const BUILD_WRITES = 10;
/** How far file times can lag behind the clock, in ms. */
const KERNEL_TICK_MS = 10;
const MAX_HIDDEN_NOTICES = 10;

export class FileSource {
  readonly #options: FileSourceOptions;
  #plugin: SourceSettings;
  #paths: WatchedPaths;
  readonly #watchers = new FolderWatchers({
    onName: (folder, name) => this.#hintIn(folder, name),
    onFound: (path, stats) => this.#found(path, stats),
    onError: (error) => this.#failed(error),
  });
  /** The fingerprint of the plugin file when it was last seen. */
  #pluginSeen: string;
  readonly #known = new KnownFiles();
  readonly #folders = new FileIdentities();
  /** .gitignore files in folders that are not watched. */
  readonly #rulesAbove = new FileIdentities();
  readonly #ownOutput = new OwnOutput();
  readonly #noticed = new Set<string>();
  readonly #hints = new HintQueue({
    hasChanged: (path, isBulk) => this.#hasChanged(path, isBulk),
    onChanged: (paths, at) => {
      const named = paths.map((path) => (this.#paths.isPlugin(path) ? this.#plugin.path : path));
      this.#options.onChange({ files: [...new Set(named)], at });
    },
  });
  /** Files that a build may be writing. */
  readonly #resting = new Map<string, NodeJS.Timeout>();
  /** A file found for the first time is new if it changed after this, in ms since 1970. */
  #newSince = Number.POSITIVE_INFINITY;
  #quietCheck: NodeJS.Timeout | undefined;
  #pollMs: number | undefined;
  #pollPlugin: NodeJS.Timeout | undefined;
  #opening: Promise<void> = Promise.resolve();
  #nextOpening: Promise<void> | undefined;
  #closed = false;

  private constructor(options: FileSourceOptions) {
    this.#options = options;
    this.#plugin = options.plugin;
    this.#pollMs = options.pollMs;
    this.#paths = this.#pathsOf(options.plugin);
    this.#pluginSeen = takeSnapshot(options.plugin.path).fingerprint;
  }

  /** Starts watching; resolves when every change from then on is seen. */
  static async open(options: FileSourceOptions): Promise<FileSource> {
    const source = new FileSource(options);
    try {
      source.#pollWhereSilent();
      await source.#open();
      // It may have changed before the watchers were ready.
      source.#pluginSeen = takeSnapshot(options.plugin.path).fingerprint;
      source.#newSince = 0;
      source.#quietCheck = setInterval(() => source.#checkQuietly(), QUIET_CHECK_MS);
      return source;
    } catch (error) {
      source.close();
      throw error;
    }
  }

  /** Applies other rules to the files of the same plugin. */
  configure(plugin: SourceSettings): void {
    const rules = ({ watch, only, ignore, build }: SourceSettings) => [watch, only, ignore, build];
    const [before, now] = [rules(this.#plugin), rules(plugin)];
    this.#plugin = plugin;
    if (!isDeepStrictEqual(before, now)) void this.#usePaths(this.#pathsOf(plugin));
  }

  get watched(): WatchedFiles {
    return {
      description: this.#paths.sources.description,
      roots: this.#paths.trees.map((tree) => tree.root),
      fileCount: this.#known.count + 1,
      folderCount: [...this.#watchers.folders].length,
      pollMs: this.#pollMs,
    };
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#quietCheck);
    clearInterval(this.#pollPlugin);
    for (const timer of this.#resting.values()) clearTimeout(timer);
    this.#resting.clear();
    this.#hints.close();
    this.#watchers.closeAll();
  }

  // --- opening ---

  async #open(): Promise<void> {
    const { folders, trees } = this.#paths;
    this.#folders.remember(folders);
    this.#rulesAbove.remember(trees.flatMap((tree) => tree.rules.files));
    clearInterval(this.#pollPlugin);
    if (this.#pollMs !== undefined) {
      this.#pollPlugin = setInterval(() => this.#hintPlugin(), this.#pollMs);
    }
    for (const folder of folders) this.#openFolder(folder);
    await this.#watchers.allRead();
    for (const { rules } of this.#paths.trees) {
      for (const [file, why] of rules.problems) {
        this.#notice("warn", `${file} cannot be read, and is ignored: ${why}`);
      }
    }
  }

  #openFolder(folder: string): void {
    if (!this.#closed) this.#watchers.open(folder, this.#pollMs);
  }

  /** Reopens the watchers, one run at a time; calls during a run share the next one. */
  #reopen(): Promise<void> {
    this.#nextOpening ??= this.#opening.then(async () => {
      this.#nextOpening = undefined;
      this.#watchers.closeAll();
      if (this.#closed) return;
      await this.#open();
      for (const path of this.#known.paths) this.#hint(path);
      this.#hintPlugin();
    });
    this.#opening = this.#nextOpening;
    return this.#opening;
  }

  #pollWhereSilent(): void {
    if (this.#pollMs !== undefined) return;
    const { trees, sources } = this.#paths;
    const places = [...trees.map((tree) => tree.root), dirname(sources.real)];
    for (const place of places) {
      const type = silentFileSystem(place);
      if (type === undefined) continue;
      this.#pollMs = POLL_MS;
      this.#notice(
        "info",
        `${place} is on ${type}, which sends no file events: polling every ${POLL_MS} ms`,
      );
      return;
    }
  }

  // --- what the watchers report ---

  #hintIn(folder: string, name: string | null): void {
    if (name === null) {
      for (const path of this.#known.paths) if (dirname(path) === folder) this.#hint(path);
      this.#hintPlugin();
    } else this.#hint(join(folder, name));
    if (name === null || folder.endsWith(`/${name}`)) this.#checkFolders();
  }

  /** Handles an entry found while a folder is read, for the first time or after an event in it. */
  #found(path: string, stats: Stats): void {
    if (this.#closed) return;
    if (stats.isDirectory()) {
      if (this.#enters(path)) this.#openFolder(path);
    } else if (stats.isSymbolicLink()) {
      this.#followLink(path);
    } else if (
      !this.#known.isAsKnown(path, stats) &&
      !this.#paths.isPlugin(path) &&
      this.#paths.counts(path)
    ) {
      if (!this.#wasThere(path, stats)) this.#hint(path);
      else this.#known.note(path, stats);
    }
  }

  #followLink(path: string): void {
    const found = this.#paths.follow(path);
    if (found === undefined) return;
    const { folder, file } = found;
    const stats = file === undefined ? undefined : tryLstat(file);
    if (file !== undefined && stats !== undefined && this.#wasThere(file, stats)) {
      this.#known.note(file, stats);
    }
    this.#openFolder(folder);
  }

  /** Whether an unknown file is only newly watched, and has not changed. */
  #wasThere(path: string, stats: Stats): boolean {
    return stats.ctimeMs < this.#newSince && !this.#known.has(path);
  }

  /** Checks a build's output only once it is written: before that it is empty for a moment. */
  #hint(path: string): void {
    if (this.#plugin.build === undefined || this.#paths.isPlugin(path)) this.#hintNow(path);
    else if (!this.#resting.has(path)) this.#rest(path, BUILD_WRITES);
  }

  #rest(path: string, tries: number): void {
    const look = () => {
      this.#resting.delete(path);
      if (tries > 1 && takeSnapshot(path).state === "empty") this.#rest(path, tries - 1);
      else this.#hintNow(path);
    };
    this.#resting.set(path, setTimeout(look, BUILD_WRITE_MS));
  }

  #hintNow(path: string): void {
    if (!this.#closed) this.#hints.add(path);
  }

  #hintPlugin(): void {
    this.#hint(this.#plugin.path);
  }

  #hasChanged(path: string, isBulk: boolean): boolean {
    if (this.#paths.isPlugin(path)) return this.#hasPluginChanged();
    if (basename(path) === ".gitignore") this.#rulesChanged(path);
    if (!this.#paths.counts(path)) return this.#hasLostFiles(path);
    const found = this.#known.look(path, !isBulk);
    if (found === "folder") return this.#hasLostFiles(path);
    if (found === "unchanged") return false;
    if (!this.#ownOutput.isWrittenTo(path)) return true;
    this.#notice("info", `${path} holds this program's own output: its changes cause no reload`);
    return false;
  }

  #hasPluginChanged(): boolean {
    const look = takeSnapshot(this.#plugin.path);
    if (this.#pluginSeen === look.fingerprint) return false;
    this.#pluginSeen = look.fingerprint;
    this.#followTarget();
    return true;
  }

  /**
   * Handles a path that does not count as a source file: a folder that has appeared or was removed,
   * a symlink, any other file.
   * @returns whether known files are gone with a folder
   */
  #hasLostFiles(path: string): boolean {
    const isWatched = this.#watchers.has(path);
    const stats = tryLstat(path);
    if (stats?.isDirectory()) {
      if (isWatched || this.#enters(path)) this.#refresh(path, isWatched);
    } else if (isWatched) {
      this.#watchers.closeBelow(path);
      return this.#known.forgetBelow(path) > 0;
    } else if (stats?.isSymbolicLink()) {
      this.#followLink(path);
    } else if (stats !== undefined) {
      this.#noticeHidden(path);
    }
    return false;
  }

  /**
   * Watches and reads a folder that has appeared, maybe in place of another: files may have been
   * created in it before it was watched.
   */
  #refresh(folder: string, isWatched: boolean): void {
    if (!isWatched) {
      this.#openFolder(folder);
      return;
    }
    this.#watchers.closeBelow(folder);
    this.#openFolder(folder);
    void this.#watchers.allRead().then(() => {
      for (const path of this.#known.paths) if (isBelow(folder, path)) this.#hint(path);
    });
  }

  #enters(folder: string): boolean {
    return this.#paths.enters(folder, this.#watchers.has(folder));
  }

  // --- what no event reports ---

  #checkQuietly(): void {
    this.#checkFolders();
    this.#hintPlugin();
    const changed = this.#rulesAbove.changed[0];
    if (changed !== undefined) this.#rulesChanged(changed);
  }

  #rulesChanged(file: string): void {
    if (!this.#paths.rulesChanged(file)) return;
    this.#noticed.clear();
    const message = `${file} has changed: files that it ignores are not watched`;
    void this.#reopen().then(() => this.#notice("info", message));
  }

  /** Watches other folders if a symlink on the path to the plugin now points elsewhere. */
  #followTarget(): void {
    if (realPathOf(this.#plugin.path) === this.#paths.sources.real) return;
    void this.#usePaths(this.#pathsOf(this.#plugin));
  }

  /** Watches other paths. Newly watched files are no change unless they change meanwhile. */
  async #usePaths(paths: WatchedPaths): Promise<void> {
    this.#paths = paths;
    this.#newSince = Date.now() - KERNEL_TICK_MS;
    await this.#reopen();
    this.#newSince = 0;
  }

  #pathsOf(plugin: SourceSettings): WatchedPaths {
    return new WatchedPaths(sourceFilesOf(plugin), (message) => this.#notice("warn", message));
  }

  #checkFolders(): void {
    const moved = this.#folders.changed;
    if (this.#closed || moved.length === 0) return;
    this.#folders.remember(this.#folders.paths);
    void this.#reopen();
  }

  // --- notices ---

  #failed(error: unknown): void {
    if (this.#closed) return;
    const limit = watchLimit(error);
    if (limit !== undefined && this.#pollMs === undefined) {
      this.#pollMs = POLL_MS;
      const instead = `files are polled every ${POLL_MS} ms instead`;
      this.#notice("warn", `${limit.reason}: ${instead}; ${limit.fix}`);
      void this.#reopen();
    } else if (limit !== undefined || systemCode(error) !== "ELOOP") {
      this.#notice("warn", `watching ${this.#paths.sources.description}: ${messageOf(error)}`);
    }
  }

  #noticeHidden(path: string): void {
    if (this.#noticed.size >= MAX_HIDDEN_NOTICES) return;
    const by = this.#paths.hiddenBy(path);
    if (by === undefined) return;
    this.#notice("info", `${path} does not reload the plugin: ${by} ignores it (--watch adds it)`);
  }

  /** Reports each message once. */
  #notice(level: "info" | "warn", message: string): void {
    if (this.#noticed.has(message)) return;
    this.#noticed.add(message);
    this.#options.onNotice(message, level);
  }
}
