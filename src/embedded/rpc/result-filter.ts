/**
 * The `filter` of a request: the members of the result that its sender wants
 * (common/json_filter.c). Used by dispatch.ts. Plugins' methods receive the filter and apply it
 * themselves.
 */
import { RawJson } from "../../jsonrpc/json.js";
import type { Token } from "../../jsonrpc/token.js";
import { isArray, type JsonRecord, type JsonValue } from "./json-text.js";
import { BadParam } from "./rpc-fault.js";

export type ResultFilter = (result: JsonRecord) => JsonRecord;

/** The deepest nesting of a filter. No result of the embedded node is nested deeper. */
const MAX_DEPTH = 100;

/** Parses the `filter` of a request. @throws BadParam if lightningd rejects it */
export function parseFilter(filter: Token): ResultFilter {
  if (filter.type !== "object") throw new BadParam(filter, "Expected object");
  check(filter, 0);
  return (result) => filteredRecord(filter, result);
}

function check(filter: Token, depth: number): void {
  if (depth > MAX_DEPTH) throw new BadParam(filter, "is nested too deep");
  if (filter.type === "array") {
    const [only, ...others] = filter.elements;
    if (only === undefined || others.length > 0) {
      throw new BadParam(filter, "Arrays can only have one element");
    }
    check(only, depth + 1);
  } else if (filter.type === "object") {
    for (const { value } of filter.members) check(value, depth + 1);
  } else if (filter.bool !== true) throw new BadParam(filter, "value must be true");
}

function filtered(filter: Token, value: JsonValue): JsonValue {
  if (typeof value !== "object" || value === null || value instanceof RawJson) return value;
  if (filter.bool === true) return value;
  if (isArray(value)) {
    const [element] = filter.elements;
    return element === undefined ? [] : value.map((item) => filtered(element, item));
  }
  return filteredRecord(filter, value);
}

function filteredRecord(filter: Token, value: JsonRecord): JsonRecord {
  if (filter.members.length === 0) return value;
  const kept = Object.entries(value).flatMap(([key, member]) => {
    const wanted = filter.member(key);
    const isKept = wanted !== undefined && member !== undefined;
    return isKept ? [[key, filtered(wanted, member)] as const] : [];
  });
  return Object.fromEntries(kept);
}
