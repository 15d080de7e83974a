/**
 * Where and why a text is not JSON, by line and column: what JSON.parse says differs from one Node to
 * the next and often leaves the place out. Only loaded into play once parsing has failed.
 */

export interface JsonError {
  /** Both counted from 1, in UTF-16 units as editors do. */
  readonly line: number;
  readonly column: number;
  /** One clause: `there is a comma before the }`. */
  readonly why: string;
}

/** The first place at which `text` is not JSON; undefined where it is JSON. */
export function findJsonError(text: string): JsonError | undefined {
  const fault = firstFault(text);
  if (fault === undefined) return undefined;
  const before = text.slice(0, fault.at).split(/\r\n|\n|\r/);
  return { line: before.length, column: (before.at(-1) ?? "").length + 1, why: fault.why };
}

interface Fault {
  readonly at: number;
  readonly why: string;
}

/** What may come next; `first` also allows the end of a list or an object that is still empty. */
type Expected = "value" | "first value" | "key" | "first key" | "colon" | "comma" | "nothing";

const TOKEN =
  /[{}[\],:]|"(?:[ !#-[\]-\uffff]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;

function firstFault(text: string): Fault | undefined {
  /** The closing brackets that are still to come. */
  const open: string[] = [];
  let expected: Expected = "value";
  let at = skipSpace(text, 0);
  while (at < text.length) {
    TOKEN.lastIndex = at;
    const [token] = TOKEN.exec(text) ?? [];
    const next: Expected | undefined =
      token === undefined ? undefined : after(token, expected, open);
    if (token === undefined || next === undefined) return fault(text, at, expected, open.at(-1));
    expected = next;
    at = skipSpace(text, at + token.length);
  }
  if (expected === "nothing") return undefined;
  const closing = open.at(-1);
  return { at, why: closing ? `the file ends and a ${closing} is missing` : "it is empty" };
}

/** What may follow `token` (and `open` brought up to date); undefined where it may not stand. */
function after(token: string, expected: Expected, open: string[]): Expected | undefined {
  const value = expected === "value" || expected === "first value";
  switch (token) {
    case "{":
      return value && open.push("}") ? "first key" : undefined;
    case "[":
      return value && open.push("]") ? "first value" : undefined;
    case "}":
    case "]":
      if (open.at(-1) !== token || !["first value", "first key", "comma"].includes(expected)) {
        return undefined;
      }
      open.pop();
      return afterValue(open);
    case ",":
      if (expected !== "comma") return undefined;
      return open.at(-1) === "}" ? "key" : "value";
    case ":":
      return expected === "colon" ? "value" : undefined;
    default:
      if (value) return afterValue(open);
      return token.startsWith('"') && expected.endsWith("key") ? "colon" : undefined;
  }
}

function afterValue(open: readonly string[]): Expected {
  return open.length === 0 ? "nothing" : "comma";
}

function fault(text: string, at: number, expected: Expected, closing: string | undefined): Fault {
  const char = String.fromCodePoint(text.codePointAt(at) ?? 0);
  const shown = JSON.stringify(char);
  if (char === "/" || char === "#") return { at, why: "JSON has no comments" };
  const before = text.slice(0, at).trimEnd();
  if (char === closing && before.endsWith(",")) {
    return { at: before.length - 1, why: `there is a comma before the ${closing}` };
  }
  if (char === '"' && (expected.endsWith("value") || expected.endsWith("key"))) {
    return { at, why: "this string does not end, or holds what JSON does not allow in one" };
  }
  if (char === "'") return { at, why: "text stands between \", not between '" };
  switch (expected) {
    case "nothing":
      return { at, why: `${shown} comes after the end` };
    case "comma":
      return { at, why: `a comma or a ${closing} is missing before ${shown}` };
    case "colon":
      return { at, why: `a : is missing before ${shown}` };
    case "key":
    case "first key":
      return { at, why: `a key in " is missing, ${shown} stands there` };
    default:
      return { at, why: `a value is missing, ${shown} stands there` };
  }
}

function skipSpace(text: string, from: number): number {
  let at = from;
  while (at < text.length && " \n\r\t".includes(text[at] ?? "")) at++;
  return at;
}
