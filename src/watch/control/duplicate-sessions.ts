/** Other watch sessions that have the same plugin on the same node: each undoes the other's work. */
import type { SessionTarget } from "../../events/reload-target.js";
import { announce, findSessions, type RunningSession } from "./control-client.js";

export interface DuplicateSession {
  readonly session: RunningSession;
  /** The target of ours that it has, too. */
  readonly target: SessionTarget;
}

/** Throws nothing. */
export async function findDuplicateSessions(
  own: readonly SessionTarget[],
): Promise<readonly DuplicateSession[]> {
  const sessions = await findSessions().catch(() => []);
  return sessions
    .filter(({ pid }) => pid !== process.pid)
    .flatMap((session) => {
      const target = own.find((ours) =>
        session.targets.some(
          ({ realPath, node }) => realPath === ours.realPath && node.rpcFile === ours.node.rpcFile,
        ),
      );
      return target === undefined ? [] : [{ session, target }];
    });
}

/** Lets the others report it as well. Throws nothing. */
export async function announceTo(duplicates: readonly DuplicateSession[]): Promise<void> {
  await Promise.allSettled(duplicates.map(({ session }) => announce(session.control)));
}
