/** Finds a command's nodes: those that are named, else the node of the running watch session. */
import { usageFailure } from "../../errors/failure.js";
import type { SessionTarget } from "../../events/reload-target.js";
import { NodeUnreachable, type UnreachableReason } from "../../node/rpc/errors.js";
import { locateAddress } from "../../settings/locate/locate-node.js";
import { resolveNodes } from "../../settings/resolve-nodes.js";
import type { NodeAddress, NodeSettings, Surroundings } from "../../settings/types.js";
import { findSessions, type RunningSession } from "../../watch/control/control-client.js";
import { sanitize } from "../report/sanitize.js";
import { terminalWidth } from "../report/style.js";
import { wrapLine } from "../report/wrap.js";
import type { Context } from "./context.js";
import { ofThisFolder } from "./plugin/this-folder.js";

/**
 * Returns a command's nodes, at least one.
 * @throws Failure (exit code 2) if flags or settings are wrong, sessions are on several nodes, or
 *   no embedded node runs
 */
export async function nodesOf({ flags, surroundings }: Context): Promise<readonly NodeAddress[]> {
  const settings = resolveNodes(flags, surroundings);
  const { nodesFrom, embedded } = settings;
  const nodes = namedNodes(settings, surroundings);
  if (nodesFrom !== "default" && nodes.length > 0) return nodes;
  const running = await findSessions();
  const sessions = embedded ? running.filter((session) => session.embedded) : running;
  const watched = watchedNodes(sessions, surroundings);
  if (watched.size === 1) return [...watched.values()];
  if (nodes.length > 0 && watched.size === 0) return nodes;
  if (watched.size > 1) throw severalNodes([...watched.values()]);
  throw usageFailure("no embedded node runs", {
    why: "cln-dev watch --embedded, which has one, does not run",
    fix: "Start it in another terminal, or name a node with --lightning-dir",
  });
}

/**
 * Returns the node of a command that takes exactly one.
 * @throws Failure (exit code 2)
 */
export async function oneNodeOf(context: Context, command: string): Promise<NodeAddress> {
  const [node, ...others] = await nodesOf(context);
  if (node !== undefined && others.length === 0) return node;
  throw usageFailure(`${command} takes exactly one node`, { fix: "Give one --lightning-dir" });
}

/**
 * Returns the nodes of the sessions, by rpc-file. If there are several, only those with a plugin of
 * this folder, if any.
 */
function watchedNodes(
  sessions: readonly RunningSession[],
  surroundings: Surroundings,
): ReadonlyMap<string, NodeAddress> {
  const targets = sessions.flatMap((session) => session.targets);
  const byFile = (some: readonly SessionTarget[]) =>
    new Map(some.map(({ node }) => [node.rpcFile, node]));
  const all = byFile(targets);
  if (all.size < 2) return all;
  const ofFolder = byFile(targets.filter(ofThisFolder(surroundings)));
  return ofFolder.size > 0 ? ofFolder : all;
}

/**
 * Returns the addresses of the nodes in the settings. An embedded node is included if its
 * lightning-dir is known.
 */
export function namedNodes(
  { nodes, embedded }: NodeSettings,
  surroundings: Surroundings,
): readonly NodeAddress[] {
  return embedded?.lightningDir === undefined ? nodes : [locateAddress(embedded, surroundings)];
}

function severalNodes(nodes: readonly NodeAddress[]) {
  const flags = nodes.map((node) => `  --lightning-dir=${node.lightningDir}`);
  return usageFailure("more than one node is being watched", {
    fix: ["Choose one:", ...flags].join("\n"),
  });
}

/**
 * Runs `act`, which uses a node.
 * @param waiting if given, a node that does not answer is reported on stderr
 * @throws NodeUnreachable with the other nodes on this machine in its `fix`, if one may be meant
 */
export async function atNode<T>(
  node: NodeAddress,
  act: () => Promise<T>,
  waiting?: Context,
): Promise<T> {
  try {
    return await (waiting === undefined ? act() : reportingSilence(waiting, [node], act));
  } catch (error) {
    if (!(error instanceof NodeUnreachable)) throw error;
    throw await withNeighbours(error, node);
  }
}

/** How long a node may take before it is reported as not answering, in ms. */
const SLOW_MS = 2_000;

/** Runs `act`, which waits for nodes, and reports on stderr those that do not answer. */
export async function reportingSilence<T>(
  { io, flags }: Context,
  nodes: readonly NodeAddress[],
  act: () => Promise<T>,
): Promise<T> {
  if (flags.json || flags.quiet) return act();
  const over = new AbortController();
  const report = async (node: NodeAddress) => {
    const { whySilent } = await import("../../watch/reload/slow-node-notice.js");
    const why = await whySilent(node, over.signal);
    if (why === undefined || over.signal.aborted) return;
    const text = `cln-dev: ${sanitize(why)} (Ctrl-C stops waiting)`;
    io.stderr.write(`${wrapLine(text, terminalWidth(io.stderr)).join("\n")}\n`);
  };
  const timer = setTimeout(() => void Promise.all(nodes.map(report)), SLOW_MS);
  return await act().finally(() => {
    clearTimeout(timer);
    over.abort();
  });
}

async function withNeighbours(error: NodeUnreachable, node: NodeAddress): Promise<NodeUnreachable> {
  const seen = WRONG_PLACE.has(error.reason) ? await neighbours(node) : [];
  const lines = [
    ...node.hints,
    ...(error.fix === undefined ? [] : [error.fix]),
    ...(seen.length > 0 ? ["These nodes run here:", ...seen] : []),
  ];
  return new NodeUnreachable(error.reason, error.rpcFile, {
    what: error.what,
    ...(error.why === undefined ? {} : { why: error.why }),
    fix: lines.join("\n"),
    cause: error.cause,
  });
}

/** The reasons for which another node may be meant; a busy or dying node is the right one. */
const WRONG_PLACE: ReadonlySet<UnreachableReason> = new Set([
  "missing",
  "refused",
  "denied",
  "not-a-socket",
  "garbage",
]);

const MAX_NEIGHBOURS = 8;

async function neighbours(node: NodeAddress): Promise<string[]> {
  const { runningNodes } = await import("../../settings/locate/running-nodes.js");
  const nodes = await runningNodes(node, { home: process.env.HOME, cwd: process.cwd() });
  return nodes.slice(0, MAX_NEIGHBOURS).map((other) => `  ${other.flags}  (${other.network})`);
}
