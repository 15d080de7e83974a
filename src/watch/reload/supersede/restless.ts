/**
 * Notices that a plugin is started again and again without a pause, for files that no start of this
 * session writes: the plugin later on, another session's plugin, some program. This is only
 * reported: the user may save that often.
 */
import { namesAndFlags } from "./ignore-flags.js";

/** More starts in a row than a person causes. */
const STARTS = 50;
/** A longer time without a change is a pause, in ms. */
const PAUSE_MS = 2_000;
/** How many of a generator's many files the notice names. */
const MAX_NAMED = 5;

export class Restless {
  #starts = 0;

  /**
   * A plugin was started for files that had changed.
   * @param idleMs from the end of the start before until that change
   * @returns the notice; undefined if there is nothing to report
   */
  started(plugin: string, files: readonly string[], idleMs: number): string | undefined {
    this.#starts = idleMs < PAUSE_MS ? this.#starts + 1 : 1;
    if (this.#starts !== STARTS) return undefined;
    const { names, flags } = namesAndFlags(plugin, files.slice(0, MAX_NAMED));
    const leaveOut = files.includes(plugin) ? "" : `, or add ${flags}`;
    return `${names} changes without a pause, and the plugin was started ${STARTS} times for that: end what writes it (the plugin after its start, another session's plugin, a generator)${leaveOut}`;
  }
}
