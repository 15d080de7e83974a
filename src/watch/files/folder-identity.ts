/** Which folders are watched, and whether others have come in their place since. */
import { statSync } from "node:fs";
import { systemCode } from "../../errors/failure.js";

export class WatchedFolders {
  #identities = new Map<string, string>();

  remember(folders: Iterable<string>): void {
    this.#identities = new Map([...folders].map((folder) => [folder, identityOf(folder)]));
  }

  /** One of them is gone, is there again, or is another. Takes some 0.01 ms for each. */
  get haveMoved(): boolean {
    return [...this.#identities].some(([folder, identity]) => identity !== identityOf(folder));
  }
}

function identityOf(folder: string): string {
  try {
    const stat = statSync(folder, { bigint: true, throwIfNoEntry: false });
    return stat === undefined ? "missing" : `${stat.dev} ${stat.ino}`;
  } catch (error) {
    // Not to be entered, or on a file system that is no longer there.
    return systemCode(error) ?? "unknown";
  }
}
