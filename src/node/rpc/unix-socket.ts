/** Opens a unix socket, also where its path is longer than a socket address allows. */
import { connect, type OnReadOpts, type Socket } from "node:net";
import { basename, dirname } from "node:path";

/** What fits into `sun_path` on every system that we run on (macOS: 104 with the final NUL). */
const MAX_ADDRESS_BYTES = 103;

/**
 * Starts to connect; the caller listens for `connect` and `error`.
 * A path that is too long is reached as lightning-cli does it, by its name in its folder
 * (cln-contract 1.7): Node cuts the name off silently otherwise and reports ECONNREFUSED.
 * @param onread takes what comes in the place of `data` events
 */
export function connectUnix(path: string, onread?: OnReadOpts): Socket {
  const how = onread === undefined ? {} : { onread };
  return atShortPath(path, (short) => connect({ path: short, ...how }));
}

/** Calls `use` with a path to the same file that fits into a socket address. `use` must bind or connect at once. */
export function atShortPath<T>(path: string, use: (path: string) => T): T {
  if (Buffer.byteLength(path) <= MAX_ADDRESS_BYTES) return use(path);
  const before = process.cwd();
  process.chdir(dirname(path));
  try {
    return use(`./${basename(path)}`);
  } finally {
    process.chdir(before);
  }
}
