/**
 * Buffers what plugins on the embedded node write to stderr. Lines are shown as they arrive, except
 * for a plugin that is being reloaded: its lines wait, and are part of the report if that fails.
 */
import { basename } from "node:path";
import type { Emit, Outcome } from "../../events/watch-events.js";
import type { Reloader } from "../reload/reloader.js";

const MAX_HELD_LINES = 200;
/** How much stderr is kept to explain a death, in characters. */
const MAX_KEPT = 64 * 1024;

export class StderrBuffer {
  readonly #node: string;
  readonly #emit: Emit;
  /** By file name. */
  readonly #held = new Map<string, readonly string[]>();
  /** File names of plugins whose lines are shown because they start slowly. */
  readonly #shown = new Set<string>();

  /** @param node the rpc-file of the embedded node */
  constructor(node: string, emit: Emit) {
    this.#node = node;
    this.#emit = emit;
  }

  /**
   * Takes a line that a plugin wrote.
   * @param plugin its file name
   * @param reloaders all those of the session
   */
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

  /** Called when a start begins: drops the output of an abandoned one. */
  begun(reloader: Reloader): void {
    this.#held.delete(basename(reloader.realPath));
  }

  /** Called when a start takes long: shows its lines, and further ones as they arrive. */
  show(reloader: Reloader): void {
    const plugin = basename(reloader.realPath);
    this.#shown.add(plugin);
    for (const line of this.#held.get(plugin) ?? []) this.#emitLine(plugin, line);
    this.#held.delete(plugin);
  }

  /** Called when a reload has ended: shows its lines, unless the outcome has them. */
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
