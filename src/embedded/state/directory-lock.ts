/**
 * Lets one node at a time use a directory: locked before anything in it is opened, and free again
 * when the process is gone, however it ended. The lock is a listening socket: the kernel answers
 * for a live process, also across PID namespaces. Used by node.ts.
 */
import { lstatSync, unlinkSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { Failure, systemCode } from "../../errors/failure.js";
import { connectUnix, listenUnix } from "../../node/rpc/unix-socket.js";

export interface DirectoryLock {
  release(): void;
}

const NAME = "cln-dev-lock";

/**
 * Locks a node's directory for this process.
 * @param rpcFile the node's socket: if it answers, that is a node, too, perhaps a real one
 * @throws Failure if a node runs there
 */
export async function lockDirectory(networkDir: string, rpcFile: string): Promise<DirectoryLock> {
  const path = join(networkDir, NAME);
  if (await isAnswering(rpcFile)) throw alreadyRunning(networkDir, `it answers on ${rpcFile}`);
  const server = createServer((client) => client.destroy());
  try {
    await listenUnix(server, path);
  } catch (error) {
    if (systemCode(error) !== "EADDRINUSE") throw error;
    if (await isAnswering(path)) throw alreadyRunning(networkDir, `it holds ${path}`);
    removeSocket(path);
    await listenUnix(server, path);
  }
  // The node's own socket and plugins keep the process alive, not this.
  server.unref();
  return {
    release: () => closeServer(server, path),
  };
}

/** Stops listening and removes the socket; leaves alone what has replaced it, or its folder. */
export function closeServer(server: Server, path: string): void {
  server.close();
  try {
    removeSocket(path);
  } catch {
    // It is not ours any more.
  }
}

/**
 * Removes a socket that no process listens on any more; does nothing if there is none.
 * @throws Failure if something else has that name
 */
export function removeSocket(path: string): void {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return;
  if (!stat.isSocket()) throw notSocket(path);
  unlinkSync(path);
}

function isAnswering(path: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = connectUnix(path);
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", (error) => {
      const code = systemCode(error);
      if (code === "ENOENT" || code === "ECONNREFUSED") resolve(false);
      else reject(code === "ENOTSOCK" ? notSocket(path) : error);
    });
  });
}

function notSocket(path: string): Failure {
  return new Failure({
    kind: "unusable-file",
    what: `cannot make the socket ${path}`,
    why: "there is a file of that name that is not a socket",
    fix: "Remove that file, or set another rpc-file",
    exitCode: 2,
  });
}

function alreadyRunning(networkDir: string, how: string): Failure {
  return new Failure({
    kind: "node-already-running",
    what: `cannot start an embedded node in ${networkDir}`,
    why: `another node is running there: ${how}`,
    fix: "Stop that one, or name another directory with --lightning-dir",
    exitCode: 2,
  });
}
