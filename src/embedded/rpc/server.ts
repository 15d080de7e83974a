/** The node's unix socket, for its owner only. Used by node.ts. */

import { createServer, type Socket } from "node:net";
import { listenUnix } from "../../node/rpc/unix-socket.js";
import { closeServer, removeSocket } from "../state/directory-lock.js";

export interface SocketServer {
  /** No new client comes in; those that are there stay. */
  stopListening(): void;
}

/**
 * Listens at a path, replacing the socket that a dead node left behind.
 * @throws Failure where something else has that name
 */
export async function listenAt(
  path: string,
  onConnect: (socket: Socket) => void,
): Promise<SocketServer> {
  removeSocket(path);
  // The connection stays half open after a client's end: what was asked is still answered.
  const server = createServer({ allowHalfOpen: true }, onConnect);
  await listenUnix(server, path, 1024);
  return { stopListening: () => closeServer(server, path) };
}
