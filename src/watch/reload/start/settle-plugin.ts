/**
 * The step after the build: waits until the saved plugin file is complete and can be started.
 */
import { Failure } from "../../../errors/failure.js";
import {
  inspectPluginFile,
  mayBeMidSave,
  type PluginFile,
} from "../../../plugin/file/plugin-file.js";
import { type FileSnapshot, takeSnapshot } from "../../files/file-snapshot.js";
import { waitUntilStable } from "../../files/wait-until-stable.js";
import type { ReloadAttemptOptions } from "../attempt-context.js";
import type { AttemptProgress } from "../supersede/attempt-progress.js";

/** How long a save may leave the file empty, in ms. */
const SAVE_MS = 30;
/**
 * How many times in a row a file may look usable and turn out not to be. After that it is not being
 * saved; this user may be unable to read it, for example.
 */
const MAX_UNSETTLED = 5;

export interface SettledPlugin {
  readonly file: PluginFile;
  readonly snapshot: FileSnapshot;
}

export class PluginSettling {
  readonly #options: ReloadAttemptOptions;
  readonly #progress: AttemptProgress;
  #unsettled = 0;
  /** The plugin file as it was last found; undefined before that. */
  seen: FileSnapshot | undefined;

  constructor(options: ReloadAttemptOptions, progress: AttemptProgress) {
    this.#options = options;
    this.#progress = progress;
  }

  /**
   * Waits until the file is complete.
   * @throws Failure: it cannot be started; Superseded
   */
  async settle(): Promise<SettledPlugin> {
    this.#progress.begin("settle");
    const { path, hot, run } = this.#options.target.plugin;
    const command = hot ? run?.exec : undefined;
    const settled = await waitUntilStable({
      plugin: path,
      hasCommand: command !== undefined,
      others: this.#progress.change.files.filter((file) => file !== path),
      nextHint: this.#options.nextHint,
      signal: this.#progress.newer,
    });
    this.seen = settled.usable ? settled.look : takeSnapshot(path);
    this.#progress.absorb();
    this.#progress.throwIfSuperseded();
    try {
      const file = await inspectPluginFile(path, command);
      if (settled.usable) return { file, snapshot: settled.look };
    } catch (error) {
      // It was usable a moment ago: the next save may be under way and hide the start of the file.
      const age = Date.now() - takeSnapshot(path).writtenAt;
      const isYoung = age >= 0 && age < SAVE_MS;
      const midSave = error instanceof Failure && (isYoung || mayBeMidSave(error));
      const isLast = this.#unsettled >= MAX_UNSETTLED;
      if (!settled.usable || !midSave || isLast) throw error;
      await this.#options.nextHint(SAVE_MS);
    }
    // The file has just become usable, or stopped being so: settle again.
    this.#unsettled++;
    return this.settle();
  }
}
