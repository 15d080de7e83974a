/**
 * Distinguishes a user who saves from a plugin or build that writes a watched file at each start,
 * and would be restarted for ever. A file written during several attempts in a row is tested twice:
 * it must be quiet while nothing is started, and change again during the next start, which it does
 * not supersede. The second test has a longer quiet time: a user who saves often may pass the first
 * by chance, and would lose their last save.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { attempt, tryStat } from "../../../filesystem/try-read.js";
import { namesAndFlags } from "./ignore-flags.js";

/** How many attempts in a row must write a file before it is suspected. */
const SUSPECT_AFTER = 5;
/** How long a suspected file must be quiet before the first test and the second one, in ms. */
const QUIET_MS = 300;
const SECOND_QUIET_MS = 1_500;
/** How long there may be no outcome before an attempt runs to its end despite changes, in ms. */
const WITHOUT_OUTCOME_MS = 30_000;
/** The largest file that is compared by content, in bytes. */
const MAX_COMPARED = 1024 * 1024;

export class SelfChanges {
  /** The files that each of the last attempts has written. */
  #common: ReadonlySet<string> = new Set();
  #inARow = 0;
  /** Whether the last attempt was superseded: its files are then already counted. */
  #isSuperseded = false;
  #since: number | undefined;
  /** Files written during the first test. */
  #foundOnce: ReadonlySet<string> = new Set();
  /** Files known to be written at each start. */
  readonly #written = new Set<string>();
  /** Files that changed in or after the last start; undefined if there was none or it failed. */
  #writtenAgain: Set<string> | undefined;
  /** For each file that changed during an attempt, a hash of its last content. */
  readonly #contents = new Map<string, string>();

  /** Files that should not supersede the next attempt if they are quiet before it. Often empty. */
  get suspectedFiles(): ReadonlySet<string> {
    if (this.#foundOnce.size > 0) return this.#foundOnce;
    return this.#inARow >= SUSPECT_AFTER || this.isOverdue ? this.#common : new Set();
  }

  /** Files that changed during the first test: an attempt must follow, whether a test or not. */
  get foundOnce(): readonly string[] {
    return [...this.#foundOnce];
  }

  /** How long the suspected files must be quiet before the attempt that tests them, in ms. */
  get quietMs(): number {
    return this.#foundOnce.size > 0 ? SECOND_QUIET_MS : QUIET_MS;
  }

  /** Whether there has been no outcome for too long. */
  get isOverdue(): boolean {
    return this.#since !== undefined && performance.now() - this.#since > WITHOUT_OUTCOME_MS;
  }

  /** Returns the files of a change that are a reason to start again during an attempt. */
  reasons(files: readonly string[]): readonly string[] {
    return this.withoutWritten(files).filter((file) => !this.#holdsTheSame(file));
  }

  /** Removes the files that are known to be written at each start. */
  withoutWritten(files: readonly string[]): readonly string[] {
    return files.filter((file) => !this.#written.has(file));
  }

  /** Called when files have changed: those written at each start stay known after the next one. */
  changed(files: readonly string[]): void {
    for (const file of files) this.#writtenAgain?.add(file);
  }

  /** Called when the user has saved files: compare with their content from now on. */
  saved(files: readonly string[]): void {
    for (const file of files) if (this.#contents.has(file)) this.#note(file);
  }

  /**
   * Called when an attempt begins.
   * @param late those of its files that the previous attempt wrote, known only after its outcome
   */
  began(late: readonly string[]): void {
    const again = this.#writtenAgain;
    if (again) for (const file of this.#written) if (!again.has(file)) this.#written.delete(file);
    this.#writtenAgain = undefined;
    if (!this.#isSuperseded) this.#count(late);
    this.#isSuperseded = false;
  }

  /** Called when an attempt was superseded. @param files that did it; empty if none did */
  superseded(files: readonly string[]): void {
    this.#since ??= performance.now();
    this.#isSuperseded = true;
    this.#count(files);
  }

  #count(files: readonly string[]): void {
    const both = files.filter((file) => this.#common.has(file));
    this.#inARow = both.length > 0 ? this.#inARow + 1 : Math.min(files.length, 1);
    this.#common = new Set(both.length > 0 ? both : files);
  }

  /**
   * Called when an attempt has an outcome.
   * @param suspectedFiles the files that it tested
   * @param changed the files that changed while it was built or started
   * @param isStarted whether the plugin was started
   * @returns files that are now known to be written at each start
   */
  settled(
    suspectedFiles: ReadonlySet<string>,
    changed: ReadonlySet<string>,
    isStarted: boolean,
    plugin: string,
  ): readonly string[] {
    const again = [...suspectedFiles].filter((file) => changed.has(file));
    const found = again.filter((file) => this.#foundOnce.has(file));
    this.#foundOnce = new Set(found.length > 0 ? [] : again);
    if (suspectedFiles.size > 0) this.#count([]);
    this.#since = undefined;
    if (isStarted) this.#writtenAgain = new Set([...changed, ...found]);
    // Never ignore the plugin file itself: its author saves it.
    const news = found.filter((file) => !this.#written.has(file));
    for (const file of found) if (file !== plugin) this.#written.add(file);
    return news;
  }

  #holdsTheSame(file: string): boolean {
    const before = this.#contents.get(file);
    return this.#note(file) === before && before !== undefined;
  }

  #note(file: string): string | undefined {
    const content = contentOf(file);
    if (content === undefined) this.#contents.delete(file);
    else this.#contents.set(file, content);
    return content;
  }
}

/** Returns the notice: what keeps changing, and how to ignore it. */
export function selfChangeNotice(plugin: string, files: readonly string[]): string {
  const { names, flags } = namesAndFlags(plugin, files);
  if (files.includes(plugin)) {
    return `${names} changes at each start, probably written by the plugin itself: that no longer restarts it`;
  }
  return `${names} changes at each start, probably written by the plugin or its build: it no longer causes a restart. To ignore it, add ${flags}`;
}

function contentOf(file: string): string | undefined {
  const stat = tryStat(file);
  if (!stat?.isFile() || stat.size > MAX_COMPARED) return undefined;
  return attempt(() => createHash("sha1").update(readFileSync(file)).digest("hex"));
}
