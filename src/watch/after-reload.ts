/**
 * What follows a good reload of one target, after its outcome has been told: what the new version
 * changed for its users, and the user's own calls (`--call`). A newer reload cuts it short.
 */
import { messageOf } from "../failure.js";
import { callParams } from "../node/call-params.js";
import { callNodeText } from "../node/client.js";
import { RpcError } from "../node/errors.js";
import type { Emit } from "./events.js";
import type { Target } from "./target.js";
import { splitWords } from "./words.js";

const CALL_TIMEOUT_MS = 60_000;

export class AfterReload {
  readonly #target: Target;
  readonly #emit: Emit;
  readonly #recentLog: () => readonly string[];
  readonly #results = new Map<string, string>();
  #running = new AbortController();
  #work: Promise<void> = Promise.resolve();

  /** @param recentLog the plugin's last log lines, shown with a call that fails */
  constructor(target: Target, emit: Emit, recentLog: () => readonly string[]) {
    this.#target = target;
    this.#emit = emit;
    this.#recentLog = recentLog;
  }

  /** The plugin has been started anew. */
  reloaded(): void {
    this.#begin((signal) => this.#callAll(signal));
  }

  /** Makes the calls again, without a reload. */
  repeatCalls(): void {
    this.#begin((signal) => this.#callAll(signal));
  }

  /** Ends what is under way. */
  async cut(): Promise<void> {
    this.#running.abort();
    await this.#work;
  }

  #begin(job: (signal: AbortSignal) => Promise<void>): void {
    this.#running.abort();
    this.#running = new AbortController();
    const { signal } = this.#running;
    this.#work = this.#work.then(() => (signal.aborted ? undefined : job(signal)));
  }

  async #callAll(signal: AbortSignal): Promise<void> {
    for (const call of this.#target.plugin.call) {
      const { ok, text } = await this.#call(call, signal);
      if (signal.aborted) return;
      this.#emit({
        event: "called",
        ...this.#target.name,
        call,
        ok,
        result: text,
        before: this.#results.get(call),
        log: ok ? [] : this.#recentLog(),
      });
      if (ok) this.#results.set(call, text);
    }
  }

  async #call(call: string, signal: AbortSignal): Promise<{ ok: boolean; text: string }> {
    const [method = "", ...params] = splitWords(call);
    try {
      const options = { timeoutMs: CALL_TIMEOUT_MS, signal };
      const text = await callNodeText(
        this.#target.node.rpcFile,
        method,
        callParams(params),
        options,
      );
      return { ok: true, text };
    } catch (error) {
      const answer =
        error instanceof RpcError
          ? { code: error.code, message: error.message, data: error.data }
          : { message: messageOf(error) };
      return { ok: false, text: JSON.stringify(answer) };
    }
  }
}
