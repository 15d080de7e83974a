/**
 * Keeps plugins of one session that write each other's files at their starts from starting each other
 * for ever. Each change has a depth: 0 if it came while no other plugin was being started, else one
 * more than that start's. Somebody may save just then, so a deep start first waits until all is quiet:
 * what comes in that wait is a save, and the depth is 0 again. Files that a start at the limit has
 * written start nothing from then on, while that other plugin is being started.
 */
import { basename } from "node:path";
import { namesAndFlags } from "./ignore-flags.js";

/** From this depth on a start waits first. */
const QUIET_DEPTH = 5;
/** So deep nothing is started any more: three waits have passed without a save. */
const LIMIT = 8;
/** For so long nothing is to change, ms. */
const QUIET_MS = 1_500;

export interface StartingPlugin {
  readonly name: string;
  readonly depth: number;
}

/**
 * The depth of a change that comes now.
 * @param others plugins that are being started, or have been just now
 * @returns with the plugin that it comes from, if nothing is to be started for it any more
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
 * @param isQuiet waits; whether no file changed for N ms while nothing was started
 * @returns the depth that the start has
 */
export async function depthOfStart(
  depth: number,
  isQuiet: (ms: number) => Promise<boolean>,
): Promise<number> {
  return depth < QUIET_DEPTH || (await isQuiet(QUIET_MS)) ? depth : 0;
}

/** For a person: what is not started again, and how to leave the files out. */
export function endlessNotice(
  plugin: string,
  writer: StartingPlugin,
  files: readonly string[],
): string {
  const { names, flags } = namesAndFlags(plugin, files);
  const own = basename(plugin);
  return `${names} changes at each start of ${writer.name}, and ${writer.name} is started for what ${own} writes: they would start each other for ever, so ${own} is not started again for that; add ${flags}`;
}
