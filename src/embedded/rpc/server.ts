/**
 * The node's unix socket: made anew, readable by its owner only, and never taken from a live node.
 * Used by node.ts.
 */
import { chmodSync, unlinkSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { dirname } from "node:path";
import { systemCode } from "../../errors/failure.js";
import { atShortPath, connectUnix } from "../../node/rpc/unix-socket.js";
import { nodeAlreadyRunning } from "./already-running.js";

export interface SocketServer {
  /** No new client comes in; those that are there stay. */
  stopListening(): void;
}

/** @throws Failure where a live node holds the path */
export async function refuseIfLive(path: string): Promise<void> {
  if (!(await somebodyListens(path))) return;
  throw nodeAlreadyRunning(dirname(path), `it answers on ${path}`);
}

/** Listens at a path, replacing the socket that a dead node left behind. */
export async function listenAt(
  path: string,
  onConnect: (socket: Socket) => void,
): Promise<SocketServer> {
  unlinkIfThere(path);
  // The connection stays half open after a client's end: what was asked is still answered.
  const server = createServer({ allowHalfOpen: true }, onConnect);
  await listen(server, path);
  return {
    stopListening: () => {
      // Closing unlinks the socket by the name under which it was bound.
      atShortPath(path, () => server.close());
      unlinkIfThere(path);
    },
  };
}

function somebodyListens(path: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = connectUnix(path);
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", (error) => {
      const code = systemCode(error);
      if (code === "ENOENT" || code === "ECONNREFUSED" || code === "ENOTSOCK") resolve(false);
      else reject(error);
    });
  });
}

async function listen(server: Server, path: string): Promise<void> {
  const umask = process.umask(0o177);
  const listening = new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.once("listening", () => resolve());
  });
  try {
    atShortPath(path, (short) => server.listen({ path: short, backlog: 1024 }));
  } finally {
    process.umask(umask);
  }
  await listening;
  chmodSync(path, 0o600);
}

function unlinkIfThere(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (systemCode(error) !== "ENOENT") throw error;
  }
}
