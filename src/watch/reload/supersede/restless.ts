/**
 * Notices that a plugin is started again and again without a pause, for what no start of this session
 * is seen to write: the plugin later on, another session's plugin, a program. It is only reported, since
 * somebody may save so often.
 */
import { namesAndFlags } from "./ignore-flags.js";

/** So many starts in a row are more than a person's. */
const STARTS = 50;
/** A longer time without a change is a pause, ms. */
const PAUSE_MS = 2_000;
/** Of a generator's thousand files the first ones say enough. */
const MAX_NAMED = 5;

export class Restless {
  #starts = 0;

  /**
   * A plugin was started for files that had changed.
   * @param idleMs from the end of the start before until that change
   * @returns for a person; undefined: nothing is to be said
   */
  started(plugin: string, files: readonly string[], idleMs: number): string | undefined {
    this.#starts = idleMs < PAUSE_MS ? this.#starts + 1 : 1;
    if (this.#starts !== STARTS) return undefined;
    const { names, flags } = namesAndFlags(plugin, files.slice(0, MAX_NAMED));
    const leaveOut = files.includes(plugin) ? "" : `, or add ${flags}`;
    return `${names} changes without a pause, and the plugin was started ${STARTS} times for that: end what writes it (the plugin after its start, another session's plugin, a generator)${leaveOut}`;
  }
}
