/**
 * A JSON value in lines, each marked by what it differs in from another value: for showing what a
 * reload changed in the result of a call. Works on the text, so that no number is rounded.
 */
import { Token } from "../../jsonrpc/token.js";

export interface JsonLine {
  readonly depth: number;
  /** Its key, if it is a member of an object; not decoded. */
  readonly key: string | undefined;
  /** A bracket, or a value that stands on one line. */
  readonly text: string;
  readonly comma: boolean;
  /** `gone`: it stood in the other value and does not in this one. */
  readonly mark: "same" | "new" | "changed" | "gone";
  /** The value before, where it is on one line too. */
  readonly was?: string;
}

type Mark = JsonLine["mark"];
interface Place {
  readonly depth: number;
  readonly key: string | undefined;
  readonly comma: boolean;
}

/** @param before the text of the value to compare with; undefined: nothing is marked */
export function diffJson(before: string | undefined, after: string): JsonLine[] {
  const place = { depth: 0, key: undefined, comma: false };
  const now = new Token(after.trim());
  return before === undefined
    ? whole(now, place, "same")
    : compare(new Token(before.trim()), now, place);
}

function compare(was: Token, now: Token, place: Place): JsonLine[] {
  if (was.type === "object" && now.type === "object") return compareObjects(was, now, place);
  if (was.type === "array" && now.type === "array") return compareArrays(was, now, place);
  if (normal(was) === normal(now)) return whole(now, place, "same");
  const lines = whole(now, place, "changed");
  const [only] = lines;
  const isShort = lines.length === 1 && !isNested(was);
  return isShort && only !== undefined ? [{ ...only, was: was.raw }] : lines;
}

function compareObjects(was: Token, now: Token, place: Place): JsonLine[] {
  const gone = was.members.filter(({ key }) => now.member(key) === undefined);
  if (now.members.length === 0 && gone.length === 0) return whole(now, place, "same");
  const inner = now.members.flatMap(({ key, value }, index) => {
    const comma = index < now.members.length - 1;
    const at = { depth: place.depth + 1, key, comma };
    const other = was.member(key);
    return other === undefined ? whole(value, at, "new") : compare(other, value, at);
  });
  const lost = gone.flatMap(({ key, value }) =>
    whole(value, { depth: place.depth + 1, key, comma: false }, "gone"),
  );
  return bracketed("{", "}", [...inner, ...lost], place, "same");
}

/** What both begin and end with is the same; between that, element is compared with element. */
function compareArrays(was: Token, now: Token, place: Place): JsonLine[] {
  const [old, fresh] = [was.elements, now.elements];
  if (old.length === 0 && fresh.length === 0) return whole(now, place, "same");
  const same = (a: Token | undefined, b: Token | undefined) =>
    a !== undefined && b !== undefined && normal(a) === normal(b);
  const shorter = Math.min(old.length, fresh.length);
  let head = 0;
  while (head < shorter && same(old[head], fresh[head])) head++;
  let tail = 0;
  while (tail < shorter - head && same(old.at(-1 - tail), fresh.at(-1 - tail))) tail++;
  const inner = fresh.flatMap((value, index) => {
    const at = { depth: place.depth + 1, key: undefined, comma: index < fresh.length - 1 };
    if (index < head || index >= fresh.length - tail) return whole(value, at, "same");
    const other = index < old.length - tail ? old[index] : undefined;
    return other === undefined ? whole(value, at, "new") : compare(other, value, at);
  });
  const from = Math.max(head, fresh.length - tail);
  const lost = old
    .slice(from, old.length - tail)
    .flatMap((value) =>
      whole(value, { depth: place.depth + 1, key: undefined, comma: false }, "gone"),
    );
  return bracketed("[", "]", [...inner, ...lost], place, "same");
}

function whole(value: Token, place: Place, mark: Mark): JsonLine[] {
  const { depth } = place;
  const members = value.members.map(({ key, value: member }) => ({ key, value: member }));
  const parts: readonly { key: string | undefined; value: Token }[] =
    value.type === "object"
      ? members
      : value.elements.map((element) => ({ key: undefined, value: element }));
  if (!isNested(value)) return [{ ...place, text: emptied(value), mark }];
  const inner = parts.flatMap((part, index) =>
    whole(part.value, { depth: depth + 1, key: part.key, comma: index < parts.length - 1 }, mark),
  );
  const [open, close] = value.type === "object" ? ["{", "}"] : ["[", "]"];
  return bracketed(open, close, inner, place, mark);
}

function bracketed(
  open: string | undefined,
  close: string | undefined,
  inner: readonly JsonLine[],
  place: Place,
  mark: Mark,
): JsonLine[] {
  const { depth, key, comma } = place;
  return [
    { depth, key, text: open ?? "", comma: false, mark },
    ...inner,
    { depth, key: undefined, text: close ?? "", comma, mark },
  ];
}

function isNested(value: Token): boolean {
  return value.members.length > 0 || value.elements.length > 0;
}

function emptied(value: Token): string {
  if (value.type === "object") return "{}";
  return value.type === "array" ? "[]" : value.raw;
}

/** The text without the white space between its parts: a plugin's own spacing is no change. */
function normal(value: Token): string {
  if (value.type === "object") {
    return `{${value.members.map(({ key, value: member }) => `${JSON.stringify(key)}:${normal(member)}`).join()}}`;
  }
  return value.type === "array" ? `[${value.elements.map(normal).join()}]` : value.raw;
}
