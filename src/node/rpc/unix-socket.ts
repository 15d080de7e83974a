/** Unix sockets, even if a path is longer than a socket address allows. */
import { chmodSync, closeSync, constants, openSync } from "node:fs";
import { connect, type Server, type Socket } from "node:net";
import { basename, dirname } from "node:path";

/** What fits into `sun_path` on every supported system (macOS: 104 with the final NUL). */
const MAX_ADDRESS_BYTES = 103;

/**
 * Starts to connect; the caller listens for `connect` and `error`.
 * @throws the system's error if the path is too long and cannot be shortened
 */
export function connectUnix(path: string): Socket {
  return atShortPath(path, (short) => connect({ path: short }));
}

/**
 * Binds and listens, for this user alone.
 * @throws the system's error; later ones of the server are ignored
 */
export async function listenUnix(server: Server, path: string, backlog = 511): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    // It stays: it also gets the errors of connections that cannot be accepted (no descriptor
    // left).
    server.on("error", reject);
    atShortPath(path, (short) => server.listen({ path: short, backlog }, resolve));
  });
  chmodSync(path, 0o600);
}

/**
 * Calls `use` with a path to the same file that fits into a socket address. `use` must bind or
 * connect at once. Node silently truncates a path that is too long, and reports ECONNREFUSED.
 * lightning-cli changes into the folder instead; a library cannot do that, still less in a worker
 * thread. So on Linux the folder is reached through /proc.
 * @throws ENAMETOOLONG if the system has no such way
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
