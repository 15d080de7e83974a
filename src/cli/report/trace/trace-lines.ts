/**
 * Formats a message between node and plugin as one line: time, direction, method, id, time taken,
 * JSON.
 */
import type { Traced } from "../../../events/watch-events.js";
import { clockOf } from "../log-line.js";
import { sanitize } from "../sanitize.js";
import type { Paint } from "../style.js";
import { duration } from "../watch/line-format.js";

export interface TraceStyle {
  readonly paint: Paint;
  /** The terminal's columns; undefined if there is no terminal. */
  readonly width: number | undefined;
  /** The plugin's name, shown before the method if several plugins are watched. */
  readonly plugin: string | undefined;
}

/** The column at which a line is cut if the terminal's width is unknown. */
const MAX_WIDTH = 2_000;
const MIN_PAYLOAD = 20;

/** Formats a message between node and plugin. */
export function traceLine(event: Traced, { paint, width, plugin }: TraceStyle): string {
  const arrow = event.direction === "to-plugin" ? "→" : "←";
  const time = clockOf(new Date(event.at));
  const shown = [
    plugin,
    event.method === undefined ? "(unknown)" : sanitize(event.method),
    event.hook && event.id !== undefined ? "hook" : undefined,
    event.id === undefined ? undefined : shortId(event.id),
  ].filter((part) => part !== undefined);
  const took = event.ms === undefined ? "" : ` ${durationText(event.ms)}`;
  const head = shown.join(" ");
  if (event.kind === "pending") {
    return `${paint.dim(time)}  ${paint.magenta("…")} ${head} ${paint.magenta(`no answer for ${durationText(event.ms ?? 0)}`)}`;
  }
  const before = time.length + 5 + head.length + took.length;
  const room = Math.max(MIN_PAYLOAD, (width ?? MAX_WIDTH) - before - 1);
  const payload = paintJson(cutTo(sanitize(event.payload), room, event.cut), paint);
  const name = event.kind === "error" ? paint.red(head) : paint.bold(head);
  return `${paint.dim(time)}  ${arrow} ${name}${paint.dim(took)} ${payload}`;
}

/** Shortens `cln:getmanifest#12` to #12: the line already shows the rest. */
function shortId(id: string): string {
  const at = id.lastIndexOf("#");
  return sanitize(at === -1 ? `#${id.slice(-12)}` : id.slice(at));
}

function durationText(ms: number): string {
  return ms < 9.95 ? `${ms.toFixed(1)} ms` : duration(ms);
}

function cutTo(text: string, room: number, isCut: boolean): string {
  const line = text.replace(/\s*\n\s*/g, " ");
  return line.length <= room && !isCut ? line : `${line.slice(0, room - 1)}…`;
}

/** Colours strings, numbers and literals, even if the text is cut inside a string. */
function paintJson(text: string, paint: Paint): string {
  return text.replace(
    /("(?:[^"\\]|\\.)*"?)(\s*:)?|(-?\d[\d.eE+-]*)|\b(true|false|null)\b/g,
    (_, string?: string, colon?: string, number?: string, word?: string) => {
      if (string !== undefined) return colon === undefined ? paint.green(string) : string + colon;
      return paint.magenta(number ?? word ?? "");
    },
  );
}
