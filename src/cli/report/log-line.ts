/** Formats a line of a node's log: its level in colour, multi-line messages kept together. */
import type { NodeLogLine } from "../../node/log/log-lines.js";
import type { LogLevel } from "../../plugin/log-level.js";
import { sanitize } from "./sanitize.js";
import type { Paint } from "./style.js";

/**
 * Formats a log line.
 * @returns lines without line ends; all but the first are indented
 */
export function renderLogLine(line: NodeLogLine, paint: Paint): string[] {
  const time = line.time === undefined ? "" : `${paint.dim(clockOf(line.time))} `;
  const level = levelPaint(line.level, paint)(line.level.toUpperCase().padEnd(7));
  const source = paint.bold(sanitize(line.source.replace(/^plugin-/, "")));
  const [first = "", ...others] = line.text.split("\n");
  const colour = line.level === "debug" || line.level === "trace" ? paint.dim : plain;
  return [
    `${time}${level} ${source} ${colour(sanitize(first))}`,
    ...others.map((text) => `    ${colour(sanitize(text))}`),
  ];
}

/** Returns the colour of a level. */
function levelPaint(level: LogLevel, paint: Paint): (text: string) => string {
  if (level === "broken") return paint.red;
  if (level === "unusual") return paint.magenta;
  return level === "info" ? paint.green : paint.dim;
}

function plain(text: string): string {
  return text;
}

/** Formats the local time of day, to the millisecond. */
export function clockOf(time: Date): string {
  const pad = (value: number, width = 2) => String(value).padStart(width, "0");
  const clock = [time.getHours(), time.getMinutes(), time.getSeconds()].map((part) => pad(part));
  return `${clock.join(":")}.${pad(time.getMilliseconds(), 3)}`;
}
