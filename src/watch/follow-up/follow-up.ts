/**
 * What follows a good reload of one target, after its outcome was reported: it reports what the new
 * version changed for its users, makes the user's calls (`--call`) and runs the user's command
 * (`--run`). A newer reload cuts it short.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { diagnoseFailedCall } from "../../diagnose/on-demand.js";
import { messageOf } from "../../errors/failure.js";
import type { Emit } from "../../events/watch-events.js";
import type { JsonObject, RawJson } from "../../jsonrpc/json.js";
import { PLUGIN_TERMINATED } from "../../jsonrpc/message.js";
import { callParams } from "../../node/rpc/call-params.js";
import { callNodeText } from "../../node/rpc/client.js";
import { NodeUnreachable, RpcError } from "../../node/rpc/errors.js";
import { notificationText } from "../../node/rpc/notification-text.js";
import { splitWords } from "../../plugin/shell-words.js";
import { explainUnanswered, UNANSWERED_MS } from "../node/unanswered-call.js";
import type { Reloader } from "../reload/reloader.js";
import { runShellCommand } from "../shell-command.js";
import type { Shown } from "./api-changes.js";

const CALL_TIMEOUT_MS = 60_000;
const GIVEN_UP = `no answer within ${CALL_TIMEOUT_MS / 1000} s; the next save retries it`;
/** How many of the last lines of the output of `--run` are shown. */
const MAX_RUN_LINES = 60;
/** How long the log file may take to show what the plugin logged before it answered, in ms. */
const LOG_MS = 100;

export class FollowUp {
  readonly #reloader: Reloader;
  readonly #emit: Emit;
  readonly #recentLog: (since: number) => readonly string[];
  /** The other plugins of this session on the same node. */
  readonly #others: () => readonly Reloader[];
  #before: Shown | undefined;
  /** When {@link #before} was asked for, as performance.now(). */
  #beforeAt = 0;
  /** Whether no other plugin was being reloaded then. */
  #wasQuiet = false;
  readonly #results = new Map<string, string>();
  #running = new AbortController();
  /** Ends the `--run` command. */
  #command = new AbortController();
  #ran: Promise<void> = Promise.resolve();
  #closed = false;
  #work: Promise<void> = Promise.resolve();

  /**
   * @param recentLog returns the plugin's last log lines since a time (in ms since 1970), to show
   *   with a failed call
   */
  constructor(
    reloader: Reloader,
    emit: Emit,
    recentLog: (since: number) => readonly string[],
    others: () => readonly Reloader[],
  ) {
    this.#reloader = reloader;
    this.#others = others;
    this.#emit = emit;
    this.#recentLog = recentLog;
  }

