/**
 * The processes of a plugin on this machine. Only for a start that hangs: while the node waits for
 * getmanifest it refuses to stop the plugin (cln-contract 3.7), so its process has to be ended.
 */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/**
 * Ends the plugin's processes that a node has started and that belong to this user.
 * A process counts only if it runs that very file, in the node's folder, with lightningd's
 * environment. Does nothing where there is no /proc.
 * @param path the plugin's canonical path
 * @param networkDir the node's network directory: a plugin's working directory
 * @returns how many were ended
 */
export function killPluginProcesses(path: string, networkDir: string): number {
  let ended = 0;
  for (const pid of pluginPids(path, networkDir)) {
    try {
      process.kill(pid, "SIGKILL");
      ended++;
    } catch {
      // It is gone already.
    }
  }
  return ended;
}

/** Process ids of the plugin on that node, as far as /proc shows them. */
function pluginPids(path: string, networkDir: string): number[] {
  return processIds().filter((pid) => {
    try {
      if (readlinkSync(`/proc/${pid}/cwd`) !== networkDir) return false;
      const argv = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
      if (!argv.includes(path)) return false;
      const env = readFileSync(`/proc/${pid}/environ`, "latin1").split("\0");
      return env.includes("LIGHTNINGD_PLUGIN=1");
    } catch {
      return false;
    }
  });
}

function processIds(): number[] {
  try {
    return readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .map(Number);
  } catch {
    return [];
  }
}
