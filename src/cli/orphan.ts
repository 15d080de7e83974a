/**
 * Ends a program that npm started once npm is gone: npm cannot forward SIGKILL, and does not always
 * forward SIGTERM.
 */
import { parentOf, startedByNohup } from "./process-group.js";

const LOOK_MS = 1000;

/**
 * Calls `onOrphaned` once the process that waits for us is gone. Only under npm and the like: a
 * program started from a shell with `&` or `nohup` outlives the shell, and so do we.
 * @returns a function that stops watching
 */
export function watchParent(
  onOrphaned: () => void,
  env: NodeJS.ProcessEnv = process.env,
): () => void {
  if (env.npm_lifecycle_event === undefined || startedByNohup(env)) return () => {};
  const shell = process.ppid;
  const npm = parentOf(shell);
  const timer = setInterval(() => {
    if (process.ppid === shell && parentOf(shell) === npm) return;
    clearInterval(timer);
    onOrphaned();
  }, LOOK_MS).unref();
  return () => clearInterval(timer);
}
