/**
 * Writes JSON as lightningd does: compact, members in order, raw text inserted unchanged. Used for
 * every answer of the embedded node.
 */
import { RawJson } from "../../jsonrpc/json.js";

export type JsonValue =
  | string
  | number
  | bigint
  | boolean
  | null
  | RawJson
  | readonly JsonValue[]
  | JsonRecord;

/** An object. Undefined members are omitted. */
export type JsonRecord = { readonly [key: string]: JsonValue | undefined };

/** Returns a value as JSON text. */
export function jsonText(value: JsonValue): string {
  if (value instanceof RawJson) return value.text;
  if (typeof value === "bigint") return value.toString();
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (isArray(value)) return `[${value.map(jsonText).join(",")}]`;
  const members = Object.entries(value).flatMap(([key, member]) =>
    member === undefined ? [] : [`${JSON.stringify(key)}:${jsonText(member)}`],
  );
  return `{${members.join(",")}}`;
}

/** As Array.isArray, for a readonly array. */
export function isArray(value: JsonRecord | readonly JsonValue[]): value is readonly JsonValue[] {
  return Array.isArray(value);
}
