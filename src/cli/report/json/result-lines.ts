/**
 * The result of a call, coloured, and only what has changed if there was a result before. Whatever
 * a plugin answers, this takes a few ms and a few lines.
 */
import { diffArrays } from "diff";
import { sanitize } from "../sanitize.js";
import type { Paint } from "../style.js";
import { jsonLines } from "./indent-json.js";

/** How many lines of a result are useful on a screen. */
const MAX_LINES = 200;
const MAX_LINE = 1000;
/** Larger results are not compared line by line, in bytes of text. */
const MAX_DIFF = 256 * 1024;
/** A few lines are always compared; many only for this long, in ms. */
const FEW_LINES = 500;
const DIFF_MS = 50;
/** How many unchanged lines are shown around a change. */
const CONTEXT = 3;

/** Whether both are the same value, written the same way apart from blanks. */
export function isSameResult(before: string, after: string): boolean {
  if (before === after) return true;
  if (before.length > MAX_DIFF || after.length > MAX_DIFF) return false;
  return [...jsonLines(before)].join() === [...jsonLines(after)].join();
}

/**
 * Formats a result, or its changes.
 * @param before the JSON text to compare with, if there is one
 * @returns lines without line ends; each begins with its mark and a blank if there is a `before`
 */
export function resultLines(before: string | undefined, after: string, paint: Paint): string[] {
  if (before === undefined)
    return shortened(firstLines(after), after, (line) => colour(line, paint));
  if (before.length > MAX_DIFF || after.length > MAX_DIFF) {
    return [paint.dim(`changed (${size(after)}, too large to compare)`)];
  }
  const [then, now] = [[...jsonLines(before)], [...jsonLines(after)]];
  const isShort = then.length + now.length < FEW_LINES;
  const timeout = isShort ? Number.POSITIVE_INFINITY : DIFF_MS;
  const parts = diffArrays(then, now, { timeout });
  if (parts === undefined) return [paint.dim(`changed (${size(after)})`)];
  const lines = parts.flatMap((part, index): string[] => {
    if (part.added) return part.value.map((line) => `${paint.green("+")} ${colour(line, paint)}`);
    if (part.removed) return part.value.map((line) => paint.red(`- ${cut(line)}`));
    return context(part.value, index === 0, index === parts.length - 1).map(
      (line) => `  ${line === undefined ? paint.dim("...") : colour(line, paint)}`,
    );
  });
  return shortened(lines, after, (line) => line);
}

/** The lines around changes; undefined marks what is left out. */
function context(
  lines: readonly string[],
  isFirst: boolean,
  isLast: boolean,
): (string | undefined)[] {
  const head = isFirst ? 0 : CONTEXT;
  const tail = isLast ? 0 : CONTEXT;
  if (lines.length <= head + tail + 1) return [...lines];
  return [...lines.slice(0, head), undefined, ...lines.slice(lines.length - tail)];
}

function firstLines(json: string): string[] {
  const lines: string[] = [];
  for (const line of jsonLines(json)) {
    lines.push(line);
    if (lines.length > MAX_LINES) break;
  }
  return lines;
}

function shortened(
  lines: readonly string[],
  json: string,
  show: (line: string) => string,
): string[] {
  const shown = lines.slice(0, MAX_LINES).map(show);
  return lines.length > MAX_LINES ? [...shown, `... (${size(json)} in all)`] : shown;
}

/** `"key": value,`: the value in the colour of its kind. */
function colour(line: string, paint: Paint): string {
  const text = cut(line);
  const [, head = "", value = "", comma = ""] =
    /^(\s*(?:"[^"\\]*(?:\\.[^"\\]*)*": )?)(.*?)(,?)$/.exec(text) ?? [];
  return head + colourValue(value, paint) + comma;
}

function colourValue(value: string, paint: Paint): string {
  if (value.startsWith('"')) return paint.green(value);
  return /^[-\da-z]/.test(value) ? paint.magenta(value) : value;
}

function cut(line: string): string {
  return sanitize(line.length <= MAX_LINE ? line : `${line.slice(0, MAX_LINE)}...`);
}

function size(text: string): string {
  const kilobytes = text.length / 1000;
  return kilobytes < 1000 ? `${Math.ceil(kilobytes)} kB` : `${(kilobytes / 1000).toFixed(1)} MB`;
}
