/**
 * The files of one plugin as a source of changes. Events are only hints: they are
 * coalesced, come early, or not at all, so the file itself decides.
 */
import { existsSync, lstatSync, realpathSync, type Stats, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { messageOf, systemCode } from "../../errors/failure.js";
import { isBelow } from "../../plugin/file/ignore-rules.js";
import {
  isShared,
  type SourceFiles,
  type SourceSettings,
  type SourceTree,
  sourceFilesOf,
} from "../../plugin/file/source-files.js";
import { realPathOf } from "../../plugin/file/symlinks.js";
import { FileIdentities } from "./file-identities.js";
import { sameFile, takeSnapshot } from "./file-snapshot.js";
import { FolderWatchers } from "./folder-watchers.js";
import { HintQueue } from "./hint-queue.js";
import { KnownFiles } from "./known-files.js";
import { silentFileSystem } from "./mount-table.js";
import { OwnOutput } from "./own-output.js";
import { watchLimit } from "./watch-errors.js";

export interface FilesChange {
  /** Absolute. A folder stands for what was in it. */
  readonly files: readonly string[];
  /** performance.now() of the first hint, ms. */
  readonly at: number;
}

export interface FileSourceOptions {
  readonly plugin: SourceSettings;
  /** Files that belong to the plugin are not what they were. */
  readonly onChange: (change: FilesChange) => void;
  /** Something that the user should know, such as that files are polled. */
  readonly onNotice: (message: string, level: "info" | "warn") => void;
  /** FileSnapshot at the files every N ms instead of waiting for events. */
  readonly pollMs?: number;
}

/** What is watched, for key `w`. */
export interface WatchedFiles {
  readonly description: string;
  /** Folders that are watched with what is below them. */
  readonly roots: readonly string[];
  /** How many files count, the plugin's own included. */
  readonly fileCount: number;
  readonly folderCount: number;
  /** Set where files are polled. */
  readonly pollMs: number | undefined;
}

const POLL_MS = 200;
const FOLDER_CHECK_MS = 250;
/**
 * What no event reports: a folder far above is renamed, a file system mounted, the plugin written
 * through mmap(2).
 */
const QUIET_CHECK_MS = 2_000;
/** A compiler writes a file in less; one that is empty then is given some more of it. */
const BUILD_WRITE_MS = 25;
const BUILD_WRITES = 10;
/** Folders that are read at the same time: each takes a descriptor. */
const READ_AT_ONCE = 16;
/** What symlinks lead to may be a whole disk. */
const MAX_LINKED_FOLDERS = 500;
const MAX_HIDDEN_NOTICES = 10;

export class FileSource {
  readonly #options: FileSourceOptions;
  #plugin: SourceSettings;
  #sources: SourceFiles;
  #trees: readonly SourceTree[];
  readonly #watchers = new FolderWatchers({
    onName: (folder, name) => this.#hintIn(folder, name),
    onPolled: (path) => this.#hint(path),
    onFound: (path, stats) => this.#found(path, stats),
    isPolled: (path) => this.#counts(path),
    onError: (error) => this.#failed(error),
  });
  /** The plugin file as it was last seen. */
  #pluginSeen: string;
  readonly #known = new KnownFiles();
  readonly #folders = new FileIdentities();
  /** .gitignore files in folders that are not watched. */
  readonly #rulesAbove = new FileIdentities();
  /** Files outside that symlinks lead to. */
  readonly #linkedFiles = new Set<string>();
  #linkedFolders = 0;
  readonly #ownOutput = new OwnOutput();
  readonly #noticed = new Set<string>();
  readonly #hints = new HintQueue({
    hasChanged: (path, isBulk) => this.#hasChanged(path, isBulk),
    onChanged: (paths, at) => {
      const named = paths.map((path) => (this.#isPlugin(path) ? this.#plugin.path : path));
      this.#options.onChange({ files: [...new Set(named)], at });
    },
  });
  /** Files that a build may be writing. */
  readonly #resting = new Map<string, NodeJS.Timeout>();
  readonly #toOpen: string[] = [];
  #reading = 0;
  #onRead: (() => void)[] = [];
  /** What is found now was there before. */
  #isFirstRead = true;
  #folderCheck: NodeJS.Timeout | undefined;
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
    this.#sources = sourceFilesOf(options.plugin);
    this.#trees = this.#sources.trees;
    this.#pluginSeen = takeSnapshot(options.plugin.path).fingerprint;
  }

  /** Starts to watch; resolves when every change from now on is seen. */
  static async open(options: FileSourceOptions): Promise<FileSource> {
    const source = new FileSource(options);
    try {
      source.#pollWhereSilent();
      await source.#open();
      // Changed between the look that the caller may have had and the moment that we listen.
      source.#pluginSeen = takeSnapshot(options.plugin.path).fingerprint;
      source.#isFirstRead = false;
      source.#quietCheck = setInterval(() => source.#checkQuietly(), QUIET_CHECK_MS);
      return source;
    } catch (error) {
      await source.close();
      throw error;
    }
  }

  /** Other rules for the files of the same plugin. */
  configure(plugin: SourceSettings): void {
    const { watch, only, ignore, build } = this.#plugin;
    this.#plugin = plugin;
    const before = { watch, only, ignore, build };
    const now = {
      watch: plugin.watch,
      only: plugin.only,
      ignore: plugin.ignore,
      build: plugin.build,
    };
    if (!isDeepStrictEqual(before, now)) void this.#useSources(sourceFilesOf(plugin));
  }

  get watched(): WatchedFiles {
    return {
      description: this.#sources.description,
      roots: this.#trees.map((tree) => tree.root),
      fileCount: this.#known.count + 1,
      folderCount: [...this.#watchers.folders].length,
      pollMs: this.#pollMs,
    };
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#folderCheck);
    clearInterval(this.#quietCheck);
    clearInterval(this.#pollPlugin);
    for (const timer of this.#resting.values()) clearTimeout(timer);
    this.#resting.clear();
    this.#hints.close();
    this.#toOpen.length = 0;
    this.#finishReading();
    await this.#watchers.closeAll();
  }

  // --- opening ---

  async #open(): Promise<void> {
    const { names, files } = this.#sources;
    const roots = this.#trees.map((tree) => tree.root);
    const single = [...names, ...files].map((file) => dirname(file));
    const folders = new Set([...roots, ...single]);
    this.#folders.remember(folders);
    this.#rulesAbove.remember(this.#trees.flatMap((tree) => tree.rules.files));
    clearInterval(this.#pollPlugin);
    if (this.#pollMs !== undefined) {
      this.#pollPlugin = setInterval(() => this.#hintPlugin(), this.#pollMs);
    }
    for (const folder of folders) this.#openFolder(folder);
    await this.#allRead();
    for (const { rules } of this.#trees) {
      for (const [file, why] of rules.problems) {
        this.#notice("warn", `${file} cannot be read, and is taken for missing: ${why}`);
      }
    }
  }

  #openFolder(folder: string): void {
    if (this.#closed || this.#watchers.has(folder) || this.#toOpen.includes(folder)) return;
    this.#toOpen.push(folder);
    this.#readNext();
  }

  #readNext(): void {
    while (this.#reading < READ_AT_ONCE) {
      const folder = this.#toOpen.shift();
      if (folder === undefined) break;
      this.#reading++;
      void this.#watchers.open(folder, this.#pollMs).then(() => {
        this.#reading--;
        this.#readNext();
      });
    }
    if (this.#reading === 0) this.#finishReading();
  }

  #finishReading(): void {
    for (const resolve of this.#onRead.splice(0)) resolve();
  }

  #allRead(): Promise<void> {
    if (this.#reading === 0 && this.#toOpen.length === 0) return Promise.resolve();
    return new Promise((resolve) => this.#onRead.push(resolve));
  }

  /** One at a time; who asks while one waits for its turn is served by that one. */
  #reopen(): Promise<void> {
    this.#nextOpening ??= this.#opening.then(async () => {
      this.#nextOpening = undefined;
      await this.#watchers.closeAll();
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
    const places = [...this.#trees.map((tree) => tree.root), dirname(this.#sources.real)];
    for (const place of places) {
      const type = silentFileSystem(place);
      if (type === undefined) continue;
      this.#pollMs = POLL_MS;
      this.#notice(
        "info",
        `${place} is on ${type}, where no file events come: polling every ${POLL_MS} ms`,
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

  /** Met while a folder is read, for the first time or after an event in it. */
  #found(path: string, stats: Stats): void {
    if (this.#closed) return;
    if (stats.isDirectory()) {
      if (this.#enters(path)) this.#openFolder(path);
    } else if (stats.isSymbolicLink()) {
      this.#followLink(path);
    } else if (!this.#known.isAsKnown(path, stats) && !this.#isPlugin(path) && this.#counts(path)) {
      if (this.#isFirstRead && !this.#known.has(path)) this.#known.note(path, stats);
      else this.#hint(path);
    }
  }

  /** Each real folder is watched once; one that holds the plugin's own is not followed. */
  #followLink(path: string): void {
    if (this.#isPlugin(path)) return;
    const tree = this.#trees.find(({ root }) => isBelow(root, path));
    if (tree === undefined) return;
    try {
      const real = realpathSync(path);
      if (!statSync(real).isDirectory()) {
        if (!this.#counts(path) || this.#trees.some(({ root }) => isBelow(root, real))) return;
        this.#linkedFiles.add(real);
        this.#openFolder(dirname(real));
        if (this.#isFirstRead) this.#known.note(real, statSync(real));
        return;
      }
      const isInside = this.#trees.some(({ root }) => root === real || isBelow(root, real));
      const isAbove = this.#trees.some(({ root }) => isBelow(real, root));
      if (isInside || isAbove || isShared(real) || !tree.enters(path)) return;
      this.#trees = [...this.#trees, tree.at(real)];
      this.#openFolder(real);
    } catch {
      // It leads nowhere, or in a circle.
    }
  }

  /** What a build writes is looked at when it is written: in between it is empty for a moment. */
  #hint(path: string): void {
    if (this.#plugin.build === undefined || this.#isPlugin(path)) this.#hintNow(path);
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
    if (this.#isPlugin(path)) return this.#hasPluginChanged();
    if (basename(path) === ".gitignore") this.#rulesChanged(path);
    if (!this.#counts(path)) return this.#hasFolderGone(path);
    const found = this.#known.look(path, !isBulk);
    if (found === "folder") return this.#hasFolderGone(path);
    if (found === "unchanged") return false;
    if (!this.#ownOutput.isWrittenTo(path)) return true;
    this.#notice("info", `${path} holds this program's own output: its changes do not reload`);
    return false;
  }

  #hasPluginChanged(): boolean {
    const look = takeSnapshot(this.#plugin.path);
    if (sameFile(this.#pluginSeen, look.fingerprint)) return false;
    this.#pluginSeen = look.fingerprint;
    if (look.state === "missing") this.#watchFolders();
    this.#followTarget();
    return true;
  }

  /** Something that does not count by itself: a folder that has come or gone, a link, any other file. */
  #hasFolderGone(path: string): boolean {
    const isWatched = this.#watchers.has(path);
    const stats = lstatOf(path);
    if (stats?.isDirectory()) {
      if (isWatched || this.#enters(path)) this.#refresh(path, isWatched);
    } else if (isWatched) {
      void this.#watchers.closeBelow(path);
      return this.#known.forgetBelow(path) > 0;
    } else if (stats?.isSymbolicLink()) {
      this.#followLink(path);
    } else if (stats !== undefined) {
      this.#noticeHidden(path);
    }
    return false;
  }

  /** A folder has come, maybe in place of another: what is in it may have come before we listened. */
  #refresh(folder: string, isWatched: boolean): void {
    if (!isWatched) {
      this.#openFolder(folder);
      return;
    }
    void this.#watchers.closeBelow(folder);
    // Other sources may watch it as well: chokidar shares a watcher until all have closed it.
    setImmediate(() => {
      this.#openFolder(folder);
      void this.#allRead().then(() => {
        for (const path of this.#known.paths) if (isBelow(folder, path)) this.#hint(path);
      });
    });
  }

  #counts(path: string): boolean {
    const { names, files } = this.#sources;
    if (names.has(path) || files.has(path) || this.#linkedFiles.has(path)) return true;
    return this.#trees.some((tree) => tree.includes(path));
  }

  #enters(folder: string): boolean {
    const tree = this.#trees.find(({ root }) => folder === root || isBelow(root, folder));
    if (tree?.enters(folder) !== true) return false;
    if (this.#sources.trees.includes(tree) || this.#watchers.has(folder)) return true;
    if (this.#linkedFolders++ < MAX_LINKED_FOLDERS) return true;
    const limit = `more than ${MAX_LINKED_FOLDERS} folders are reached by symlinks`;
    this.#notice("warn", `${limit}: the others below ${tree.root} are not watched`);
    return false;
  }

  #isPlugin(path: string): boolean {
    return this.#sources.names.has(path);
  }

  // --- what no event reports ---

  #checkQuietly(): void {
    this.#checkFolders();
    this.#hintPlugin();
    const changed = this.#rulesAbove.changed[0];
    if (changed !== undefined) this.#rulesChanged(changed);
  }

  #rulesChanged(file: string): void {
    if (!this.#trees.some((tree) => tree.rules.files.includes(file) || isBelow(tree.root, file))) {
      return;
    }
    for (const { rules } of this.#trees) rules.forget();
    this.#noticed.clear();
    const message = `${file} has changed: what it leaves out is not watched`;
    void this.#reopen().then(() => this.#notice("info", message));
  }

  /** A symlink on the way to the plugin may point elsewhere now: then other folders are watched. */
  #followTarget(): void {
    if (realPathOf(this.#plugin.path) === this.#sources.real) return;
    void this.#useSources(sourceFilesOf(this.#plugin));
  }

  /** What is found that was not watched before is no change. */
  async #useSources(sources: SourceFiles): Promise<void> {
    this.#sources = sources;
    this.#trees = sources.trees;
    this.#linkedFiles.clear();
    this.#linkedFolders = 0;
    this.#isFirstRead = true;
    await this.#reopen();
    this.#isFirstRead = false;
  }

  /** While the plugin is missing its folder may be, too; then no event reports its return. */
  #watchFolders(): void {
    this.#folderCheck ??= setInterval(() => {
      this.#checkFolders();
      this.#hintPlugin();
      const back = existsSync(this.#plugin.path);
      if (back && this.#folders.changed.length === 0) {
        clearInterval(this.#folderCheck);
        this.#folderCheck = undefined;
      }
    }, FOLDER_CHECK_MS);
  }

  #checkFolders(): void {
    const moved = this.#folders.changed;
    if (this.#closed || moved.length === 0) return;
    this.#folders.remember(this.#folders.paths);
    this.#watchFolders();
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
      this.#notice("warn", `watching ${this.#sources.description}: ${messageOf(error)}`);
    }
  }

  #noticeHidden(path: string): void {
    if (this.#noticed.size >= MAX_HIDDEN_NOTICES) return;
    const by = this.#trees.map((tree) => tree.hiddenBy(path)).find((file) => file !== undefined);
    if (by === undefined) return;
    this.#notice(
      "info",
      `${path} does not reload the plugin: ${by} leaves it out (--watch adds it)`,
    );
  }

  /** Each message once. */
  #notice(level: "info" | "warn", message: string): void {
    if (this.#noticed.has(message)) return;
    this.#noticed.add(message);
    this.#options.onNotice(message, level);
  }
}

function lstatOf(path: string): Stats | undefined {
  try {
    return lstatSync(path);
  } catch {
    return undefined;
  }
}
