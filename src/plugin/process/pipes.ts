/**
 * Makes real pipes for a plugin's stdin, stdout and stderr, like lightningd's. Node gives a child
 * socket pairs, and a socket cannot be opened by name: a shell plugin that writes to /dev/stderr or
 * reads /dev/stdin would fail here but work on the node. Used by plugin-process.ts.
 */
import { spawnSync } from "node:child_process";
import { closeSync, constants, mkdtempSync, openSync, rmSync } from "node:fs";
import { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface Pipes {
  /** The plugin's ends, for `spawn`. */
  readonly child: readonly [stdin: number, stdout: number, stderr: number];
  readonly stdin: Socket;
  readonly stdout: Socket;
  readonly stderr: Socket;
  /** Closes our copies of the plugin's ends. Until then its output never ends. */
  closeChild(): void;
}

const NAMES = ["stdin", "stdout", "stderr"] as const;

/**
 * Makes the pipes with mkfifo(1), which is the only way in Node and takes 4 ms.
 * @returns undefined if that fails, so that the caller falls back to sockets
 */
export function makePipes(): Pipes | undefined {
  const opened: number[] = [];
  const open = (path: string, flags: number) => {
    const fd = openSync(path, flags);
    opened.push(fd);
    return fd;
  };
  let folder: string | undefined;
  try {
    folder = mkdtempSync(join(tmpdir(), "cln-dev-pipes-"));
    const [stdin, stdout, stderr] = NAMES.map((name) => join(folder ?? "", name));
    if (stdin === undefined || stdout === undefined || stderr === undefined) return undefined;
    const made = spawnSync("mkfifo", ["-m", "600", stdin, stdout, stderr], { stdio: "ignore" });
    if (made.status !== 0) return undefined;
    const { O_NONBLOCK, O_RDONLY, O_WRONLY } = constants;
    // Open the reader first, non-blocking: to open the writer would block until there is one.
    const child = [open(stdin, O_RDONLY | O_NONBLOCK)];
    const ours = [open(stdin, O_WRONLY)];
    for (const path of [stdout, stderr]) {
      ours.push(open(path, O_RDONLY | O_NONBLOCK));
      child.push(open(path, O_WRONLY));
    }
    return pipesOf(child, ours);
  } catch {
    for (const fd of opened) closeSync(fd);
    return undefined;
  } finally {
    // Once they are open, the pipes no longer need names.
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  }
}

function pipesOf(child: readonly number[], ours: readonly number[]): Pipes {
  const [stdin = -1, stdout = -1, stderr = -1] = ours;
  return {
    child: [child[0] ?? -1, child[1] ?? -1, child[2] ?? -1],
    stdin: new Socket({ fd: stdin, readable: false, writable: true }),
    stdout: new Socket({ fd: stdout, readable: true, writable: false }),
    stderr: new Socket({ fd: stderr, readable: true, writable: false }),
    closeChild: () => {
      for (const fd of child) closeSync(fd);
    },
  };
}
