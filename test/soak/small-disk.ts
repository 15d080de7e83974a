/** A disk that can be filled: a small file system in memory, mounted on its own folder. */
import { spawnSync } from "node:child_process";
import { closeSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";

export interface SmallDisk {
  readonly folder: string;
  /** Takes all the room that there is. */
  fill(): void;
  /** Gives it back. */
  free(): void;
  unmount(): void;
}

/**
 * @param options of tmpfs, such as `size=64k` or `nr_inodes=2`
 * @returns undefined if we have not the right to mount one
 */
export function smallDisk(folder: string, options: string): SmallDisk | undefined {
  const mount = spawnSync("mount", ["-t", "tmpfs", "-o", options, "tmpfs", folder]);
  if (mount.status !== 0) return undefined;
  const filler = join(folder, ".filler");
  return {
    folder,
    fill: () => {
      const file = openSync(filler, "a");
      try {
        for (;;) writeSync(file, Buffer.alloc(4096));
      } catch {
        // It is full: that was the aim.
      } finally {
        closeSync(file);
      }
    },
    free: () => rmSync(filler, { force: true }),
    unmount: () => void spawnSync("umount", ["-l", folder]),
  };
}

/** Who is not root may be it in a namespace of his own. */
export function canMountInNamespace(folder: string): boolean {
  const mount = `mount -t tmpfs -o size=64k tmpfs '${folder}'`;
  return spawnSync("unshare", ["-Urm", "sh", "-c", mount]).status === 0;
}
