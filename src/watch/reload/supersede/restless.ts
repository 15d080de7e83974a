/**
 * Notices that a plugin is restarted again and again without a pause, for files that no start of
 * this session writes. The plugin may write them after its start, or another session's plugin, or
 * some other program. This is only reported, since a user may save that often.
 */
import { namesAndFlags } from "./ignore-flags.js";

/** How many starts in a row are reported: more than a user normally causes. */
const STARTS = 50;
/** How long a pause is at least, in ms. */
const PAUSE_MS = 2_000;
/** How many files the notice names at most: a generator may write many. */
const MAX_NAMED = 5;

export class Restless {
  #starts = 0;

  /**
   * Called when a plugin was started for files that had changed.
   * @param idleMs the time from the end of the previous start to that change
   * @returns the notice; undefined if there is nothing to report
   */
  started(plugin: string, files: readonly string[], idleMs: number): string | undefined {
    this.#starts = idleMs < PAUSE_MS ? this.#starts + 1 : 1;
    if (this.#starts !== STARTS) return undefined;
    const { names, flags } = namesAndFlags(plugin, files.slice(0, MAX_NAMED));
    const leaveOut = files.includes(plugin) ? "" : `, or add ${flags}`;
    return `${names} keeps changing: the plugin was started ${STARTS} times in a row for it. Stop what writes it (the plugin itself, another session's plugin, a generator)${leaveOut}`;
  }
}
