/** JSON text as a person reads it, without reading its numbers: those beyond 2^53 stay what they are. */
import { elementsOf, membersOf } from "../../../jsonrpc/members.js";

const INDENT = "   ";

/** Indents by three blanks, as lightning-cli does. @param json one valid JSON value */
export function indentJson(json: string, depth = 0): string {
  const inner = INDENT.repeat(depth + 1);
  const outer = INDENT.repeat(depth);
  const members = membersOf(json);
  if (members !== undefined) {
    if (members.length === 0) return "{}";
    const lines = members.map(
      ({ key, raw }) => `${inner}${JSON.stringify(key)}: ${indentJson(raw, depth + 1)}`,
    );
    return `{\n${lines.join(",\n")}\n${outer}}`;
  }
  const elements = elementsOf(json);
  if (elements === undefined) return json.trim();
  if (elements.length === 0) return "[]";
  return `[\n${elements.map((raw) => inner + indentJson(raw, depth + 1)).join(",\n")}\n${outer}]`;
}
