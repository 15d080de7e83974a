/** What a command adds when no node is there: what its config hid, and which other nodes are. */
import { NodeUnreachable, type UnreachableReason } from "../../node/rpc/errors.js";
import type { NodeAddress } from "../../settings/types.js";

/**
 * Does something with a node.
 * @throws NodeUnreachable: with the other nodes of this machine in its `fix`
 */
export async function atNode<T>(node: NodeAddress, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof NodeUnreachable)) throw error;
    throw await withNeighbours(error, node);
  }
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

/** Where it may be that another node was meant; a busy or dying one was the right one. */
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
