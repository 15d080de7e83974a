/**
 * Formats the result of a call in colour, or only its changes if there is a previous result.
 * Whatever a plugin answers, this takes a few ms and prints a limited number of lines.
 */
import { diffArrays } from "diff";
import { sanitize } from "../sanitize.js";
import type { Paint } from "../style.js";
import { jsonLines } from "./indent-json.js";

/** The most lines of a result to show. */
const MAX_LINES = 200;
const MAX_LINE = 1000;
/** The largest result to compare line by line, in characters. */
const MAX_DIFF = 256 * 1024;
/** Fewer lines than this, before and after together, are compared without a time limit. */
const FEW_LINES = 500;
/** How long comparing more lines may take, in ms. */
const DIFF_MS = 50;
/** How many unchanged lines to show around a change. */
const CONTEXT = 3;

/** Whether both texts are the same JSON apart from whitespace. */
export function isSameResult(before: string, after: string): boolean {
  if (before === after) return true;
  if (before.length > MAX_DIFF || after.length > MAX_DIFF) return false;
  return [...jsonLines(before)].join() === [...jsonLines(after)].join();
}

/**
 * Formats a result, or its changes.
 * @param before the JSON text to compare with, if any
 * @returns lines without line ends; with `before`, each line begins with a mark and a space
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

/** Returns the unchanged lines next to changes; undefined stands for the lines left out. */
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

/** Colours the value of a line such as `"key": value,` by its type. */
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
