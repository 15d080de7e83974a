/**
 * The state of the files beside a plugin when they were last seen. An event does not show whether
 * the content or only the mode has changed, or what the file was before; and a file may be written
 * with the time of another (`cp -p`, `rsync -t`). Used by the file source.
 */
import { type Stats, statSync } from "node:fs";
import { isBelow } from "../../plugin/file/ignore-rules.js";
import { contentHash } from "./file-snapshot.js";

interface Known {
  /** Inode, size and modification time: differs if the file was written or replaced. */
  readonly identity: string;
  readonly ctimeMs: number;
  /** Mode, owner and link count: a change of these changes the ctime, but not the content. */
  readonly attributes: string;
  readonly hash: string | undefined;
}

/** What has happened to a file since it was last seen. */
type FileChange =
  | "unchanged"
  /** The file was written or removed, or is new. */
  | "changed"
  /** The path is a folder. */
  | "folder";

export class KnownFiles {
  readonly #known = new Map<string, Known>();

  get paths(): Iterable<string> {
    return this.#known.keys();
  }

  get count(): number {
    return this.#known.size;
  }

  has(path: string): boolean {
    return this.#known.has(path);
  }

  /** Remembers a file that was found while its folder was read, without reading its content. */
  note(path: string, stats: Stats): void {
    this.#known.set(path, knownOf(stats, undefined));
  }

  /** Whether the file is known and unchanged. */
  isAsKnown(path: string, stats: Stats): boolean {
    const known = this.#known.get(path);
    return known !== undefined && isSame(known, knownOf(stats, undefined));
  }

  /**
   * Checks a file, and remembers its current state.
   * @param hashed whether to hash its content, so that the next change can be compared with it
   */
  look(path: string, hashed: boolean): FileChange {
    const before = this.#known.get(path);
    try {
      const stats = statSync(path);
      if (stats.isDirectory()) return "folder";
      if (before !== undefined && isSame(before, knownOf(stats, undefined))) return "unchanged";
      const known = knownOf(stats, hashed ? contentHash(path, stats.size) : undefined);
      this.#known.set(path, known);
      return before === undefined ? "changed" : compare(before, known);
    } catch {
      return this.#known.delete(path) ? "changed" : "unchanged";
    }
  }

  /** Forgets the files below a folder, and returns how many there were. */
  forgetBelow(folder: string): number {
    const below = [...this.#known.keys()].filter((path) => isBelow(folder, path));
    for (const path of below) this.#known.delete(path);
    return below.length;
  }
}

function knownOf(stats: Stats, hash: string | undefined): Known {
  return {
    identity: `${stats.ino} ${stats.size} ${stats.mtimeMs}`,
    ctimeMs: stats.ctimeMs,
    attributes: `${stats.mode} ${stats.uid} ${stats.gid} ${stats.nlink}`,
    hash,
  };
}

function isSame(a: Known, b: Known): boolean {
  return a.identity === b.identity && a.ctimeMs === b.ctimeMs;
}

function compare(before: Known, now: Known): FileChange {
  if (before.identity !== now.identity) return "changed";
  const sameContent = before.hash !== undefined && before.hash === now.hash;
  // If the modification time was set back, only the content shows the change.
  return sameContent || before.attributes !== now.attributes ? "unchanged" : "changed";
}
