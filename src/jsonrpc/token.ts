/**
 * JSON as lightningd sees it: tokens that keep their own text. lightningd never decodes most
 * strings, takes the first of repeated keys, and quotes tokens in its errors as written
 * (common/json_parse_simple.c). JSON.parse loses all three. Used by code that must answer as
 * lightningd does: the manifest's rules and the embedded node.
 */
import { elementsOf, membersOf } from "./members.js";

type TokenType = "object" | "array" | "string" | "primitive";

export interface TokenMember {
  /** The key, decoded. */
  readonly key: string;
  /** The key as lightningd compares it: not decoded. */
  readonly keyText: string;
  readonly value: Token;
  /** The offset of the value's text in the object's text. */
  readonly at: number;
}

export class Token {
  #members: readonly TokenMember[] | undefined;

  /** @param raw the text of a valid JSON value, without white space around it */
  constructor(readonly raw: string) {}

  get type(): TokenType {
    const first = this.raw[0];
    if (first === "{") return "object";
    if (first === "[") return "array";
    return first === '"' ? "string" : "primitive";
  }

  /**
   * The value as lightningd takes it: a string without its quotes, not decoded, or the raw text.
   */
  get text(): string {
    return this.type === "string" ? this.raw.slice(1, -1) : this.raw;
  }

  /** The members in order, repeated keys included; none if this is not an object. */
  get members(): readonly TokenMember[] {
    this.#members ??= (membersOf(this.raw) ?? []).map(({ key, keyText, raw, at }) => ({
      key,
      keyText,
      value: new Token(raw),
      at,
    }));
    return this.#members;
  }

  /** Returns the first member of that name, if this is an object and has one. */
  member(key: string): Token | undefined {
    return this.members.find((member) => member.keyText === key)?.value;
  }

  /**
   * Returns this object's text with another value in the first member of that name, otherwise
   * unchanged.
   */
  withMember(key: string, raw: string): string {
    const member = this.members.find((candidate) => candidate.keyText === key);
    if (member === undefined) return this.raw;
    const end = member.at + member.value.raw.length;
    return this.raw.slice(0, member.at) + raw + this.raw.slice(end);
  }

  /**
   * Returns this object without the members of that name, or an array without its first element.
   */
  without(key: string): Token {
    if (this.type === "array") {
      return new Token(
        `[${this.elements
          .slice(1)
          .map(({ raw }) => raw)
          .join(",")}]`,
      );
    }
    const kept = this.members.filter((member) => member.keyText !== key);
    const texts = kept.map((member) => `"${member.keyText}":${member.value.raw}`);
    return new Token(`{${texts.join(",")}}`);
  }

  /** The elements in order; none if this is not an array. */
  get elements(): readonly Token[] {
    return (elementsOf(this.raw) ?? []).map((raw) => new Token(raw));
  }

  /** Whether this is a string with exactly this text. */
  is(text: string): boolean {
    return this.type === "string" && this.text === text;
  }

  /** Whether lightningd takes this for null: it looks at the first letter only. */
  get isNull(): boolean {
    return this.raw.startsWith("n");
  }

  /** The value of a JSON `true` or `false`; undefined for anything else. */
  get bool(): boolean | undefined {
    if (this.raw === "true") return true;
    return this.raw === "false" ? false : undefined;
  }

  /**
   * The unsigned number that lightningd reads here, quoted or not, decimal, hexadecimal or octal
   * (json_to_u64: strtoull with base 0); undefined if it is none.
   */
  get unsigned(): bigint | undefined {
    const value = readNumber(this.text);
    if (value === undefined || value > 0xffff_ffff_ffff_ffffn) return undefined;
    return BigInt.asUintN(64, value);
  }
}

/** Reads a whole number as C's strtol does with base 0; undefined for anything else. */
export function readNumber(text: string): bigint | undefined {
  const match = /^[ \t\n\v\f\r]*([+-]?)(0[xX][0-9a-fA-F]+|0[0-7]*|[1-9][0-9]*)$/.exec(text);
  const digits = match?.[2];
  if (digits === undefined) return undefined;
  const octal = /^0[0-7]+$/.test(digits);
  const value = BigInt(octal ? `0o${digits.slice(1)}` : digits);
  return match?.[1] === "-" ? -value : value;
}

/**
 * Decodes a string's text as lightningd does (ccan/json_escape), which refuses `\u` on purpose.
 * @returns undefined if the text has an escape that lightningd refuses
 */
export function unescapeText(text: string): string | undefined {
  if (!text.includes("\\")) return text;
  let bad = false;
  const plain = text.replace(/\\(.?)/gs, (_, letter: string) => {
    const value = ESCAPES.get(letter);
    if (value === undefined) bad = true;
    return value ?? "";
  });
  return bad ? undefined : plain;
}

const ESCAPES = new Map([
  ["n", "\n"],
  ["b", "\b"],
  ["f", "\f"],
  ["t", "\t"],
  ["r", "\r"],
  ["/", "/"],
  ["\\", "\\"],
  ['"', '"'],
]);
