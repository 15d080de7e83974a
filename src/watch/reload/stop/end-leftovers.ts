/**
 * Ends what a version leaves running when it is stopped. lightningd ends only the process that it
 * started. That may be a launcher (uv, sh), and the program behind it keeps its port and its files.
 */
import { setTimeout as sleep } from "node:timers/promises";
import {
  commandLineOf,
  isRunning,
  kill,
  type ProcessIdentity,
} from "../../../node/plugins/plugin-processes.js";

/** How long a program may take to exit by itself after its stdin has ended, in ms. */
const GRACE_MS = 100;
/** How long a killed process may take to disappear, in ms. */
const KILLED_MS = 500;
const POLL_MS = 3;

/**
 * Waits briefly for processes to exit, then kills them.
 * @param processes those of the stopped version; each is checked by its start time
 * @returns what could not be ended, as text for the terminal
 */
export async function endLeftovers(
  processes: readonly ProcessIdentity[],
): Promise<readonly string[]> {
  if (await areGone(processes, GRACE_MS)) return [];
  for (const process of processes) kill(process);
  if (await areGone(processes, KILLED_MS)) return [];
  const left = processes.filter(isRunning);
  const { portsOf } = await import("../../../diagnose/evidence/address-in-use.js");
  return left.map(({ pid }) => {
    const ports = portsOf(pid);
    const holds = ports.length === 0 ? "" : `, and listens on port ${ports.join(", ")}`;
    return `process ${pid} (${commandLineOf(pid)}) of the previous version is still running${holds}`;
  });
}

async function areGone(processes: readonly ProcessIdentity[], maxMs: number): Promise<boolean> {
  const until = performance.now() + maxMs;
  while (processes.some(isRunning)) {
    if (performance.now() > until) return false;
    await sleep(POLL_MS);
  }
  return true;
}
