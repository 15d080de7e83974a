/**
 * Saves that come one after another (a checkout, a rebase, a formatter, a coding agent) are one change:
 * what fails in between is not reported, since the next save replaces it anyway.
 */
import { existsSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { readRegularFile } from "../../../filesystem/regular-file.js";

/** A failure after a single save is held back for as long after it; in ms. */
const SINGLE_MS = 350;
/** The same after the last one of several, or while git is at work; in ms. */
const BURST_MS = 1_000;
/** Saves that are closer to each other belong together; in ms. */
const GAP_MS = 1_500;
/** No failure is held back for longer than this; in ms. */
const MAX_MS = 10_000;

export class Burst {
  readonly #plugin: string;
  #lastAt = Number.NEGATIVE_INFINITY;
  #saves = 0;
  #heldSince: number | undefined;

  /** @param plugin the plugin's file */
  constructor(plugin: string) {
    this.#plugin = plugin;
  }

  /** Files have been saved just now. */
  saved(): void {
    const now = performance.now();
    this.#saves = now - this.#lastAt < GAP_MS ? this.#saves + 1 : 1;
    this.#lastAt = now;
  }

  /** An outcome is reported: what fails from now on is held back again. */
  settled(): void {
    this.#heldSince = undefined;
  }

  /**
   * Resolves when no save has come for a moment, and git has ended what it does; with a limit.
   * @param nextHint resolves at the next save, or after N ms
   * @param check what it throws ends the wait
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

/** What git leaves in its folder while it changes many files, or steps through commits. */
const AT_WORK = ["index.lock", "rebase-merge", "rebase-apply", "CHERRY_PICK_HEAD", "MERGE_HEAD"];

function isGitAtWork(gitFolder: string): boolean {
  return AT_WORK.some((name) => existsSync(join(gitFolder, name)));
}

const MAX_GITFILE_BYTES = 4096;

/** Where git keeps its state for the repository that a folder is in. */
function gitFolderOf(folder: string): string | undefined {
  for (let at = folder; ; at = dirname(at)) {
    const git = join(at, ".git");
    const stat = statSync(git, { throwIfNoEntry: false });
    if (stat?.isDirectory()) return git;
    if (stat?.isFile()) {
      // In a worktree or submodule it is a file that names the folder.
      const text = readRegularFile(git, { maxBytes: MAX_GITFILE_BYTES }).toString("utf8");
      const named = /^gitdir: (.*)/.exec(text)?.[1];
      return named === undefined ? undefined : resolve(at, named);
    }
    if (at === dirname(at)) return undefined;
  }
}
