/**
 * A call that its plugin does not answer. The plugin is not run again for it: the call may be one that
 * must not be made twice. Its processes are looked at instead.
 */
import { pluginProcesses, rootsOf } from "../../node/plugins/plugin-processes.js";
import type { PluginFile } from "../../plugin/file/plugin-file.js";
import { type ProcessWait, whatItWaitsFor } from "../evidence/process-wait.js";
import type { Explanation } from "../explain/explanation.js";
import { hintsFor } from "../explain/language-hints.js";

/** A process that computes is seen so twice, this many ms apart. */
const AGAIN_MS = 100;

/**
 * @param networkDir the node's: the plugin's working directory
 * @returns undefined where nothing can be seen
 */
export async function explainUnansweredCall(
  file: PluginFile,
  networkDir: string,
  method: string,
): Promise<Explanation | undefined> {
  const [root] = rootsOf(pluginProcesses(file.realPath, networkDir));
  if (root === undefined) return undefined;
  const first = whatItWaitsFor(root.pid);
  await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
  const second = whatItWaitsFor(root.pid);
  if (second === undefined || first !== second) return undefined;
  const { reason, fix } = WORDS[second](method);
  const flush = second === "stdin" ? ` (and at once: ${hintsFor(file.language).flush})` : "";
  return { id: `call-${second}`, reason: `${reason} (process ${root.pid})`, fix: `${fix}${flush}` };
}

const WORDS: Readonly<Record<ProcessWait, (method: string) => { reason: string; fix: string }>> = {
  stdin: (method) => ({
    reason: `it has taken the request, and reads stdin for the next one without having answered ${method}`,
    fix: "Answer every request that has an id, on all paths through its code",
  }),
  computing: (method) => ({
    reason: `it is computing, and has not answered ${method}`,
    fix: "Look for a loop that does not end",
  }),
  sleep: (method) => ({
    reason: `it sleeps, and has not answered ${method}`,
    fix: "Answer first, or sleep in a thread",
  }),
  child: (method) => ({
    reason: `it waits for a program that it has started, and has not answered ${method}`,
    fix: "Look at what that program waits for, or give it a time limit",
  }),
  socket: (method) => ({
    reason: `it waits for an answer on a socket, and has not answered ${method}: probably for the node or a server`,
    fix: "Give that request a time limit; if it is a call of the node, look whether the plugin's own rpc_command hook answers meanwhile",
  }),
  file: (method) => ({
    reason: `it waits for a file or a pipe, and has not answered ${method}`,
    fix: "Read it in a thread, or with a time limit",
  }),
  events: (method) => ({
    reason: `it waits in its event loop, and has not answered ${method}`,
    fix: "Look for a promise or a callback that never comes",
  }),
  lock: (method) => ({
    reason: `it waits for one of its own threads or locks, and has not answered ${method}`,
    fix: "Look for a lock that is held, or a thread that has ended",
  }),
};
