/** What a plugin was asked and has not answered. Used by hosted-plugin.ts; the ids by whoever asks. */
import type { Token } from "../../jsonrpc/token.js";

export interface PendingRequest {
  /** @param answer the plugin's whole message; undefined when it is gone before it has answered */
  onAnswer(answer: Token | undefined): void;
  /** A `message` or `progress` notification that belongs to the request. */
  onNotify?(notification: Token): void;
}

let requests = 0;

/**
 * Makes a request's id: the caller's own is its beginning, so that it can be followed in the log.
 * @param callerId the text of the caller's id token, quotes included
 */
export function requestId(method: string, callerId: string | undefined): string {
  const number = requests++;
  if (callerId === undefined) return `"cln:${method}#${number}"`;
  const inner = /^".*"$/s.test(callerId) ? callerId.slice(1, -1) : callerId;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what JSON must escape.
  const prefix = /["\\\x00-\x1f\x7f]/.test(inner) ? "weird-id" : inner;
  return `"${prefix}/cln:${method}#${number}"`;
}

export class OpenRequests {
  readonly #pending = new Map<string, PendingRequest>();

  /** @param id its text, quotes included, as everywhere here */
  add(id: string, request: PendingRequest): void {
    this.#pending.set(id, request);
  }

  get(id: string): PendingRequest | undefined {
    return this.#pending.get(id);
  }

  /** An answer that nobody waits for is passed over, as lightningd does. */
  answered(id: string, answer: Token): void {
    const request = this.#pending.get(id);
    this.#pending.delete(id);
    request?.onAnswer(answer);
  }

  /** The plugin is gone: whoever waits is told. */
  fail(): void {
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    for (const request of pending) request.onAnswer(undefined);
  }

  /** Nobody will be told, not even that the plugin is gone. */
  forget(): void {
    this.#pending.clear();
  }
}
