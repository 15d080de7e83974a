/** Unix sockets, also at paths longer than a socket address allows. */
import { chmodSync, closeSync, constants, openSync } from "node:fs";
import { connect, type Server, type Socket } from "node:net";
import { basename, dirname } from "node:path";

/** The longest path that fits `sun_path` on all systems (macOS: 104 bytes with the final NUL). */
const MAX_ADDRESS_BYTES = 103;

/**
 * Starts to connect. The caller listens for `connect` and `error`.
 * @throws the system's error if the path is too long and cannot be shortened
 */
export function connectUnix(path: string): Socket {
  return atShortPath(path, (short) => connect({ path: short }));
}

/**
 * Binds and listens, for this user only.
 * @throws the system's error; later errors of the server are ignored
 */
export async function listenUnix(server: Server, path: string, backlog = 511): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    // Never removed: it also handles connections that cannot be accepted (no descriptor left).
    server.on("error", reject);
    atShortPath(path, (short) => server.listen({ path: short, backlog }, resolve));
  });
  chmodSync(path, 0o600);
}

/**
 * Calls `use` with a path to the same file that fits a socket address. `use` must bind or connect
 * synchronously. Node silently truncates a path that is too long, and reports ECONNREFUSED.
 * lightning-cli changes into the folder instead, but a library cannot do that, least of all in a
 * worker thread. On Linux this reaches the folder through /proc.
 * @throws ENAMETOOLONG if the path cannot be shortened: not on Linux, or the file's name is too
 *   long
 * @throws the system's error if the folder cannot be opened
 */
export function atShortPath<T>(path: string, use: (path: string) => T): T {
  if (Buffer.byteLength(path) <= MAX_ADDRESS_BYTES) return use(path);
  const tooLong = () =>
    Object.assign(new Error(`the path of the socket is too long: ${path}`), {
      code: "ENAMETOOLONG",
    });
  if (process.platform !== "linux") throw tooLong();
  const folder = openSync(dirname(path), constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    const short = `/proc/self/fd/${folder}/${basename(path)}`;
    if (Buffer.byteLength(short) > MAX_ADDRESS_BYTES) throw tooLong();
    return use(short);
  } finally {
    closeSync(folder);
  }
}
