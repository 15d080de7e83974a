/** What follows a reload, in lines: what it changed, what a call answers, what the plugin logs. */

import type { Called, LogLine, ManifestChanged } from "../../../events/watch-events.js";
import { isObject, parseJson } from "../../../jsonrpc/json.js";
import { rpcErrorText } from "../failure.js";
import { renderFindings } from "../findings-lines.js";
import { indentJson } from "../json/indent-json.js";
import { renderJson } from "../json/render-json.js";
import { harmless } from "../sanitize.js";
import type { Paint } from "../style.js";
import { INDENT, type Wording } from "./line-format.js";

/** A result that is no longer stands behind its call. */
const SHORT_RESULT = 60;

export function changedLines(event: ManifestChanged, wording: Wording): string[] {
  const { paint } = wording;
  const parts = [
    ...event.added.map((text) => paint.green(`+${harmless(text)}`)),
    ...event.removed.map((text) => paint.red(`-${harmless(text)}`)),
    ...event.changed.map((text) => paint.magenta(`~${harmless(text)}`)),
  ];
  return parts.length === 0
    ? []
    : [`${INDENT}${whose(event, wording)}${paint.dim("changed:")} ${parts.join("  ")}`];
}

export function calledLines(event: Called, wording: Wording): string[] {
  const { paint } = wording;
  const { ok, result, before } = event;
  const call = `${harmless(event.call)}${wording.on(event.node)}`;
  if (!ok) {
    const head = `${INDENT}${paint.red("✗")} ${call}   ${errorText(result)}`;
    const log = event.log.flatMap((message) => message.split("\n"));
    return [head, ...log.map((line) => `${INDENT}  ${paint.dim(harmless(line))}`)];
  }
  const head = `${INDENT}${paint.magenta("→")} ${call}`;
  const short = oneLine(result);
  const same = before !== undefined && oneLine(before) === short;
  if (short.length <= SHORT_RESULT && (before === undefined || same)) {
    return [`${head}   ${harmless(short)}${same ? paint.dim("   as before") : ""}`];
  }
  if (same) return [`${head}   ${paint.dim("as before")}`];
  return [head, ...renderJson(before, result, paint).map((line) => `${INDENT}  ${line}`)];
}

/** What comes after an outcome may come after that of another plugin, too. */
function whose(event: ManifestChanged, wording: Wording): string {
  return wording.several ? `${wording.name(event)} ` : "";
}

export function logLines(event: LogLine, wording: Wording): string[] {
  const { plugin, level, text, node, findings } = event;
  const { dim } = wording.paint;
  const colour = colourOf(level, wording.paint);
  const source = dim(`${harmless(plugin)}${wording.on(node)} ${level}:`);
  if (findings !== undefined) {
    const [error = "", ...frames] = renderFindings(findings, wording.paint, "");
    return [`${INDENT}${source} ${error}`, ...frames.map((line) => INDENT + line)];
  }
  const [first = "", ...others] = text.split("\n").map((line) => colour(harmless(line)));
  return [`${INDENT}${source} ${first}`, ...others.map((line) => `${INDENT}  ${line}`)];
}

function colourOf(level: string, paint: Paint): (text: string) => string {
  if (level === "broken") return paint.red;
  if (level === "unusual") return paint.magenta;
  return level === "stderr" ? (text) => text : paint.dim;
}

/** The node's words of an error answer: its code and its message. */
function errorText(result: string): string {
  const error = parseJson(result);
  if (!isObject(error)) return harmless(result);
  const { code } = error;
  const message = String(error.message);
  return typeof code === "number" ? rpcErrorText({ code, message }) : harmless(message);
}

function oneLine(json: string): string {
  return indentJson(json).replace(/\n\s*/g, " ");
}
