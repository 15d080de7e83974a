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

const SCALAR =
  /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;

function firstFault(text: string): Fault | undefined {
  /** The closing brackets that are still to come. */
  const open: ("}" | "]")[] = [];
  let expected: Expected = "value";
  for (let at = skipSpace(text, 0); ; at = skipSpace(text, at)) {
    const char = text[at];
    const closing = open.at(-1);
    if (char === undefined) {
      if (expected === "nothing") return undefined;
      return { at, why: closing ? `the file ends and a ${closing} is missing` : "it is empty" };
    }
    const ends = char === closing && ["first value", "first key", "comma"].includes(expected);
    if (ends) {
      open.pop();
      at++;
    } else if (expected === "comma" && char === ",") {
      at++;
      expected = closing === "}" ? "key" : "value";
      continue;
    } else if (expected === "colon" && char === ":") {
      at++;
      expected = "value";
      continue;
    } else if (expected.endsWith("value") && (char === "{" || char === "[")) {
      open.push(char === "{" ? "}" : "]");
      at++;
      expected = char === "{" ? "first key" : "first value";
      continue;
    } else {
      const end = expected.endsWith("value") || expected.endsWith("key") ? endOf(text, at) : at;
      if (end === at || (expected.endsWith("key") && char !== '"')) {
        return fault(text, at, expected, closing);
      }
      at = end;
      if (expected.endsWith("key")) {
        expected = "colon";
        continue;
      }
    }
    expected = open.length === 0 ? "nothing" : "comma";
  }
}

/** Where the string, number or word at `at` ends; `at` itself where there is none. */
function endOf(text: string, at: number): number {
  SCALAR.lastIndex = at;
  return SCALAR.test(text) ? SCALAR.lastIndex : at;
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
