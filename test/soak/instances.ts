/** The processes of a plugin, as the system shows them. */
import { readdirSync, readFileSync } from "node:fs";
import { pause } from "../lab/lab.js";

/** Process ids that run the file and are not on their way out. */
export function instancesOf(plugin: string): readonly number[] {
  return readdirSync("/proc")
    .map(Number)
    .filter((pid) => {
      if (!(pid > 0)) return false;
      try {
        if (!readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").includes(plugin))
          return false;
        // The editors' shells and we ourselves only mention the file.
        return readFileSync(`/proc/${pid}/environ`, "latin1").includes("LIGHTNINGD_PLUGIN=1");
      } catch {
        return false;
      }
    });
}

/** How long a killed process may still be seen, ms: a node does not wait for its end. */
const GOING_MS = 150;

/** Looks for two instances at once until it is ended. */
export class InstanceCheck {
  readonly #plugin: string;
  #ended = false;
  #most = 0;
  readonly #work: Promise<void>;

  constructor(plugin: string) {
    this.#plugin = plugin;
    this.#work = this.#look();
  }

  /** @returns the most that were seen at once for longer than a killed one takes to go */
  async end(): Promise<number> {
    this.#ended = true;
    await this.#work;
    return this.#most;
  }

  async #look(): Promise<void> {
    while (!this.#ended) {
      let seen = instancesOf(this.#plugin);
      if (seen.length > 1) {
        await pause(GOING_MS);
        const later = new Set(instancesOf(this.#plugin));
        seen = seen.filter((pid) => later.has(pid));
      }
      this.#most = Math.max(this.#most, seen.length);
      await pause(100);
    }
  }
}
