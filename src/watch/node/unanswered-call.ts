/**
 * Explains why a call has no answer: checks whether the node answers at all, and what the plugin's
 * process is doing. The call is not repeated. Used by `--call`, `cln-dev call` and the notice about
 * a slow start.
 */
import { basename } from "node:path";
import type { ProcessWait } from "../../diagnose/evidence/process-wait.js";
import { realPathOf } from "../../filesystem/try-read.js";
import { listPlugins } from "../../node/plugins/plugin-command.js";
import { pluginProcesses } from "../../node/plugins/plugin-processes.js";
import { NodeUnreachable } from "../../node/rpc/errors.js";
import type { NodeAddress } from "../../settings/types.js";

/** How long a call waits for its answer before it is explained, in ms. */
export const UNANSWERED_MS = 5_000;
/** How long a node that is not blocked may take to answer, in ms. */
const ANSWER_MS = 800;
/** The paths of lightningd's own plugins, which are not under development here. */
const BUILTIN = /\/c-lightning\/plugins\/|\/lightning\/plugins\//;

export interface UnansweredCall {
  readonly node: NodeAddress;
  readonly method: string;
  /**
   * The canonical path of the plugin that has the method. If unknown, every plugin of the node is
   * checked except lightningd's own.
   */
  readonly plugin?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Explains an unanswered call in one sentence for the terminal. Never rejects. */
export async function explainUnanswered(call: UnansweredCall): Promise<string> {
  const { node, method, plugin, signal } = call;
  const head = `${method} has not been answered for ${UNANSWERED_MS / 1000} s`;
  const options = { timeoutMs: ANSWER_MS, signal };
  const listed = await listPlugins(node.rpcFile, options).catch((error: unknown) => {
    return error instanceof NodeUnreachable && error.reason === "silent" ? undefined : [];
  });
  const own = (listed ?? []).map(({ name }) => name).filter((name) => !BUILTIN.test(name));
  const paths = plugin === undefined ? own : [plugin];
  const details = await describeProcesses(paths, node, listed === undefined);
  const silent = listed === undefined ? ", and the node does not answer other calls either" : "";
  return [`${head}${silent}`, ...details].join("; ");
}

/**
 * Describes what the processes of plugins are doing, in one clause for each.
 * @param paths the canonical paths of the plugins
 * @param isNodeSilent whether the node does not answer at all
 */
export async function describeProcesses(
  paths: readonly string[],
  node: NodeAddress,
  isNodeSilent: boolean,
): Promise<readonly string[]> {
  const { whatItWaitsFor } = await import("../../diagnose/evidence/process-wait.js");
  const networkDir = realPathOf(node.networkDir);
  const isOne = paths.length === 1;
  return paths.flatMap((path) =>
    pluginProcesses(path, networkDir).flatMap(({ pid }) => {
      const wait = whatItWaitsFor(pid);
      if (wait === undefined) return [];
      return [
        `${basename(path)} (pid ${pid}) ${DOING[wait]}${meaningOf(wait, isNodeSilent, isOne)}`,
      ];
    }),
  );
}

const DOING: Readonly<Record<ProcessWait, string>> = {
  stdin: "reads its stdin",
  computing: "computes",
  sleep: "sleeps",
  child: "waits for a child process",
  socket: "waits for data on a socket",
  file: "waits for a file or a pipe",
  events: "waits in its event loop",
  lock: "waits for a lock or another thread",
};

/** Returns what a process's wait probably means for the call. */
function meaningOf(wait: ProcessWait, isNodeSilent: boolean, isOne: boolean): string {
  if (wait === "stdin" && isOne)
    return ": it waits for the next request, and has not answered this one";
  if (wait !== "socket") return "";
  return isNodeSilent
    ? ": probably for the answer to its own call, which the node delays until the plugin answers its rpc_command hook. Answer the hook from another thread, and make no calls in init or in a hook"
    : ", probably for the answer to its own call to the node";
}
