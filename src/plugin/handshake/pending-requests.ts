/**
 * What a plugin was asked and has not answered yet, and the ids of these requests. Used by
 * plugin-session.ts.
 */
import type { RawMessage } from "../../jsonrpc/envelope.js";
import { PLUGIN_TERMINATED } from "../../jsonrpc/message.js";
import type { Token } from "../../jsonrpc/token.js";

export interface PendingRequest {
  /** @param answer the plugin's whole message; undefined if it is gone before it has answered */
  onAnswer(answer: Token | undefined): void;
  /** A `message` or `progress` notification that belongs to the request. */
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

/** A whole request. @param id its text, quotes included @param params JSON text */
export function requestText(id: string, method: string, params: string): string {
  return `{"jsonrpc":"2.0","id":${id},"method":${JSON.stringify(method)},"params":${params}}\n\n`;
}

/** The answer to the caller if the plugin is gone before it has answered. */
export const TERMINATED = "Plugin terminated before replying to RPC call.";

/**
 * That answer as lightningd writes it in the plugin's place, with spaces that its own answers do
 * not have.
 */
export function terminatedAnswer(id: string): string {
  return `{"jsonrpc": "2.0","id": ${id},"error": {"code":${PLUGIN_TERMINATED}, "message":"${TERMINATED}"}}`;
}

export class PendingRequests {
  readonly #pending = new Map<string, PendingRequest>();

  /** @param id its text, quotes included, as everywhere here */
  add(id: string, request: PendingRequest): void {
    this.#pending.set(id, request);
  }

  get(id: string): PendingRequest | undefined {
    return this.#pending.get(id);
  }

  /** @returns false for an answer to no pending request: it is ignored, as lightningd does */
  answered(answer: RawMessage): boolean {
    const { id = "" } = answer;
    const request = this.#pending.get(id);
    this.#pending.delete(id);
    request?.onAnswer(answer.token);
    return request !== undefined;
  }

  /** The plugin is gone: reports that to everyone who waits for an answer. */
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
