/** Formats what follows a reload: manifest changes, results of calls and commands, log lines. */
import type { Called, LogLine, ManifestChanged, Ran } from "../../../events/watch-events.js";
import { isObject, parseJson } from "../../../jsonrpc/json.js";
import { renderChanges } from "../check-report.js";
import { rpcErrorText } from "../failure.js";
import { renderFindings } from "../findings-lines.js";
import { indentJson } from "../json/indent-json.js";
import { isSameResult, resultLines } from "../json/result-lines.js";
import { sanitize } from "../sanitize.js";
import type { Paint } from "../style.js";
import { duration, INDENT, type LineFormat } from "./line-format.js";

/** The longest result shown on the line of its call. */
const SHORT_RESULT = 60;

export function changedLines(event: ManifestChanged, format: LineFormat): string[] {
  const whose = format.several ? `${format.name(event)} ` : "";
  return [`${INDENT}${whose}${renderChanges(event, format.paint)}`];
}

export function calledLines(event: Called, format: LineFormat): string[] {
  const { paint, marks } = format;
  const { ok, result, before } = event;
  const call = `${sanitize(event.call)}${format.on(event.node)}`;
  if (!ok) {
    const head = `${INDENT}${paint.red(marks.bad)} ${call}   ${errorText(result)}`;
    const log = event.log.flatMap((message) => message.split("\n"));
    return [head, ...log.map((line) => `${INDENT}  ${paint.dim(sanitize(line))}`)];
  }
  const head = `${INDENT}${marks.arrow} ${call}`;
  const same = before !== undefined && isSameResult(before, result);
  const again = same ? paint.dim("   same as before") : "";
  const short = oneLine(result);
  if (short !== undefined && (before === undefined || same)) {
    return [`${head}   ${sanitize(short)}${again}`];
  }
  if (same) return [`${head}${again}`];
  return [head, ...resultLines(before, result, paint).map((line) => `${INDENT}  ${line}`)];
}

/** Formats a run: a success shows the last line of its output, a failure all of it. */
export function ranLines(event: Ran, format: LineFormat): string[] {
  const { paint, marks } = format;
  const { ok, ending, output, ms } = event;
  const mark = ok ? paint.green(marks.good) : paint.red(marks.bad);
  const how = ok ? "" : `   ${ending}`;
  const head = `${INDENT}${mark} ${sanitize(event.command)}${format.on(event.node)}${how}`;
  const lines = output.split("\n").filter((line) => line.trim() !== "");
  return [
    `${head}   ${paint.dim(duration(ms))}`,
    ...(ok ? lines.slice(-1) : lines).map((line) => `${INDENT}  ${paint.dim(sanitize(line))}`),
  ];
}

export function logLines(event: LogLine, format: LineFormat): string[] {
  const { plugin, level, text, node, findings } = event;
  const { dim } = format.paint;
  const colour = colourOf(level, format.paint);
  const source = dim(`${sanitize(plugin)}${format.on(node)} ${level}:`);
  if (findings !== undefined) {
    const [error = "", ...frames] = renderFindings(findings, format.paint, "");
    return [`${INDENT}${source} ${error}`, ...frames.map((line) => INDENT + line)];
  }
  const [first = "", ...others] = text.split("\n").map((line) => colour(sanitize(line)));
  return [`${INDENT}${source} ${first}`, ...others.map((line) => `${INDENT}  ${line}`)];
}

function colourOf(level: string, paint: Paint): (text: string) => string {
  if (level === "broken") return paint.red;
  if (level === "unusual") return paint.magenta;
  return level === "stderr" ? (text) => text : paint.dim;
}

/** Returns the code and message of an error answer. */
function errorText(result: string): string {
  const error = parseJson(result);
  if (!isObject(error)) return sanitize(result);
  const { code } = error;
  const message = String(error.message);
  return typeof code === "number" ? rpcErrorText({ code, message }) : sanitize(message);
}

/** Returns the JSON on one line; undefined if it is too long for that. */
function oneLine(json: string): string | undefined {
  if (json.length > 10 * SHORT_RESULT) return undefined;
  const line = indentJson(json).replace(/\n\s*/g, " ");
  return line.length <= SHORT_RESULT ? line : undefined;
}
