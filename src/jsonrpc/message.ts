/** Encodes requests. Has lightningd's error codes (common/jsonrpc_errors.h). */
import { RawJson } from "./json.js";

/** Named or positional parameters, or JSON text that is sent unchanged. */
export type Params = { readonly [name: string]: unknown } | readonly unknown[] | RawJson;

export const INVALID_REQUEST = -32600;
export const METHOD_NOT_FOUND = -32601;
export const INVALID_PARAMS = -32602;
export const PLUGIN_ERROR = -3;
export const PLUGIN_TERMINATED = -4;

/** Encodes a request for lightningd, which requires `params`. */
export function encodeRequest(id: string, method: string, params: Params): string {
  const paramsText = params instanceof RawJson ? params.text : JSON.stringify(params);
  return `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"method":${JSON.stringify(method)},"params":${paramsText}}\n\n`;
}
