/** The log lines of the watched plugins on one node, as a source of events. */

import { basename } from "node:path";
import type { Emit, Finding } from "../../events/watch-events.js";
import { followLogs } from "../../node/log/follow.js";
import type { LogLine } from "../../node/log/log-lines.js";
import { isAtLeast, type LogLevel } from "../../plugin/log-level.js";
import type { NodeAddress } from "../../settings/types.js";
import { isMishap, isTraceback, tracebackFindings } from "./logged-traceback.js";

/** What a failing call or a dead plugin is explained with. */
const KEPT_LINES = 10;
const AGAIN_MS = 1_000;

/** What is to be known of a plugin whose lines are told. */
export interface LoggingPlugin {
  /** Without symlinks: the log knows it by its file name. */
  readonly realPath: string;
  /** It is being reloaded. */
  readonly busy: boolean;
  /** When the last reload ended, performance.now(). */
  readonly settledAt: number;
}

export class LogSource {
  readonly #node: NodeAddress;
  readonly #plugins: () => readonly LoggingPlugin[];
  readonly #emit: Emit;
  readonly #end = new AbortController();
  readonly #recent = new Map<string, LogLine[]>();
  /** When each plugin last logged what a failed init would be followed by, ms since 1970. */
  readonly #suspectAt = new Map<string, number>();
  readonly #following: Promise<void>;
  /** The lowest level that is told. */
  level: LogLevel = "unusual";

  constructor(node: NodeAddress, plugins: () => readonly LoggingPlugin[], emit: Emit) {
    this.#node = node;
    this.#plugins = plugins;
    this.#emit = emit;
    this.#following = this.#follow();
  }

  /** The plugin's last messages since a moment (ms since 1970), newest last; tracebacks are told anyway. */
  recent(plugin: string, since: number): readonly string[] {
    const lines = this.#recent.get(plugin) ?? [];
    return lines
      .filter(({ time, text }) => !isTraceback(text) && (time?.getTime() ?? since) >= since)
      .map(({ text }) => text);
  }

  /** Whether the plugin has warned, or logged a traceback, since a moment (ms since 1970). */
  isSuspect(plugin: string, since: number): boolean {
    return (this.#suspectAt.get(plugin) ?? 0) >= since;
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
          pluginNames: [...new Set(this.#plugins().map(({ realPath }) => basename(realPath)))],
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
    if (isTraceback(line.text) || isAtLeast(line.level, "unusual")) {
      this.#suspectAt.set(plugin, line.time?.getTime() ?? Date.now());
    }
    if (isMishap(line.text)) {
      void this.#tellTraceback(plugin, line);
      return;
    }
    // That a plugin was killed is told by the outcome, or by its death.
    if (!isAtLeast(line.level, this.level) || line.text.startsWith("Killing plugin:")) return;
    this.#tell(plugin, line);
  }

  async #tellTraceback(plugin: string, line: LogLine): Promise<void> {
    const its = this.#plugins()
      .filter(({ realPath }) => basename(realPath) === plugin)
      // What comes of a start is told by its outcome, with what the plugin says of it.
      .filter(({ busy, settledAt }) => !busy && !isBefore(line, settledAt))
      .map(({ realPath }) => realPath);
    if (its.length === 0) return;
    const findings = await tracebackFindings(line.text, its).catch(() => undefined);
    if (!this.#end.signal.aborted) this.#tell(plugin, line, findings);
  }

  #tell(plugin: string, { level, text, time }: LogLine, findings?: readonly Finding[]): void {
    this.#emit({
      event: "log",
      node: this.#node.rpcFile,
      plugin,
      level,
      text,
      time: time?.toISOString(),
      ...(findings === undefined ? {} : { findings }),
    });
  }
}

/** Whether a line was logged before a moment of performance.now(). */
function isBefore({ time }: LogLine, moment: number): boolean {
  return time !== undefined && time.getTime() < performance.timeOrigin + moment;
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
