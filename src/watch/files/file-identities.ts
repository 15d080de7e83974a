/** Whether files or folders are still the same ones, if no event reports it. Used by the file source. */
import { statSync } from "node:fs";
import { systemCode } from "../../errors/failure.js";

export class FileIdentities {
  #identities = new Map<string, string>();

  /** From now on these are compared with what they are now. */
  remember(paths: Iterable<string>): void {
    this.#identities = new Map([...paths].map((path) => [path, identityOf(path)]));
  }

  get paths(): readonly string[] {
    return [...this.#identities.keys()];
  }

  /** Those that are gone, are there again, or are others; a file also if it was written. */
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
    // Not to be entered, or on a file system that is no longer there.
    return systemCode(error) ?? "unknown";
  }
}
