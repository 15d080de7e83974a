/** Changes members of an example payload: `htlc.amount_msat`, or `amount_msat` where that is clear. */
import type { RawJson } from "../../jsonrpc/json.js";
import type { JsonRecord, JsonValue } from "../rpc/json-text.js";

/**
 * @param changes values by their path, the parts of which are separated by dots
 * @returns the payload with them; where it holds just one object, paths may begin inside it
 */
export function withChanges(
  payload: JsonRecord,
  changes: ReadonlyMap<string, RawJson>,
): JsonRecord {
  let changed = payload;
  for (const [path, value] of changes) changed = withChange(changed, path.split("."), value);
  return changed;
}

function withChange(payload: JsonRecord, path: readonly string[], value: RawJson): JsonRecord {
  const [first = "", ...rest] = path;
  const [[onlyName, only] = [undefined, undefined], ...others] = Object.entries(payload);
  const isWrapper = onlyName !== undefined && others.length === 0 && isRecord(only);
  if (isWrapper && first !== onlyName) return { [onlyName]: withChange(only, path, value) };
  const inner = payload[first];
  return {
    ...payload,
    [first]: rest.length === 0 ? value : withChange(isRecord(inner) ? inner : {}, rest, value),
  };
}

function isRecord(value: JsonValue | undefined): value is JsonRecord {
  return (
    typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype
  );
}
