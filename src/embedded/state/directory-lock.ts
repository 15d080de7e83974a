/**
 * Locks a directory for one node, before anything in it is opened. The lock is a listening socket,
 * which the kernel releases when the process ends for any reason, and which works across PID
 * namespaces. Used by node.ts.
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
 * @param rpcFile the node's socket; if it answers, a node is running, perhaps a real one
 * @throws Failure if a node is running there, or a file that is not a socket is in the way
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
  // Only the node's own socket and plugins keep the process alive.
  server.unref();
  return {
    release: () => closeServer(server, path),
  };
}

/** Stops listening and removes the socket, unless something else has replaced it. */
export function closeServer(server: Server, path: string): void {
  server.close();
  try {
    removeSocket(path);
  } catch {
    // The path is no longer ours.
  }
}

/**
 * Removes a socket that no process listens on any longer. Does nothing if there is none.
 * @throws Failure if the file is not a socket
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
    what: `cannot create the socket ${path}`,
    why: "a file with that name exists and is not a socket",
    fix: "Remove that file, or set another rpc-file",
    exitCode: 2,
  });
}

function alreadyRunning(networkDir: string, how: string): Failure {
  return new Failure({
    kind: "node-already-running",
    what: `cannot start an embedded node in ${networkDir}`,
    why: `another node is running there: ${how}`,
    fix: "Stop it, or choose another directory with --lightning-dir",
    exitCode: 2,
  });
}
