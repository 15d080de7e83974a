/** The log lines of the watched plugins on one node, as a source of events. */
import { basename } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Emit, Finding } from "../../events/watch-events.js";
import type { JsonObject } from "../../jsonrpc/json.js";
import { followLogs } from "../../node/log/follow.js";
import type { NodeLogLine } from "../../node/log/log-lines.js";
import { isAtLeast, type LogLevel } from "../../plugin/log-level.js";
import type { NodeAddress } from "../../settings/types.js";
import { reportInitError } from "../follow-up/init-error.js";
import type { Reloader } from "../reload/reloader.js";
import { isMishap, isTraceback, tracebackFindings } from "./logged-traceback.js";

/** How many log lines of a plugin are kept to explain a failing call or a death. */
const KEPT_LINES = 10;
const AGAIN_MS = 1_000;
/** How many tracebacks of one reload are kept. */
const MAX_HELD = 10;

export class LogSource {
  readonly #node: NodeAddress;
  readonly #plugins: () => readonly Reloader[];
  readonly #emit: Emit;
  readonly #end = new AbortController();
  /** Tracebacks logged during a reload, until its outcome shows what they belong to. */
  readonly #held = new Map<Reloader, readonly NodeLogLine[]>();
  readonly #recent = new Map<string, NodeLogLine[]>();
  readonly #following: Promise<void>;
  /** The lowest level that is reported. */
  level: LogLevel = "unusual";

  constructor(node: NodeAddress, plugins: () => readonly Reloader[], emit: Emit) {
    this.#node = node;
    this.#plugins = plugins;
    this.#emit = emit;
    this.#following = this.#follow();
  }

  /**
   * Returns the plugin's last messages since a time (ms since 1970), newest last. Tracebacks are
   * left out, since they are reported anyway.
   */
  recent(plugin: string, since: number): readonly string[] {
    const lines = this.#recent.get(plugin) ?? [];
    return lines
      .filter(({ time, text }) => !isTraceback(text) && (time?.getTime() ?? since) >= since)
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
          pluginNames: [...new Set(this.#plugins().map(({ realPath }) => basename(realPath)))],
          level: "debug",
          signal,
          onLine: (line) => this.#line(line),
        });
      } catch {
        // The node is gone: the monitor reports that, and the log is followed again when it is
        // back.
      }
      if (!signal.aborted) await sleep(AGAIN_MS, undefined, { signal }).catch(() => {});
    }
  }

  #line(line: NodeLogLine): void {
    const plugin = line.source.replace(/^plugin-/, "");
    const kept = this.#recent.get(plugin) ?? [];
    this.#recent.set(plugin, [...kept, line].slice(-KEPT_LINES));
    if (isMishap(line.text)) {
      void this.#reportTraceback(plugin, line);
      return;
    }
    // That a plugin was killed is part of the outcome, or of the report of its death.
    if (!isAtLeast(line.level, this.level) || line.text.startsWith("Killing plugin:")) return;
    this.#emitLine(plugin, line);
  }

  /**
   * Called when a reload has ended: reports the tracebacks logged during it.
   * @param isGood whether the plugin runs; if not, the outcome has them
   */
  settled(reloader: Reloader, isGood: boolean): void {
    const held = this.#held.get(reloader) ?? [];
    this.#held.delete(reloader);
    for (const line of held) if (isGood) this.#reportOfStart(reloader, line);
  }

  /** Reports a traceback of a start. One logged before it comes from the previous version. */
  #reportOfStart(reloader: Reloader, line: NodeLogLine): void {
    const { startedAt, initError, state } = reloader;
    if (state.is !== "running" || isBefore(line, startedAt)) return;
    const error = line.text.trimEnd().split("\n").at(-1) ?? "";
    // The error answer itself is known, and reported with its traceback.
    if (initError !== undefined) return;
    void reportInitError(reloader, { message: error }, line.text, this.#emit);
  }

  async #reportTraceback(plugin: string, line: NodeLogLine): Promise<void> {
    const ours = this.#plugins().filter(({ realPath }) => basename(realPath) === plugin);
    for (const reloader of ours) {
      if (reloader.busy) {
        this.#held.set(reloader, [...(this.#held.get(reloader) ?? []), line].slice(-MAX_HELD));
      } else if (isBefore(line, reloader.settledAt)) {
        this.#reportOfStart(reloader, line);
      }
    }
    const its = ours
      .filter(({ busy, settledAt }) => !busy && !isBefore(line, settledAt))
      .filter(({ initError }) => !isOf(line, initError))
      .map(({ realPath }) => realPath);
    if (its.length === 0) return;
    const findings = await tracebackFindings(line.text, its).catch(() => undefined);
    if (!this.#end.signal.aborted) this.#emitLine(plugin, line, findings);
  }

  #emitLine(
    plugin: string,
    { level, text, time }: NodeLogLine,
    findings?: readonly Finding[],
  ): void {
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

/** Whether a traceback belongs to the error that answered `init`. */
function isOf({ text }: NodeLogLine, initError: JsonObject | undefined): boolean {
  if (initError === undefined) return false;
  const thrown = text.trimEnd().split("\n").at(-1) ?? "";
  const message = thrown.slice(thrown.indexOf(":") + 1).trim();
  return message !== "" && JSON.stringify(initError).includes(JSON.stringify(message).slice(1, -1));
}

/** Whether a line was logged before a time of performance.now(). */
function isBefore({ time }: NodeLogLine, moment: number): boolean {
  return time !== undefined && time.getTime() < performance.timeOrigin + moment;
}
