/** What came of a reload, in lines. */
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
import { harmless } from "../sanitize.js";
import { duration, INDENT, type Wording } from "./line-format.js";

export function outcomeLines(event: Outcome, wording: Wording): string[] {
  switch (event.event) {
    case "reloaded":
      return [good(event, wording)];
    case "unchanged":
      return [unchanged(event, wording)];
    case "failed":
      return failed(event, wording);
    case "unreachable":
      return unreachable(event, wording);
    case "refused": {
      return [
        wording.line(
          wording.paint.magenta("!"),
          `${elsewhere(event, wording)}${wording.near(event.message)}`,
        ),
        ...wording.fix(event.fix),
        ...still(event.running, wording),
      ];
    }
  }
}

/** Why, what to do, and what the plugin itself said. */
export function toldLines(
  { reason, fix, findings }: Pick<Failed, "reason" | "fix" | "findings">,
  wording: Wording,
): string[] {
  return [
    ...(reason === undefined ? [] : [`${INDENT}${wording.near(reason)}`]),
    ...wording.fix(fix),
    ...renderFindings(findings, wording.paint, INDENT),
  ];
}

/** An `init` that was answered with an error, which the node takes for a good one. */
export function initErrorLines(event: Explained, message: string, wording: Wording): string[] {
  const { code } = event;
  const short = shorten(message);
  const said = code === undefined ? harmless(short) : rpcErrorText({ code, message: short });
  const what = `${wording.name(event)} runs, but its init failed: ${said}`;
  return [wording.line(wording.paint.red("✗"), what), ...toldLines(event, wording)];
}

function unchanged(event: Unchanged, wording: Wording): string {
  const { green, dim } = wording.paint;
  const what = `${wording.name(event)} built in ${duration(event.buildMs)}`;
  return wording.line(green("✓"), `${what} ${dim("  nothing new: not started again")}`);
}

function good(event: Reloaded, wording: Wording): string {
  const { green, dim, bold } = wording.paint;
  const verb = event.stopMs === undefined ? "started" : "reloaded";
  const kept = event.takenOver.map((name) => harmless(name)).join(", ");
  const others = event.files.filter((file) => file !== event.path);
  if (event.hot !== undefined) return hotLine(event, event.hot, wording);
  const parts = [
    event.buildMs === undefined ? "" : `build ${duration(event.buildMs)}`,
    event.stopMs === undefined ? "" : `stop ${duration(event.stopMs)}`,
    `start ${duration(event.startMs)}`,
    kept === "" ? "" : `kept ${kept}`,
    others.map((file) => wording.path(file)).join(", "),
  ].filter((part) => part !== "");
  const text = `${wording.name(event)} ${verb} in ${bold(duration(event.totalMs))}`;
  return wording.line(green("✓"), `${text}   ${dim(parts.join("   "))}`);
}

/** The version before served until the new one did: what that took, and what it cost. */
function hotLine(event: Reloaded, hot: HotSwitch, wording: Wording): string {
  const { green, dim, bold } = wording.paint;
  const { changes, gapMs, handover, because, heldMs } = hot;
  const others = event.files.filter((file) => file !== event.path);
  const how =
    changes.length > 0
      ? `re-registered (${changes.map((text) => harmless(text)).join(", ")}), ${duration(gapMs ?? 0)} gap`
      : handover === "beside"
        ? "hot, nothing dropped"
        : `hot, the old version ended first, calls waited ${duration(heldMs)}`;
  const parts = [
    event.buildMs === undefined ? "" : `build ${duration(event.buildMs)}`,
    how,
    because === undefined ? "" : `it cannot run beside the old one: ${harmless(because)}`,
    others.map((file) => wording.path(file)).join(", "),
  ].filter((part) => part !== "");
  const text = `${wording.name(event)} reloaded in ${bold(duration(event.totalMs))}`;
  return wording.line(green("✓"), `${text}   ${dim(parts.join("   "))}`);
}

const MAX_MESSAGE = 300;

const FAILURES = {
  build: "was not built",
  check: "did not pass",
  stop: "did not stop",
  start: "did not start",
} as const;

function failed(event: Failed, wording: Wording): string[] {
  const { code, message, path } = event;
  // The node begins with the path; which plugin it is has been said.
  const short = shorten(message.startsWith(`${path}: `) ? message.slice(path.length + 2) : message);
  const said = code === undefined ? harmless(short) : rpcErrorText({ code, message: short });
  const what = `${wording.name(event)} ${FAILURES[event.phase]}: ${said}`;
  const line = wording.line(wording.paint.red("✗"), what);
  return [line, ...toldLines(event, wording), ...still(event.running, wording)];
}

/** lightningd quotes all that a plugin wrote: the beginning says enough, and the rest stands below. */
function shorten(message: string): string {
  return message.length <= MAX_MESSAGE ? message : `${message.slice(0, MAX_MESSAGE)}...`;
}

function unreachable(event: Unreachable, wording: Wording): string[] {
  const { reason, fix, message } = event;
  if (reason === undefined) {
    const text = `${wording.name(event)} waits for the node: ${harmless(message)}`;
    return [wording.line(wording.paint.magenta("!"), text)];
  }
  const text = `${wording.name(event)} did not start: the node went away`;
  const told = toldLines({ reason, fix, findings: [] }, wording);
  return [wording.line(wording.paint.red("✗"), text), ...told];
}

/** Which of several nodes it is about, where the words name only the plugin. */
function elsewhere({ node }: Refused, wording: Wording): string {
  const on = wording.on(node).trim();
  return on === "" ? "" : `${on}: `;
}

function still(running: boolean, { paint }: Wording): string[] {
  return running ? [`${INDENT}${paint.dim("the version before goes on running")}`] : [];
}
