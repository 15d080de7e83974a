/**
 * Stops an endless loop of starts: plugins of one session that write each other's files when they
 * start would start each other for ever. Each change has a depth: 0 if no other plugin was starting
 * when it arrived, else one more than the depth of that start. The user may happen to save just
 * then, so a deep start first waits for quiet: if the files do not become quiet, someone is saving,
 * and the depth is reset to 0. Files written by a start at the limit cause no more starts while
 * another plugin is starting.
 */
import { basename } from "node:path";
import { namesAndFlags } from "./ignore-flags.js";

/** The depth from which a start first waits for quiet. */
const QUIET_DEPTH = 5;
/** The depth at which nothing is started any more: three quiet waits have passed without a save. */
const LIMIT = 8;
/** How long nothing must change for it to be quiet, in ms. */
const QUIET_MS = 1_500;

export interface StartingPlugin {
  readonly name: string;
  readonly depth: number;
}

/**
 * Returns the depth of a change that arrives now.
 * @param others plugins that are starting, or have just started
 * @returns also the plugin that caused it, if nothing should be started for it any more
 */
export function depthAmong(others: readonly StartingPlugin[]): {
  readonly depth: number;
  readonly endless?: StartingPlugin;
} {
  const [deepest] = others.toSorted((one, two) => two.depth - one.depth);
  if (deepest === undefined) return { depth: 0 };
  const depth = deepest.depth + 1;
  return depth < LIMIT ? { depth } : { depth, endless: deepest };
}

/**
 * Waits for quiet before a deep start.
 * @param isQuiet waits, and returns whether no file changed for `ms` while nothing was started
 * @returns the depth of the start
 */
export async function depthOfStart(
  depth: number,
  isQuiet: (ms: number) => Promise<boolean>,
): Promise<number> {
  return depth < QUIET_DEPTH || (await isQuiet(QUIET_MS)) ? depth : 0;
}

/** Returns the notice: which plugin is not started again, and how to ignore the files. */
export function endlessNotice(
  plugin: string,
  writer: StartingPlugin,
  files: readonly string[],
): string {
  const { names, flags } = namesAndFlags(plugin, files);
  const own = basename(plugin);
  return `${names} changes at each start of ${writer.name}, which restarts when ${own} starts: ${own} is no longer restarted for it. To ignore it, add ${flags}`;
}
