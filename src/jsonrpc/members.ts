/**
 * Splits a JSON object into members as text: repeated keys are kept, and values are not decoded.
 * lightningd passes option values on as this raw text (lightningd/plugin.c), so code that acts as
 * lightningd, or restores what it shows, must see the same text.
 */
import { parseJson } from "./json.js";

export interface Member {
  /** The key, decoded. */
  readonly key: string;
  /** The key's text, not decoded, without its quotes. */
  readonly keyText: string;
  /** The value's own text, with its quotes if it is a string. */
  readonly raw: string;
  /** The offset of the value's text in the object's text. */
  readonly at: number;
}

/**
 * Splits a JSON object into its members.
 * @param json the text of a valid JSON object
 * @returns its members in order, repeated keys included; undefined if it is not an object
 */
export function membersOf(json: string): Member[] | undefined {
  let at = skipSpace(json, 0);
  if (json[at] !== "{") return undefined;
  const members: Member[] = [];
  at = skipCommas(json, at + 1);
  while (at < json.length && json[at] !== "}") {
    const keyEnd = endOfValue(json, at);
    const keyText = json.slice(at + 1, keyEnd - 1);
    const key = decodeKey(json.slice(at, keyEnd));
    at = skipSpace(json, keyEnd);
    if (key === undefined || json[at] !== ":") return undefined;
    at = skipSpace(json, at + 1);
    const valueEnd = endOfValue(json, at);
    members.push({ key, keyText, raw: json.slice(at, valueEnd), at });
    at = skipCommas(json, valueEnd);
  }
  return members;
}

/**
 * Splits a JSON array into its elements.
 * @param json the text of a JSON array
 * @returns the text of each element; undefined if it is not an array
 */
export function elementsOf(json: string): string[] | undefined {
  let at = skipSpace(json, 0);
  if (json[at] !== "[") return undefined;
  const elements: string[] = [];
  at = skipCommas(json, at + 1);
  while (at < json.length && json[at] !== "]") {
    const end = endOfValue(json, at);
    // No element, as in `[}`: it is not JSON, and the loop would never end.
    if (end === at) return undefined;
    elements.push(json.slice(at, end));
    at = skipCommas(json, end);
  }
  return elements;
}

/** Decodes a key. Keeps its text if only lightningd accepts it, such as one with a raw tab. */
function decodeKey(raw: string): string | undefined {
  if (!raw.startsWith('"')) return undefined;
  if (!raw.includes("\\")) return raw.slice(1, -1);
  const key = parseJson(raw);
  return typeof key === "string" ? key : raw.slice(1, -1);
}

/** Skips white space and commas: lightningd's parser ignores commas (external/jsmn). */
function skipCommas(text: string, from: number): number {
  let at = from;
  while (at < text.length && ", \n\r\t".includes(text[at] ?? "")) at++;
  return at;
}

function skipSpace(text: string, from: number): number {
  let at = from;
  while (at < text.length && " \n\r\t".includes(text[at] ?? "")) at++;
  return at;
}

function endOfValue(text: string, from: number): number {
  const first = text[from];
  if (first === '"') return endOfString(text, from);
  if (first !== "{" && first !== "[") {
    let at = from;
    while (at < text.length && !",]} \n\r\t".includes(text[at] ?? "")) at++;
    return at;
  }
  let depth = 0;
  for (let at = from; at < text.length; at++) {
    const char = text[at];
    if (char === '"') at = endOfString(text, at) - 1;
    else if (char === "{" || char === "[") depth++;
    else if ((char === "}" || char === "]") && --depth === 0) return at + 1;
  }
  return text.length;
}

function endOfString(text: string, from: number): number {
  for (let at = from + 1; at < text.length; at++) {
    if (text[at] === "\\") at++;
    else if (text[at] === '"') return at + 1;
  }
  return text.length;
}
