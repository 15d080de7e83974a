/**
 * The `filter` of a request: which members of the result its sender wants (common/json_filter.c).
 * Used by dispatch.ts; a plugin's own methods get it passed on and are not filtered here.
 */
import { RawJson } from "../jsonrpc/json.js";
import type { Token } from "../jsonrpc/token.js";
import type { JsonRecord, JsonValue } from "./json-text.js";
import { BadParam } from "./params.js";

interface FilterNode {
  /** Set where the filter speaks of an array: what is wanted of each element. */
  readonly element: FilterNode | undefined;
  readonly members: ReadonlyMap<string, FilterNode>;
  /** Set once the result had the other kind of thing at this place. */
  misused: boolean;
}

export class ResultFilter {
  private constructor(private readonly root: FilterNode) {}

  /** @throws BadParam where lightningd does not take it */
  static parse(token: Token): ResultFilter {
    if (token.type !== "object") throw new BadParam(token, "Expected object");
    return new ResultFilter(parseNode(token));
  }

  apply(result: JsonRecord): JsonRecord {
    const shown = applyNode(this.root, result);
    const problem = describeMisuse(this.root);
    const kept = isRecord(shown) ? shown : {};
    return problem === undefined ? kept : { ...kept, warning_parameter_filter: problem };
  }
}

function parseNode(token: Token): FilterNode {
  if (token.type === "array") {
    const [only, ...others] = token.elements;
    if (only === undefined || others.length > 0) {
      throw new BadParam(token, "Arrays can only have one element");
    }
    return { element: parseNode(only), members: new Map(), misused: false };
  }
  const members = new Map<string, FilterNode>();
  for (const { key, value } of token.members) {
    if (value.type === "object" || value.type === "array") {
      members.set(key, parseNode(value));
    } else if (value.bool === true) {
      members.set(key, { element: undefined, members: new Map(), misused: false });
    } else {
      throw new BadParam(value, "value must be true");
    }
  }
  return { element: undefined, members, misused: false };
}

function applyNode(node: FilterNode, value: JsonValue): JsonValue | undefined {
  const wantsAll = node.element === undefined && node.members.size === 0;
  if (wantsAll) return value;
  if (Array.isArray(value)) {
    if (node.element === undefined) {
      node.misused = true;
      return undefined;
    }
    const { element } = node;
    return value.flatMap((item: JsonValue) => applyNode(element, item) ?? []);
  }
  if (!isRecord(value)) return value;
  if (node.element !== undefined) {
    node.misused = true;
    return undefined;
  }
  const kept = Object.entries(value).flatMap(([key, member]) => {
    const child = node.members.get(key);
    const shown = child && member !== undefined ? applyNode(child, member) : undefined;
    return shown === undefined ? [] : [[key, shown] as const];
  });
  return Object.fromEntries(kept);
}

function isRecord(value: JsonValue | undefined): value is JsonRecord {
  return (
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof RawJson)
  );
}

function describeMisuse(node: FilterNode): string | undefined {
  if (node.misused) return node.element === undefined ? " is an array" : " is an object";
  if (node.element !== undefined) {
    const inner = describeMisuse(node.element);
    return inner === undefined ? undefined : `[]${inner}`;
  }
  for (const [name, child] of node.members) {
    const inner = describeMisuse(child);
    if (inner !== undefined) return `.${name}${inner}`;
  }
  return undefined;
}
