/**
 * `--trace`, `--trace-file` and the key t: which messages between node and plugin are shown or
 * written.
 */
import { closeSync, openSync, writeSync } from "node:fs";
import { resolve } from "node:path";
import { messageOf, usageFailure } from "../../../errors/failure.js";
import { type TraceFilter, traceFilter } from "../../../events/message-trace.js";
import type { Traced } from "../../../events/watch-events.js";
import type { Settings } from "../../../settings/types.js";

export interface TraceFlags {
  readonly trace?: string | true;
  readonly traceFile?: string;
}

/** How much of a message to keep for the screen, and how much for a file, in bytes. */
const SHOWN_BYTES = 16 * 1024;
const WRITTEN_BYTES = 16 * 1024 * 1024;

export class TraceOutput {
  /** Whether messages can be traced: cln-dev runs at least one of the plugins. */
  readonly canTrace: boolean;
  readonly #filter: TraceFilter;
  readonly #file: number | undefined;
  #isShown: boolean;

  /** @throws Failure (exit code 2) if nothing can be traced, or the file cannot be written */
  constructor(
    { plugins, embedded }: Pick<Settings, "plugins" | "embedded">,
    flags: TraceFlags,
    cwd: string,
  ) {
    this.canTrace = embedded !== undefined || plugins.some(({ hot }) => hot === true);
    this.#isShown = flags.trace !== undefined;
    this.#filter = traceFilter(typeof flags.trace === "string" ? flags.trace : "");
    if ((this.#isShown || flags.traceFile !== undefined) && !this.canTrace) {
      throw usageFailure("--trace cannot be used here", {
        why: "the node and the plugin talk over pipes of their own, which no one else can read",
        fix: "Add --hot: cln-dev is then between the two; or use the embedded node with --embedded",
      });
    }
    this.#file =
      flags.traceFile === undefined ? undefined : openFile(resolve(cwd, flags.traceFile));
  }

  /** How much of each message is needed, in bytes; 0 if tracing is off. */
  get traceBytes(): number {
    if (this.#file !== undefined) return WRITTEN_BYTES;
    return this.#isShown ? SHOWN_BYTES : 0;
  }

  /**
   * Writes a message to the file, if there is one.
   * @returns whether to show it as well
   */
  shows(event: Traced): boolean {
    if (this.#file !== undefined && event.kind !== "pending") {
      writeSync(this.#file, `${JSON.stringify(event)}\n`);
    }
    return this.#isShown && this.#filter(event);
  }

  /** Turns showing on or off. Returns whether messages are shown now. */
  toggle(): boolean {
    this.#isShown = !this.#isShown;
    return this.#isShown;
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
  }
}

/** Opens the file with mode 0600: messages between a node and a plugin may contain secrets. */
function openFile(path: string): number {
  try {
    return openSync(path, "a", 0o600);
  } catch (error) {
    throw usageFailure(`--trace-file ${path} cannot be written`, { why: messageOf(error) });
  }
}
