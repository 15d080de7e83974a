/** The log lines of the watched plugins on one node, as a source of events. */

import { followLogs } from "../node/log-follow.js";
import { isAtLeast, type LogLevel } from "../node/log-level.js";
import type { LogLine } from "../node/log-lines.js";
import type { NodeAddress } from "../settings/types.js";
import type { Emit } from "./events.js";

/** What a failing call or a dead plugin is explained with. */
const KEPT_LINES = 10;
const AGAIN_MS = 1_000;

export class LogSource {
  readonly #node: NodeAddress;
  readonly #names: readonly string[];
  readonly #emit: Emit;
  readonly #end = new AbortController();
  readonly #recent = new Map<string, LogLine[]>();
  readonly #following: Promise<void>;
  /** The lowest level that is told. */
  level: LogLevel = "unusual";

  /** @param names base names of the plugins */
  constructor(node: NodeAddress, names: readonly string[], emit: Emit) {
    this.#node = node;
    this.#names = names;
    this.#emit = emit;
    this.#following = this.#follow();
  }

  /** The plugin's last lines since a moment (ms since 1970), newest last. */
  recent(plugin: string, since: number): readonly string[] {
    const lines = this.#recent.get(plugin) ?? [];
    return lines
      .filter(({ time }) => time === undefined || time.getTime() >= since)
      .map(({ text }) => text);
  }

  async close(): Promise<void> {
    this.#end.abort();
    await this.#following;
  }

  async #follow(): Promise<void> {
    const { signal } = this.#end;
    while (!signal.aborted) {
      try {
        await followLogs({
          rpcFile: this.#node.rpcFile,
          networkDir: this.#node.networkDir,
          pluginNames: this.#names,
          level: "debug",
          signal,
          onLine: (line) => this.#line(line),
        });
      } catch {
        // The node is not there: the monitor says so, and the log goes on when it is back.
      }
      if (!signal.aborted) await pause(AGAIN_MS, signal);
    }
  }

  #line(line: LogLine): void {
    const plugin = line.source.replace(/^plugin-/, "");
    const kept = this.#recent.get(plugin) ?? [];
    this.#recent.set(plugin, [...kept, line].slice(-KEPT_LINES));
    // That a plugin was killed is told by the outcome, or by its death.
    if (!isAtLeast(line.level, this.level) || line.text.startsWith("Killing plugin:")) return;
    this.#emit({
      event: "log",
      node: this.#node.rpcFile,
      plugin,
      level: line.level,
      text: line.text,
      time: line.time?.toISOString(),
    });
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done, { once: true });
  });
}
