/** Other watch sessions that have the same plugin on the same node: each would undo the other's work. */

import type { Notice } from "../../events/watch-events.js";
import { findSessions, type SessionTarget } from "./control-client.js";

/** A warning for each session that shares a target with ours. */
export async function findDuplicateSessions(own: readonly SessionTarget[]): Promise<Notice[]> {
  const others = (await findSessions()).filter(({ pid }) => pid !== process.pid);
  return others.flatMap(({ pid, targets }) => {
    const shared = targets.find((theirs) =>
      own.some(
        ({ realPath, node }) =>
          realPath === theirs.realPath && node.rpcFile === theirs.node.rpcFile,
      ),
    );
    if (shared === undefined) return [];
    const message = `another watch session (pid ${pid}) has ${shared.path} on this node, too: end one of the two`;
    return [{ event: "notice", level: "warn", message }];
  });
}
