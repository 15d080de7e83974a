/**
 * The files of one plugin as a source of changes. chokidar watches folders only, never a file (a
 * watch on a file goes deaf after `git checkout`), and what it says is a hint: a look at the file
 * decides, since events are coalesced and come early (src/watch/look.ts).
 */
import { existsSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { messageOf, systemCode } from "../../errors/failure.js";
import { isBelow } from "../../plugin/file/ignore-rules.js";
import {
  type Belonging,
  type BelongingSettings,
  belongingOf,
} from "../../plugin/file/source-files.js";
import { realPathOf } from "../../plugin/file/symlinks.js";
import { WrittenBefore } from "./baseline-stats.js";
import { lookAt, sameFile } from "./file-snapshot.js";
import { WatchedFolders } from "./folder-identity.js";
import { type LeaveOut, Watchers } from "./watchers.js";

export interface FileSourceOptions {
  readonly plugin: BelongingSettings;
  /** A file that belongs to the plugin is not what it was. `at`: performance.now() of the hint. */
  readonly onChange: (path: string, at: number) => void;
  /** Something that the user should know: events are missing and files are polled, say. */
  readonly onNotice: (message: string) => void;
  /** Ask for the files every so many ms instead of waiting for events. */
  readonly pollMs?: number;
}

const POLL_MS = 200;
const FOLDER_CHECK_MS = 250;
/** A folder far above is renamed, a file system mounted: no event tells of that. Takes 0.02 ms. */
const QUIET_CHECK_MS = 2_000;

export class FileSource {
  readonly #options: FileSourceOptions;
  #belonging: Belonging;
  readonly #watchers = new Watchers({
    onName: (folder, name, renamed) => this.#hintIn(folder, name, renamed),
    onFile: (path, appeared) => this.#hint(path, appeared),
    onFolder: (path) => this.#hintBelow(path),
    onError: (error) => this.#failed(error),
  });
  #known = new Map<string, string>();
  readonly #folders = new WatchedFolders();
  /** The folders below them that are, or have been, watched as well. */
  readonly #entered = new Set<string>();
  #folderCheck: NodeJS.Timeout | undefined;
  #quietCheck: NodeJS.Timeout | undefined;
  #pollMs: number | undefined;
  readonly #writtenBefore = new WrittenBefore();
  #generation = 0;
  #opening: Promise<void> = Promise.resolve();
  #nextOpening: Promise<void> | undefined;
  #closed = false;

  private constructor(options: FileSourceOptions) {
    this.#options = options;
    this.#pollMs = options.pollMs;
    this.#belonging = belongingOf(options.plugin);
  }

  /** Starts to watch; resolves when every change from now on is seen. */
  static async open(options: FileSourceOptions): Promise<FileSource> {
    const source = new FileSource(options);
    try {
      await source.#open();
      source.#quietCheck = setInterval(() => source.#checkFolders(), QUIET_CHECK_MS);
      return source;
    } catch (error) {
      await source.close();
      throw error;
    }
  }

  /** What is watched, for a person. */
  get description(): string {
    return this.#belonging.description;
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#folderCheck);
    clearInterval(this.#quietCheck);
    await this.#watchers.close();
  }

  /** Looks at the plugin file as if an event had come: for when one may have been lost. */
  lookAgain(): void {
    this.#hint(this.#options.plugin.path, true);
  }

  async #open(): Promise<void> {
    const generation = ++this.#generation;
    this.#writtenBefore.open();
    const { trees, files, enters } = this.#belonging;
    const polled = this.#pollMs !== undefined;
    this.#rememberFolders();
    const open = (folder: string, leaveOut: (path: string, isFile: boolean) => boolean) =>
      this.#watchers.open(folder, this.#remembering(leaveOut), this.#pollMs);
    const opening = trees.map((tree) =>
      open(tree, (path, isFile) => (isFile ? !polled || !this.#counts(path) : !enters(path))),
    );
    for (const folder of new Set(files.map((file) => dirname(file)))) {
      if (trees.includes(folder)) continue;
      const inFolder = (path: string) => path === folder || (polled && this.#counts(path));
      opening.push(open(folder, (path) => !inFolder(path)));
    }
    await Promise.all(opening);
    if (generation !== this.#generation) return;
    // Changed between the look that the caller may have had and the moment that we listen.
    this.#know(this.#options.plugin.path);
  }

  /** What is found on the way is remembered: a later event does not tell what was there before. */
  #remembering(leaveOut: (path: string, isFile: boolean) => boolean): LeaveOut {
    return (path, stats, isReady) => {
      if (!isReady && stats.isFile()) this.#writtenBefore.note(path, stats);
      const isLeftOut = leaveOut(path, stats.isFile());
      if (!isLeftOut && stats.isDirectory()) this.#entered.add(path);
      return isLeftOut;
    };
  }

  #hintIn(folder: string, name: string | null, renamed: boolean): void {
    if (name !== null) {
      this.#hint(join(folder, name), renamed);
      if (renamed) this.#hintMoved(join(folder, name));
    } else for (const path of this.#known.keys()) this.#hint(path, false);
    if (name === null || folder.endsWith(`/${name}`)) this.#checkFolders();
  }

  /** If that is a folder, what is in it has gone or come with it, and no event tells of each file. */
  #hintMoved(path: string): void {
    if (!this.#entered.has(path)) return;
    this.#hintAllBelow(path);
    // One that is removed and made anew at once chokidar takes for the old one, and hears no more.
    if (!existsSync(path)) return;
    void this.#reopen().then(() => this.#hintAllBelow(path));
  }

  #hintAllBelow(path: string): void {
    for (const file of this.#known.keys()) if (isBelow(path, file)) this.#hint(file, false);
    this.#hintBelow(path);
  }

  /** A folder has come: what is in it may have come before we listened. */
  #hintBelow(folder: string): void {
    if (!this.#belonging.enters(folder)) return;
    try {
      for (const entry of readdirSync(folder, { withFileTypes: true })) {
        const path = join(folder, entry.name);
        if (entry.isDirectory()) this.#hintBelow(path);
        else this.#hint(path, true);
      }
    } catch {
      // It went away again.
    }
  }

  /** @param appeared the event says that the name is new, not that the content changed */
  #hint(path: string, appeared: boolean): void {
    if (this.#closed || !this.#counts(path)) return;
    const file = this.#isPlugin(path) ? this.#options.plugin.path : path;
    const at = performance.now();
    const look = lookAt(file);
    const before = this.#known.get(file);
    if (before !== undefined && sameFile(before, look.fingerprint)) return;
    this.#known.set(file, look.fingerprint);
    if (look.state === "missing") this.#watchFolders();
    if (before === undefined) {
      // Not seen before: it counts where it came just now, not where only its mode changed.
      if (look.state === "missing") return;
      if (!appeared && !this.#writtenBefore.isWrittenSince(file, look)) return;
    }
    if (this.#isPlugin(path)) this.#followTarget();
    this.#options.onChange(file, at);
  }

  #counts(path: string): boolean {
    return this.#belonging.includes(path);
  }

  #isPlugin(path: string): boolean {
    return this.#belonging.own.has(path);
  }

  #know(path: string): void {
    this.#known.set(path, lookAt(path).fingerprint);
  }

  /** A symlink on the way to the plugin may point elsewhere now: then other folders are watched. */
  #followTarget(): void {
    if (realPathOf(this.#options.plugin.path) === this.#belonging.real) return;
    this.#belonging = belongingOf(this.#options.plugin);
    void this.#reopen();
  }

  #rememberFolders(): void {
    const { trees, files } = this.#belonging;
    this.#folders.remember(new Set([...trees, ...files.map((file) => dirname(file))]));
  }

  /** While the plugin is missing its folder may be, too; then no event tells of its return. */
  #watchFolders(): void {
    this.#folderCheck ??= setInterval(() => {
      this.#checkFolders();
      this.#hint(this.#options.plugin.path, true);
      const back = lookAt(this.#options.plugin.path).state !== "missing";
      if (back && !this.#folders.haveMoved) {
        clearInterval(this.#folderCheck);
        this.#folderCheck = undefined;
      }
    }, FOLDER_CHECK_MS);
  }

  #checkFolders(): void {
    if (this.#closed || !this.#folders.haveMoved) return;
    this.#rememberFolders();
    this.#watchFolders();
    void this.#reopen().then(() => this.#hint(this.#options.plugin.path, true));
  }

  /** One at a time; who asks while one waits for its turn is served by that one. */
  #reopen(): Promise<void> {
    this.#nextOpening ??= this.#opening.then(() => {
      this.#nextOpening = undefined;
      return this.#openAnew();
    });
    this.#opening = this.#nextOpening;
    return this.#opening;
  }

  async #openAnew(): Promise<void> {
    if (this.#closed) return;
    const known = this.#known.get(this.#options.plugin.path);
    await this.#watchers.close();
    if (this.#closed) return;
    await this.#open();
    if (known !== undefined) this.#known.set(this.#options.plugin.path, known);
    this.lookAgain();
  }

  #failed(error: unknown): void {
    const code = systemCode(error);
    if (this.#closed) return;
    if (this.#pollMs === undefined && ["ENOSPC", "EMFILE", "ENFILE"].includes(code ?? "")) {
      this.#pollMs = POLL_MS;
      this.#options.onNotice(
        `the system has no more inotify ${code === "ENOSPC" ? "watches (fs.inotify.max_user_watches)" : "instances (fs.inotify.max_user_instances)"}: files are looked at every ${POLL_MS} ms instead; raise the limit with sysctl`,
      );
      void this.#reopen();
      return;
    }
    this.#options.onNotice(`watching ${this.description}: ${messageOf(error)}`);
  }
}
