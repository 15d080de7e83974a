/** Ends a watcher of chokidar with all that belongs to it. Used by the file source. */
import type { FSWatcher } from "chokidar";

/**
 * chokidar (5.0.0) forgets at its close what it throttles, and lets the timers of that run out: where
 * it was reading a folder just then, one keeps the process alive for another second.
 */
export async function closeWatcher(watcher: FSWatcher): Promise<void> {
  endThrottles(watcher);
  await watcher.close();
  // What was under way may have begun another.
  endThrottles(watcher);
}

function endThrottles(watcher: FSWatcher): void {
  for (const actions of watcher._throttled.values()) {
    for (const throttle of [...actions.values()]) throttle.clear();
  }
}
