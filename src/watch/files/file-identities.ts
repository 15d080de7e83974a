/**
 * Checks whether files and folders are still the same ones, for changes that no event reports. Used
 * by the file source.
 */
import { statSync } from "node:fs";
import { systemCode } from "../../errors/failure.js";

export class FileIdentities {
  #identities = new Map<string, string>();

  /** Remembers the current identity of each path, to compare with later. */
  remember(paths: Iterable<string>): void {
    this.#identities = new Map([...paths].map((path) => [path, identityOf(path)]));
  }

  get paths(): readonly string[] {
    return [...this.#identities.keys()];
  }

  /** The paths that are gone, are back or were replaced, and files that were written. */
  get changed(): readonly string[] {
    return [...this.#identities].flatMap(([path, identity]) =>
      identity === identityOf(path) ? [] : [path],
    );
  }
}

function identityOf(path: string): string {
  try {
    const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
    if (stat === undefined) return "missing";
    const identity = `${stat.dev} ${stat.ino}`;
    return stat.isDirectory() ? identity : `${identity} ${stat.size} ${stat.mtimeNs}`;
  } catch (error) {
    // Its folder cannot be entered, or its file system is gone.
    return systemCode(error) ?? "unknown";
  }
}
