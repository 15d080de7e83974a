/**
 * The `filter` of a request: which members of the result its sender wants (common/json_filter.c).
 * Used by dispatch.ts; a plugin's own methods get it passed on and are not filtered here.
 */
import { RawJson } from "../../jsonrpc/json.js";
import type { Token } from "../../jsonrpc/token.js";
import type { JsonRecord, JsonValue } from "./json-text.js";
import { BadParam } from "./rpc-fault.js";

interface FilterNode {
  /** Set where the filter speaks of an array: what is wanted of each element. */
  readonly element: FilterNode | undefined;
  readonly members: ReadonlyMap<string, FilterNode>;
  /** Set once the result had the other kind of thing at this place. */
  misused: boolean;
}

/** No result of the embedded node is nested deeper. */
const MAX_DEPTH = 100;

export class ResultFilter {
  private constructor(private readonly root: FilterNode) {}

  /** @throws BadParam where lightningd does not take it */
  static parse(token: Token): ResultFilter {
    if (token.type !== "object") throw new BadParam(token, "Expected object");
    return new ResultFilter(parseNode(token, 0));
  }

  apply(result: JsonRecord): JsonRecord {
    const kept = applyToObject(this.root, result);
    const problem = describeMisuse(this.root);
    return problem === undefined ? kept : { ...kept, warning_parameter_filter: problem };
  }
}

function parseNode(token: Token, depth: number): FilterNode {
  if (depth > MAX_DEPTH) throw new BadParam(token, "is nested too deep");
  if (token.type === "array") {
    const [only, ...others] = token.elements;
    if (only === undefined || others.length > 0) {
      throw new BadParam(token, "Arrays can only have one element");
    }
    return { element: parseNode(only, depth + 1), members: new Map(), misused: false };
  }
  const members = new Map<string, FilterNode>();
  for (const { keyText: key, value } of token.members) {
    if (value.type === "object" || value.type === "array") {
      members.set(key, parseNode(value, depth + 1));
    } else if (value.bool === true) {
      members.set(key, { element: undefined, members: new Map(), misused: false });
    } else {
      throw new BadParam(value, "value must be true");
    }
  }
  return { element: undefined, members, misused: false };
}

/**
 * lightningd filters while it writes, with effects that are kept here: a plain member is shown only
 * where it is named; an object at the end of a path shows what holds further objects, but none of
 * its own plain members; what is in arrays is always shown when it is plain.
 */
function applyNode(node: FilterNode, value: JsonRecord | readonly JsonValue[]): JsonValue {
  return isArray(value) ? applyToArray(node, value) : applyToObject(node, value);
}

function applyToObject(node: FilterNode, value: JsonRecord): JsonRecord {
  const kept: [string, JsonValue][] = [];
  for (const [key, member] of Object.entries(value)) {
    if (member === undefined) continue;
    if (isPlain(member)) {
      if (node.members.has(key)) kept.push([key, member]);
      continue;
    }
    if (isLeaf(node)) kept.push([key, member]);
    else if (node.element !== undefined) node.misused = true;
    const child = node.members.get(key);
    if (child !== undefined) kept.push([key, applyNode(child, member)]);
  }
  return Object.fromEntries(kept);
}

function applyToArray(node: FilterNode, value: readonly JsonValue[]): readonly JsonValue[] {
  const kept: JsonValue[] = [];
  for (const item of value) {
    if (isPlain(item) || isLeaf(node)) kept.push(item);
    else if (node.element === undefined) node.misused = true;
    else kept.push(applyNode(node.element, item));
  }
  return kept;
}

function isLeaf(node: FilterNode): boolean {
  return node.element === undefined && node.members.size === 0;
}

function isPlain(value: JsonValue): value is Exclude<JsonValue, JsonRecord | readonly JsonValue[]> {
  return typeof value !== "object" || value === null || value instanceof RawJson;
}

function isArray(value: JsonRecord | readonly JsonValue[]): value is readonly JsonValue[] {
  return Array.isArray(value);
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
