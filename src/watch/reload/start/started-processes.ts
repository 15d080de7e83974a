/** What the node has started of a plugin: looked for after a good start, for the stop that follows. */

import {
  ageOf,
  type ProcessIdentity,
  pluginProcesses,
  rootsOf,
} from "../../../node/plugins/plugin-processes.js";

/** A process may look younger than it is by this, ms: one that starts at once is ours all the same. */
const TICK_MS = 10;

/**
 * The processes of the start that has just ended.
 * @param path the plugin's, as the node lists it
 * @param folder the node's network folder, without symlinks
 * @param settledAt when the start ended, performance.now()
 * @returns none where one of them began since then: it is not of our start, somebody was quick
 */
export function startedProcesses(
  path: string,
  folder: string,
  settledAt: number,
): readonly ProcessIdentity[] {
  const found = rootsOf(pluginProcesses(path, folder));
  const settledAgo = performance.now() - settledAt;
  const isOurs = found.every((one) => (ageOf(one) ?? 0) + TICK_MS > settledAgo);
  return isOurs ? found : [];
}
