/** Which nodes a command is about: what the user says, else the node of the watch session that runs. */
import { usageFailure } from "../failure.js";
import { resolveNodes } from "../settings/resolve-nodes.js";
import type { NodeAddress } from "../settings/types.js";
import { findSessions } from "../watch/control-client.js";
import type { Context } from "./context.js";

/**
 * At least one node.
 * @throws Failure (exit code 2): wrong flags or settings, or it is open which session is meant
 */
export async function nodesOf({ flags, surroundings }: Context): Promise<readonly NodeAddress[]> {
  const { nodes, nodesFrom, embedded } = resolveNodes(flags, surroundings);
  if (nodesFrom.kind !== "default" && nodes.length > 0) return nodes;
  const sessions = await findSessions();
  const watched = new Map(
    sessions.flatMap((session) => session.targets.map(({ node }) => [node.rpcFile, node])),
  );
  if (watched.size === 1) return [...watched.values()];
  if (nodes.length > 0 && watched.size === 0) return nodes;
  if (watched.size > 1) throw severalNodes([...watched.values()]);
  throw usageFailure("no embedded node runs", {
    why: `it belongs to cln-dev watch${embedded?.lightningDir === undefined ? "" : ` in ${embedded.lightningDir}`}, which does not run`,
    fix: "Start cln-dev watch, or cln-dev node, in another terminal",
  });
}

function severalNodes(nodes: readonly NodeAddress[]) {
  const flags = nodes.map((node) => `  --lightning-dir=${node.lightningDir}`);
  return usageFailure("it is not clear which node is meant", {
    why: "watch sessions run on several",
    fix: ["Name it:", ...flags].join("\n"),
  });
}
