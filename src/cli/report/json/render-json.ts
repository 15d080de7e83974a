/** JSON for a person: coloured by what each part is, and marked where it differs from before. */
import { diffJson, type JsonLine } from "../../../diagnose/changes/json-diff.js";
import { harmless } from "../sanitize.js";
import type { Paint } from "../style.js";

const INDENT = "   ";
/** As much of a result as is of use on a screen. */
const MAX_LINES = 200;
/** A value before that is longer is not shown behind the new one. */
const MAX_WAS = 40;

const MARKS: Readonly<Record<JsonLine["mark"], string>> = {
  same: " ",
  new: "+",
  changed: "~",
  gone: "-",
};

/**
 * @param before the JSON text to compare with, if there is one
 * @returns lines without line ends; each begins with its mark and a blank where there is a `before`
 */
export function renderJson(before: string | undefined, after: string, paint: Paint): string[] {
  const lines = diffJson(before, after);
  const shown = lines.slice(0, MAX_LINES).map((line) => renderLine(line, paint));
  const marked = lines
    .slice(0, MAX_LINES)
    .map(({ mark }, index) => `${colourOf(mark, paint)(MARKS[mark])} ${shown[index]}`);
  const rest = lines.length - MAX_LINES;
  const more = rest > 0 ? [paint.dim(`... ${rest} more lines`)] : [];
  return [...(before === undefined ? shown : marked), ...more];
}

function renderLine({ depth, key, text, comma, mark, was }: JsonLine, paint: Paint): string {
  const name = key === undefined ? "" : `${JSON.stringify(harmless(key))}: `;
  const value = mark === "gone" ? paint.dim(harmless(text)) : colourValue(harmless(text), paint);
  const before =
    was === undefined
      ? ""
      : paint.dim(
          `   was ${was.length > MAX_WAS ? `${harmless(was.slice(0, MAX_WAS))}...` : harmless(was)}`,
        );
  return `${INDENT.repeat(depth)}${name}${value}${comma ? "," : ""}${before}`;
}

function colourValue(text: string, paint: Paint): string {
  if (text.startsWith('"')) return paint.green(text);
  if (/^[-\d]/.test(text)) return paint.magenta(text);
  return /^[a-z]/.test(text) ? paint.magenta(text) : text;
}

function colourOf(mark: JsonLine["mark"], paint: Paint): (text: string) => string {
  if (mark === "new") return paint.green;
  if (mark === "gone") return paint.red;
  return mark === "changed" ? paint.magenta : (text) => text;
}
