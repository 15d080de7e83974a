/**
 * Reports why a step of a reload takes long on the node: the node does not answer (it is suspended,
 * or something in it blocks every call), another plugin holds up every start, or the plugin is slow
 * to end. The reloaded plugin is blamed only for what it does itself.
 */
import { basename } from "node:path";
import type { Target } from "../../events/reload-target.js";
import type { Emit } from "../../events/watch-events.js";
import { realPathOf } from "../../filesystem/try-read.js";
import { nodePid } from "../../node/node-process.js";
import { type ListedPlugin, listPlugins } from "../../node/plugins/plugin-command.js";
import { descendantsOf, pluginProcesses } from "../../node/plugins/plugin-processes.js";
import { bytesWrittenBy, isStopped } from "../../node/process-table.js";
import { NodeUnreachable } from "../../node/rpc/errors.js";
import type { NodeAddress } from "../../settings/types.js";
import { describeProcesses } from "../node/unanswered-call.js";
import type { AttemptContext } from "./attempt-context.js";

/** How long a step may take before it is reported, in ms: longer than a node normally needs. */
const SLOW_MS = 2_000;
/** How long a node may take to answer, in ms. */
const ANSWER_MS = 800;

/** The shortest possible answer to getmanifest, in bytes. */
const MIN_ANSWER_BYTES = 40;

export type NodeStep = "find" | "stop" | "start";

/** Returns why the node does not answer, as text for the terminal; undefined if it answers. */
export async function whySilent(
  node: NodeAddress,
  signal?: AbortSignal,
): Promise<string | undefined> {
  const answer = await askPlugins(node, signal);
  return typeof answer === "string" ? answer : undefined;
}

/**
 * Reports what a step is waiting for if it takes too long.
 * @param path the plugin's path in the node's list
 * @returns a function to call when the step has ended
 */
export function reportSlowStep(
  target: Target,
  path: string,
  step: NodeStep,
  emit: Emit,
): () => void {
  const over = new AbortController();
  const report = async () => {
    const message = await whySlow(target, path, step, over.signal);
    if (message === undefined || over.signal.aborted) return;
    emit({ event: "notice", level: "warn", message });
  };
  const timer = setTimeout(() => void report(), SLOW_MS);
  return () => {
    clearTimeout(timer);
    over.abort();
  };
}

/** Runs a step of an attempt on the node, and reports what it is waiting for if it takes long. */
export async function onNode<T>(
  { node, options }: AttemptContext,
  step: NodeStep,
  path: string,
  act: () => Promise<T>,
): Promise<T> {
  const listedAs = "path" in node.state ? node.state.path : path;
  const end = reportSlowStep(options.target, listedAs, step, options.emit);
  return await act().finally(end);
}

/** Returns what the step is waiting for, if the node shows it. Never rejects. */
async function whySlow(
  target: Target,
  path: string,
  step: NodeStep,
  signal: AbortSignal,
): Promise<string | undefined> {
  const plugins = await askPlugins(target.node, signal);
  if (typeof plugins === "string") {
    const doing = step === "start" ? await describeProcesses([path], target.node, true) : [];
    return [plugins, ...doing].join("; ");
  }
  const starting = plugins.filter(({ active }) => !active).map(({ name }) => name);
  if (starting.some((name) => name !== path) && step !== "stop") {
    return waitsForOthers(target, path, starting);
  }
  const { plugin } = target.name;
  if (step === "stop" && plugins.some(({ name }) => name === path)) {
    return `${plugin} is still stopping: it subscribes to shutdown, and lightningd gives it 30 s to end`;
  }
  return undefined;
}

/** Lists the node's plugins. @returns the plugins, or why there is no answer */
async function askPlugins(
  node: NodeAddress,
  signal?: AbortSignal,
): Promise<readonly ListedPlugin[] | string> {
  const pid = nodePid(node.lightningDir, node.network);
  if (pid !== undefined && pid !== process.pid && isStopped(pid)) {
    return `the node at ${node.rpcFile} is suspended (pid ${pid}: by SIGSTOP, Ctrl-Z or a debugger); to resume it: kill -CONT ${pid}`;
  }
  try {
    return await listPlugins(node.rpcFile, { timeoutMs: ANSWER_MS, signal });
  } catch (error) {
    // A node that is gone is reported by the monitor.
    if (!(error instanceof NodeUnreachable) || error.reason !== "silent") return [];
    return `the node at ${node.rpcFile} does not answer: it is busy, or a plugin's rpc_command hook holds up every call`;
  }
}

/**
 * Returns text about the other plugins that the node waits for. It lists all that are starting as
 * inactive. One that has written less than the shortest answer has not answered getmanifest; the
 * others may have.
 */
function waitsForOthers(
  { node }: Target,
  path: string,
  starting: readonly string[],
): string | undefined {
  const networkDir = realPathOf(node.networkDir);
  const plugins = starting.map((name) => ({ name, processes: pluginProcesses(name, networkDir) }));
  const silent = plugins.filter(
    ({ processes }) =>
      processes.length > 0 &&
      [...processes, ...descendantsOf(processes)].every(({ pid }) => hasWrittenLittle(pid)),
  );
  const others = (silent.length > 0 ? silent : plugins).filter(({ name }) => name !== path);
  if (others.length === 0) return undefined;
  const names = others.map(({ name }) => basename(name)).join(", ");
  const pids = others.flatMap(({ processes }) => processes.map(({ pid }) => pid));
  const end = pids.length > 0 ? `; to end it: kill ${pids.join(" ")}` : "";
  return `${names} is still starting: the node starts no other plugin until it is done (120 s at most)${end}`;
}

function hasWrittenLittle(pid: number): boolean {
  const bytes = bytesWrittenBy(pid);
  return bytes !== undefined && bytes < MIN_ANSWER_BYTES;
}
