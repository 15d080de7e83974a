/**
 * Whether files or folders are still the same ones, when no event reports it. Used by the file
 * source.
 */
import { statSync } from "node:fs";
import { systemCode } from "../../errors/failure.js";

export class FileIdentities {
  #identities = new Map<string, string>();

  /** Remembers what these are now, to compare with later. */
  remember(paths: Iterable<string>): void {
    this.#identities = new Map([...paths].map((path) => [path, identityOf(path)]));
  }

  get paths(): readonly string[] {
    return [...this.#identities.keys()];
  }

  /** Those that are gone, have come back or were replaced; files also if they were written. */
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
    // It cannot be entered, or its file system is gone.
    return systemCode(error) ?? "unknown";
  }
}