  /** Called when the plugin has been reloaded. */
  reloaded(): void {
    this.#begin(async (signal) => {
      // First answer anyone who waits for the outcome (`cln-dev restart`).
      await new Promise(setImmediate);
      await this.#compare(signal);
      await this.#callAll(signal);
      if (signal.aborted) return;
      this.#command = new AbortController();
      const command = this.#command.signal;
      this.#ran = this.#ran.then(() => this.#run(command));
    });
  }

  /** Called when another reload begins: ends the `--run` command for the previous version. */
  reloading(): void {
    this.#command.abort();
  }

  /** Makes the calls again, without a reload. */
  repeatCalls(): void {
    this.#begin((signal) => this.#callAll(signal));
  }

  /** Runs the user's command (`--run`), with the node and the plugin in its environment. */
  async #run(signal: AbortSignal): Promise<void> {
    const { plugin, node, name } = this.#reloader.target;
    if (plugin.runAfter === undefined || signal.aborted) return;
    const { command, cwd } = plugin.runAfter;
    const from = performance.now();
    const env = {
      CLN_DEV_RPC_FILE: node.rpcFile,
      CLN_DEV_LIGHTNING_DIR: node.lightningDir,
      CLN_DEV_PLUGIN: plugin.path,
    };
    const onSlow = (ms: number, printed: string) => {
      const words = printed === "" ? "it has printed nothing" : printed;
      const message = `${command} is still running after ${Math.round(ms / 1000)} s: ${words}`;
      this.#emit({ event: "notice", level: "info", message });
    };
    const result = await runShellCommand({ command, cwd, env, signal, onSlow });
    if (signal.aborted) return;
    const { ok, ending, output } = result;
    const ms = performance.now() - from;
    const tail = output.split("\n").slice(-MAX_RUN_LINES).join("\n");
    this.#emit({ event: "ran", ...name, command, ok, ending, output: tail, ms });
  }

  /** Ends a follow-up under way. A reload that ends later gets none. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#running.abort();
    this.#command.abort();
    await this.#work;
    await this.#ran;
  }

  #begin(job: (signal: AbortSignal) => Promise<void>): void {
    if (this.#closed) return;
    this.#running.abort();
    this.#running = new AbortController();
    const { signal } = this.#running;
    this.#work = this.#work.then(() => (signal.aborted ? undefined : job(signal)));
  }

  /** Reports what the new version changed, from its manifest if known, else from the node. */
  async #compare(signal: AbortSignal): Promise<void> {
    const { state, target } = this.#reloader;
    if (state.is !== "running") return;
    const { readShown, versionChanges } = await import("./api-changes.js");
    const at = performance.now();
    const now = await readShown(target, state, signal);
    if (signal.aborted || now === undefined) return;
    const before = this.#before;
    // The node does not show which plugin a method belongs to: do not report another plugin's
    // change as this one's.
    const wasAlone = this.#others().every(({ settledAt }) => settledAt < this.#beforeAt);
    const isQuiet = this.#others().every(({ busy, settledAt }) => !busy && settledAt <= at);
    const changes = before && versionChanges(before, now, wasAlone && isQuiet && this.#wasQuiet);
    this.#before = now;
    this.#beforeAt = at;
    this.#wasQuiet = isQuiet;
    if (changes) this.#emit({ event: "manifest", ...target.name, ...changes });
  }

  async #callAll(signal: AbortSignal): Promise<void> {
    const { plugin, name } = this.#reloader.target;
    for (const call of plugin.call) {
      const since = Date.now();
      this.#emit({ event: "calling", ...name, call });
      const notice = setTimeout(() => void this.#reportUnanswered(call, signal), UNANSWERED_MS);
      const { error, text } = await this.#call(call, signal).finally(() => clearTimeout(notice));
      const ok = error === undefined;
      if (!ok) await sleep(LOG_MS);
      if (signal.aborted) return;
      const log = ok ? [] : this.#recentLog(since);
      const before = this.#results.get(call);
      this.#emit({ event: "called", ...name, call, ok, result: text, before, log });
      if (ok) this.#results.set(call, text);
      else await this.#explain(call, error, log, signal);
    }
  }

  async #reportUnanswered(call: string, signal: AbortSignal): Promise<void> {
    const { state, target } = this.#reloader;
    const plugin = state.is === "running" ? state.path : undefined;
    const { method } = readCall(call);
    const message = await explainUnanswered({ node: target.node, method, plugin, signal });
    if (!signal.aborted) this.#emit({ event: "notice", level: "warn", message });
  }

  async #explain(
    call: string,
    error: unknown,
    log: readonly string[],
    signal: AbortSignal,
  ): Promise<void> {
    const { state, target, stderr } = this.#reloader;
    if (state.is !== "running" || state.started === undefined) return;
    // If the call could not be parsed, the node was not asked.
    if (!(error instanceof RpcError || error instanceof NodeUnreachable)) return;
    // What a silent call waits for was reported while it waited.
    if (isSilent(error)) return;
    const died = error instanceof RpcError && error.code === PLUGIN_TERMINATED;
    if (died) this.#reloader.explained = state.started;
    const diagnosis = await diagnoseFailedCall(
      state.started,
      error,
      readCall(call),
      { stderr, log },
      signal,
    );
    if (signal.aborted) return;
    if (diagnosis.reason === undefined && diagnosis.findings.length === 0) return;
    this.#emit({ event: "explained", ...target.name, ...diagnosis });
  }

  async #call(call: string, signal: AbortSignal): Promise<{ error?: unknown; text: string }> {
    const { rpcFile } = this.#reloader.target.node;
    try {
      const { method, params } = readCall(call);
      const onNotification = (method: string, of: JsonObject) => {
        const text = notificationText(method, of);
        if (text === undefined || signal.aborted) return;
        const { node, plugin } = this.#reloader.target.name;
        this.#emit({ event: "log", node, plugin, level: "message", text, time: undefined });
      };
      const options = { timeoutMs: CALL_TIMEOUT_MS, signal, onNotification };
      return { text: await callNodeText(rpcFile, method, params, options) };
    } catch (error) {
      const answer =
        error instanceof RpcError
          ? { code: error.code, message: error.message, data: error.data, ...error.more }
          : { message: isSilent(error) ? GIVEN_UP : messageOf(error) };
      return { error, text: JSON.stringify(answer) };
    }
  }
}

function isSilent(error: unknown): boolean {
  return error instanceof NodeUnreachable && error.reason === "silent";
}

/** Parses a call such as `hello name=x`. @throws Failure: `key=value` and other words are mixed */
function readCall(call: string): { readonly method: string; readonly params: RawJson } {
  const [method = "", ...words] = splitWords(call);
  return { method, params: callParams(words) };
}
