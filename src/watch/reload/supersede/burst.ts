/**
 * Treats saves in quick succession (a checkout, a rebase, a formatter, a coding agent) as one
 * change: failures in between are not reported, since the next save makes them obsolete.
 */
import { existsSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { readRegularFile } from "../../../filesystem/regular-file.js";

/** How long after a single save its failure is held back, in ms. */
const SINGLE_MS = 350;
/** How long it is held back after the last of several saves, or while git is at work, in ms. */
const BURST_MS = 1_000;
/** Saves less than this apart belong together, in ms. */
const GAP_MS = 1_500;
/** The longest time for which a failure is held back, in ms. */
const MAX_MS = 10_000;

export class Burst {
  readonly #plugin: string;
  #lastAt = Number.NEGATIVE_INFINITY;
  #saves = 0;
  #heldSince: number | undefined;

  /** @param plugin the plugin file */
  constructor(plugin: string) {
    this.#plugin = plugin;
  }

  /** Called when files have just been saved. */
  saved(): void {
    const now = performance.now();
    this.#saves = now - this.#lastAt < GAP_MS ? this.#saves + 1 : 1;
    this.#lastAt = now;
  }

  /** Called when an outcome is reported: later failures are held back again. */
  settled(): void {
    this.#heldSince = undefined;
  }

  /**
   * Waits until no save has arrived for a moment and git has finished, at most {@link MAX_MS}.
   * @param nextHint resolves at the next save, or after `ms`
   * @param check throws to end the wait
   */
  async untilQuiet(nextHint: (ms: number) => Promise<void>, check: () => void): Promise<void> {
    const gitFolder = gitFolderOf(dirname(this.#plugin));
    this.#heldSince ??= performance.now();
    for (;;) {
      check();
      const now = performance.now();
      if (now - this.#heldSince >= MAX_MS) return;
      const isBusy = gitFolder !== undefined && isGitAtWork(gitFolder);
      const holdMs = isBusy || this.#saves > 1 ? BURST_MS : SINGLE_MS;
      const isLocked = gitFolder !== undefined && existsSync(join(gitFolder, "index.lock"));
      const left = this.#lastAt + holdMs - now;
      if (left <= 0 && !isLocked) return;
      await nextHint(Math.max(left, 50));
    }
  }
}

/** What git keeps in its folder while it changes many files, or steps through commits. */
const AT_WORK = ["index.lock", "rebase-merge", "rebase-apply", "CHERRY_PICK_HEAD", "MERGE_HEAD"];

function isGitAtWork(gitFolder: string): boolean {
  return AT_WORK.some((name) => existsSync(join(gitFolder, name)));
}

const MAX_GITFILE_BYTES = 4096;

/** Returns where git keeps the state of the repository that a folder is in. */
function gitFolderOf(folder: string): string | undefined {
  for (let at = folder; ; at = dirname(at)) {
    const git = join(at, ".git");
    const stat = statSync(git, { throwIfNoEntry: false });
    if (stat?.isDirectory()) return git;
    if (stat?.isFile()) {
      // In a worktree or submodule, `.git` is a file that names the folder.
      const text = readRegularFile(git, { maxBytes: MAX_GITFILE_BYTES }).toString("utf8");
      const named = /^gitdir: (.*)/.exec(text)?.[1];
      return named === undefined ? undefined : resolve(at, named);
    }
    if (at === dirname(at)) return undefined;
  }
}
