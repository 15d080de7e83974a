/** Tracks the requests that a plugin has not answered yet, and makes their ids. */
import type { RawMessage } from "../../jsonrpc/envelope.js";
import { PLUGIN_TERMINATED } from "../../jsonrpc/message.js";
import type { Token } from "../../jsonrpc/token.js";

export interface PendingRequest {
  /** @param answer the plugin's whole message; undefined if it ended without answering */
  onAnswer(answer: Token | undefined): void;
  /** Called with a `message` or `progress` notification that belongs to the request. */
  onNotify?(notification: Token): void;
}

let requests = 0;

/**
 * Makes a request's id as lightningd does: it begins with the caller's own id, so that it can be
 * followed in the log (lightningd/plugin.c json_id_prefix).
 * @param callerId the text of the caller's id token, quotes included
 * @returns the text of the id, quotes included: `"cli:plugin#1/cln:getmanifest#2"`
 */
export function requestId(method: string, callerId: string | undefined): string {
  const number = requests++;
  if (callerId === undefined) return `"cln:${method}#${number}"`;
  const inner = /^".*"$/s.test(callerId) ? callerId.slice(1, -1) : callerId;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what JSON must escape.
  const prefix = /["\\\x00-\x1f\x7f]/.test(inner) ? "weird-id" : inner;
  return `"${prefix}/cln:${method}#${number}"`;
}

/**
 * Returns the text of a request.
 * @param id the text of the id, quotes included
 * @param params JSON text
 */
export function requestText(id: string, method: string, params: string): string {
  return `{"jsonrpc":"2.0","id":${id},"method":${JSON.stringify(method)},"params":${params}}\n\n`;
}

/** lightningd's error message to the caller if the plugin ends before it answers. */
export const TERMINATED = "Plugin terminated before replying to RPC call.";

/**
 * Returns the answer that lightningd writes in the plugin's place. Unlike its other answers, it has
 * spaces.
 */
export function terminatedAnswer(id: string): string {
  return `{"jsonrpc": "2.0","id": ${id},"error": {"code":${PLUGIN_TERMINATED}, "message":"${TERMINATED}"}}`;
}

export class PendingRequests {
  readonly #pending = new Map<string, PendingRequest>();

  /** @param id the text of the id, quotes included, as everywhere in this class */
  add(id: string, request: PendingRequest): void {
    this.#pending.set(id, request);
  }

  get(id: string): PendingRequest | undefined {
    return this.#pending.get(id);
  }

  /** @returns false if the answer fits no pending request: ignore it, as lightningd does */
  answered(answer: RawMessage): boolean {
    const { id = "" } = answer;
    const request = this.#pending.get(id);
    this.#pending.delete(id);
    request?.onAnswer(answer.token);
    return request !== undefined;
  }

  /** Notifies everyone who waits for an answer that the plugin is gone. */
  fail(): void {
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    for (const request of pending) request.onAnswer(undefined);
  }

  /** Forgets all requests, without calling anyone back. */
  forget(): void {
    this.#pending.clear();
  }
}
