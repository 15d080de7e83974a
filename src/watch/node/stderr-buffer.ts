/**
 * What plugins on the embedded node write to stderr. It is shown as it comes, except for a plugin
 * that is being started: its lines wait, and are part of the report if the start fails.
 */
import { basename } from "node:path";
import type { Emit, Outcome } from "../../events/watch-events.js";
import type { Reloader } from "../reload/reloader.js";

const MAX_HELD_LINES = 200;
/** How much is kept to explain a death, in characters. */
const MAX_KEPT = 64 * 1024;

export class StderrBuffer {
  readonly #node: string;
  readonly #emit: Emit;
  /** By file name. */
  readonly #held = new Map<string, readonly string[]>();
  /** File names of plugins that start slowly. */
  readonly #shown = new Set<string>();

  /** @param node the rpc-file of the embedded node */
  constructor(node: string, emit: Emit) {
    this.#node = node;
    this.#emit = emit;
  }

  /** A plugin, known by its file name, wrote a line. @param reloaders of the session */
  wrote(plugin: string, line: string, reloaders: readonly Reloader[]): void {
    const its = reloaders.filter((reloader) => basename(reloader.realPath) === plugin);
    for (const reloader of its) {
      reloader.stderr = `${reloader.stderr ?? ""}${line}\n`.slice(-MAX_KEPT);
    }
    if (this.#shown.has(plugin) || !its.some((reloader) => reloader.busy)) {
      this.#emitLine(plugin, line);
      return;
    }
    const held = this.#held.get(plugin) ?? [];
    this.#held.set(plugin, [...held, line].slice(-MAX_HELD_LINES));
  }

  /** A start begins: the output of an abandoned one is of no use. */
  begun(reloader: Reloader): void {
    this.#held.delete(basename(reloader.realPath));
  }

  /** The start takes long: show its lines as they come. */
  show(reloader: Reloader): void {
    const plugin = basename(reloader.realPath);
    this.#shown.add(plugin);
    for (const line of this.#held.get(plugin) ?? []) this.#emitLine(plugin, line);
    this.#held.delete(plugin);
  }

  /** A reload has ended: show its lines, unless its outcome has them. */
  settled(reloader: Reloader, outcome: Outcome): void {
    const plugin = basename(reloader.realPath);
    const held = this.#held.get(plugin) ?? [];
    this.#held.delete(plugin);
    this.#shown.delete(plugin);
    if (outcome.event === "reloaded") for (const line of held) this.#emitLine(plugin, line);
  }

  #emitLine(plugin: string, text: string): void {
    const time = new Date().toISOString();
    this.#emit({ event: "log", node: this.#node, plugin, level: "stderr", text, time });
  }
}
