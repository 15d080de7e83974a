/** Formats the outcome of a reload as lines. */
import type {
  Explained,
  Failed,
  HotSwitch,
  Outcome,
  Refused,
  Reloaded,
  Unchanged,
  Unreachable,
} from "../../../events/watch-events.js";

import { rpcErrorText } from "../failure.js";
import { renderFindings } from "../findings-lines.js";
import { sanitize } from "../sanitize.js";
import { duration, INDENT, type LineFormat } from "./line-format.js";

/** Formats an outcome. */
export function outcomeLines(event: Outcome, format: LineFormat): string[] {
  switch (event.event) {
    case "reloaded":
      return [good(event, format)];
    case "unchanged":
      return [unchanged(event, format)];
    case "failed":
      return failed(event, format);
    case "unreachable":
      return unreachable(event, format);
    case "refused": {
      const text = `${elsewhere(event, format)}${format.relativePaths(event.message)}`;
      return [
        format.line(format.paint.magenta(format.marks.warn), text),
        ...format.fix(event.fix),
        ...previous(event.running, format),
      ];
    }
  }
}

/** Formats a failure identical to the previous one, in one line. */
export function sameAgainLine(event: Failed | Refused | Unreachable, format: LineFormat): string {
  const { paint, marks } = format;
  const again = paint.dim("(same as before)");
  if (event.event !== "failed") {
    const [first = ""] = outcomeLines(event, format);
    return `${first} ${again}`;
  }
  const why = event.reason ?? event.message.slice(0, MAX_MESSAGE);
  const what = `${format.name(event)} ${FAILURES[event.phase]}: ${format.relativePaths(why)}`;
  return format.line(paint.red(marks.bad), `${what} ${again}`);
}

/** Formats the reason, the fix, and what the plugin itself wrote. */
export function explanationLines(
  { reason, fix, findings }: Pick<Failed, "reason" | "fix" | "findings">,
  format: LineFormat,
): string[] {
  // The reason often ends with the error that begins the traceback.
  const rest = findings.filter(
    ({ kind, text }) => kind !== "heading" || reason?.includes(text) !== true,
  );
  return [
    ...(reason === undefined ? [] : [`${INDENT}${format.relativePaths(reason)}`]),
    ...format.fix(fix),
    ...renderFindings(rest, format.paint, INDENT),
  ];
}

/** Formats an `init` that the plugin answered with an error, which the node accepts. */
export function initErrorLines(event: Explained, message: string, format: LineFormat): string[] {
  const { code } = event;
  const what = `${format.name(event)} runs, but its init failed: ${nodeMessage(code, message)}`;
  const { paint, marks } = format;
  return [format.line(paint.red(marks.bad), what), ...explanationLines(event, format)];
}

function unchanged(event: Unchanged, format: LineFormat): string {
  const { green, dim } = format.paint;
  const what = `${format.name(event)} built in ${duration(event.buildMs)}`;
  return format.line(
    green(format.marks.good),
    `${what}   ${dim("nothing new: not started again")}`,
  );
}

function good(event: Reloaded, format: LineFormat): string {
  const { green, dim, bold } = format.paint;
  const { buildMs, stopMs, startMs, hot, files, path } = event;
  const kept = event.takenOver.map((name) => sanitize(name)).join(", ");
  const plain = [
    stopMs === undefined ? "" : `stop ${duration(stopMs)}`,
    `start ${duration(startMs)}`,
    kept === "" ? "" : `kept ${kept}`,
  ];
  const parts = [
    buildMs === undefined ? "" : `build ${duration(buildMs)}`,
    ...(hot === undefined ? plain : hotParts(hot)),
    files.flatMap((file) => (file === path ? [] : [format.path(file)])).join(", "),
  ].filter((part) => part !== "");
  const verb = stopMs === undefined && hot === undefined ? "started" : "reloaded";
  const text = `${format.name(event)} ${verb} in ${bold(duration(event.totalMs))}`;
  return format.line(green(format.marks.good), `${text}   ${dim(parts.join("   "))}`);
}

/** Formats a hot mode handover: how it was done, and what it cost. */
function hotParts({ changes, gapMs, handover, because, heldMs }: HotSwitch): string[] {
  const how =
    changes.length > 0
      ? `re-registered (${changes.map((text) => sanitize(text)).join(", ")}), ${duration(gapMs ?? 0)} gap`
      : handover === "beside"
        ? "hot, nothing dropped"
        : `hot, the old version ended first, calls waited ${duration(heldMs)}`;
  if (because === undefined) return [how];
  return [how, `it cannot run beside the old one: ${sanitize(because)}`];
}

const MAX_MESSAGE = 300;

const FAILURES = {
  build: "was not built",
  check: "did not pass",
  stop: "did not stop",
  start: "did not start",
} as const;

function failed(event: Failed, format: LineFormat): string[] {
  const { code, message, path } = event;
  // The message may begin with the path, but the line already names the plugin.
  const short = message.startsWith(`${path}: `) ? message.slice(path.length + 2) : message;
  const what = `${format.name(event)} ${FAILURES[event.phase]}: ${nodeMessage(code, short)}`;
  const line = format.line(format.paint.red(format.marks.bad), what);
  return [line, ...explanationLines(event, format), ...previous(event.running, format, event.hot)];
}

/** Shortens the node's message: it quotes all of the plugin's output, which is shown below. */
function nodeMessage(code: number | undefined, message: string): string {
  const short = message.length <= MAX_MESSAGE ? message : `${message.slice(0, MAX_MESSAGE)}...`;
  const line = short.replaceAll("\n", " ");
  return code === undefined ? sanitize(line) : rpcErrorText({ code, message: line });
}

function unreachable(event: Unreachable, format: LineFormat): string[] {
  const { reason, fix, message } = event;
  const { paint, marks } = format;
  if (reason === undefined) {
    const text = `${format.name(event)} is waiting for the node: ${sanitize(message)}`;
    return [format.line(paint.magenta(marks.warn), text)];
  }
  const text = `${format.name(event)} did not start: the node went away`;
  const explanation = explanationLines({ reason, fix, findings: [] }, format);
  return [format.line(paint.red(marks.bad), text), ...explanation];
}

/** Names the node if there are several: the message names only the plugin. */
function elsewhere({ node }: Refused, format: LineFormat): string {
  const on = format.on(node).trim();
  return on === "" ? "" : `${on}: `;
}

function previous(running: boolean, { paint }: LineFormat, isHot = false): string[] {
  const text = `the previous version is still ${isHot ? "serving" : "running"}`;
  return running ? [`${INDENT}${paint.dim(text)}`] : [];
}
