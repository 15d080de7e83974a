/** Answers that scenarios expect. */
import type { JsonRecord } from "./json.js";

export const INVALID_REQUEST = -32600;
export const METHOD_NOT_FOUND = -32601;
export const INVALID_PARAMS = -32602;
export const PLUGIN_ERROR = -3;
export const PLUGIN_TERMINATED = -4;

export function error(code: number, message: string): JsonRecord {
  return { error: { code, message } };
}

/** What comes back for something that is no request. */
export function malformed(message: string): JsonRecord {
  return { jsonrpc: "2.0", id: null, ...error(INVALID_REQUEST, message) };
}
