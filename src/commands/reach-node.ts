/** What a command adds when no node is there: what its config hid, and which other nodes are. */
import { NodeUnreachable } from "../node/errors.js";
import type { NodeAddress } from "../settings/types.js";

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
  const others: NodeAddress[] = [];
  const seen = others.map(
    (other) => `  --lightning-dir=${other.lightningDir} --network=${other.network}`,
  );
  const lines = [
    ...(error.fix === undefined ? [] : [error.fix]),
    ...node.hints,
    ...(seen.length > 0 ? ["These nodes run here:", ...seen] : []),
  ];
  return new NodeUnreachable(error.reason, error.rpcFile, {
    what: error.what,
    ...(error.why === undefined ? {} : { why: error.why }),
    fix: lines.join("\n"),
    cause: error.cause,
  });
}
