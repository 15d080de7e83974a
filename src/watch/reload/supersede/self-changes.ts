/**
 * Tells a plugin or a build that writes a watched file at each start, and would be started for
 * ever, from a user who saves. A file that was written during several attempts in a row is tested
 * twice: it must be quiet while nothing is started, and change again during the next start, which
 * it then no longer supersedes. Twice, and with a longer quiet time before the second test, since a
 * user who saves often passes the first by chance, and their last save would be lost.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { attempt, tryStat } from "../../../filesystem/try-read.js";
import { namesAndFlags } from "./ignore-flags.js";

/** How many attempts in a row must write a file to make it a suspect. */
const SUSPECT_AFTER = 5;
/** How long such a file must be quiet before the first test, and before the second, in ms. */
const QUIET_MS = 300;
const SECOND_QUIET_MS = 1_500;
/** After this time without an outcome, the next attempt runs to its end whatever changes, in ms. */
const WITHOUT_OUTCOME_MS = 30_000;
/** Larger files are not compared by content, bytes. */
const MAX_COMPARED = 1024 * 1024;

export class SelfChanges {
  /** The files that every one of the last attempts has written. */
  #common: ReadonlySet<string> = new Set();
  #inARow = 0;
  /** The last attempt was superseded: the next one is for the same files. */
  #isSuperseded = false;
  #since: number | undefined;
  /** Written during the first test. */
  #foundOnce: ReadonlySet<string> = new Set();
  /** Files known to be written at each start. */
  readonly #written = new Set<string>();
  /**
   * Those of them that the last start wrote, if known. Undefined: there was no start, or it failed.
   */
  #writtenAgain: Set<string> | undefined;
  /** A hash of the last content of files that changed during an attempt. */
  readonly #contents = new Map<string, string>();

  /**
   * Files that should not supersede the next attempt, if they are quiet before it; mostly empty.
   */
  get suspectedFiles(): ReadonlySet<string> {
    if (this.#foundOnce.size > 0) return this.#foundOnce;
    return this.#inARow >= SUSPECT_AFTER || this.isOverdue ? this.#common : new Set();
  }

  /**
   * Those that changed during the first test: an attempt must follow, whether it is a test or not.
   */
  get foundOnce(): readonly string[] {
    return [...this.#foundOnce];
  }

  /** How long the suspected files must be quiet before the attempt that tests them, in ms. */
  get quietMs(): number {
    return this.#foundOnce.size > 0 ? SECOND_QUIET_MS : QUIET_MS;
  }

  /** There has been no outcome for too long. */
  get isOverdue(): boolean {
    return this.#since !== undefined && performance.now() - this.#since > WITHOUT_OUTCOME_MS;
  }

  /** The files of a change that are a reason to start again during an attempt. */
  reasons(files: readonly string[]): readonly string[] {
    return this.withoutWritten(files).filter((file) => !this.#holdsTheSame(file));
  }

  /** Leaves out the files that are written at each start. */
  withoutWritten(files: readonly string[]): readonly string[] {
    return files.filter((file) => !this.#written.has(file));
  }

  /** These files have changed: what the last start wrote is not forgotten at the next. */
  changed(files: readonly string[]): void {
    for (const file of files) this.#writtenAgain?.add(file);
  }

  /** The user has saved these files: compare with their content from now on. */
  saved(files: readonly string[]): void {
    for (const file of files) if (this.#contents.has(file)) this.#note(file);
  }

  /**
   * An attempt begins.
   * @param late those of its files that the attempt before wrote, as became known only after its
   *   outcome
   */
  began(late: readonly string[]): void {
    const again = this.#writtenAgain;
    if (again) for (const file of this.#written) if (!again.has(file)) this.#written.delete(file);
    this.#writtenAgain = undefined;
    if (!this.#isSuperseded) this.#count(late);
    this.#isSuperseded = false;
  }

  /** An attempt was superseded. @param files that superseded it; none if it was something else */
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
   * An attempt has an outcome.
   * @param suspectedFiles those it should test
   * @param changed the files that changed while it was built or started
   * @param isStarted the plugin runs
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
    // The plugin file itself is what its author saves.
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

/** The notice: what keeps changing, and how to ignore it. */
export function selfChangeNotice(plugin: string, files: readonly string[]): string {
  const { names, flags } = namesAndFlags(plugin, files);
  if (files.includes(plugin)) {
    return `${names} changes at each start: it seems to write itself, so it is not started again for that`;
  }
  return `${names} changes at each start: the plugin or its build seems to write it, so it is not started again for that; add ${flags}`;
}

function contentOf(file: string): string | undefined {
  const stat = tryStat(file);
  if (!stat?.isFile() || stat.size > MAX_COMPARED) return undefined;
  return attempt(() => createHash("sha1").update(readFileSync(file)).digest("hex"));
}
