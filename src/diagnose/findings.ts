/**
 * What an offline run showed, as lines for the terminal, the log and `--json`; report/ colours
 * them.
 */
import { stripVTControlCharacters } from "node:util";
import type { Finding } from "../events/watch-events.js";
import type { PluginLanguage } from "../plugin/file/language.js";
import type { PluginFile } from "../plugin/file/plugin-file.js";
import type { Handshake } from "../plugin/handshake/handshake.js";
import type { PrintLine } from "./evidence/find-print.js";
import { readSource } from "./evidence/own-code.js";
import type { OfflineRun, PluginFrame, PluginTrace, StrayText } from "./offline-run.js";

/** How many of the plugin's own frames are shown, at most: the last ones. */
const MAX_FRAMES = 8;
const MAX_STDERR_LINES = 20;

/**
 * Lists what an offline run showed.
 * @param how what kind of run it was, before how it ended
 * @param isSecond the same code has run before, on the node
 */
export function findingsOf(
  offline: OfflineRun,
  how = "Run again offline",
  isSecond = true,
): Finding[] {
  const { handshake } = offline;
  const end = SAYS_IT_ALL.includes(handshake.end.kind) ? [] : [endNote(handshake, how, isSecond)];
  return [...printedFindings(offline), ...end];
}

/** What the plugin itself printed, without how it ended. */
export function printedFindings({ handshake, trace, stray }: OfflineRun): Finding[] {
  return [
    ...stray.flatMap(strayFindings),
    ...(trace === undefined ? stderrFindings(handshake.stderr) : traceOf(trace, handshake)),
  ];
}

/** Ends that the node's own message reports as well. */
const SAYS_IT_ALL: readonly string[] = ["refused", "disabled", "not-dynamic"];

function endNote(handshake: Handshake, how: string, isSecond: boolean): Finding {
  const twice =
    isSecond && mayWrite(handshake.file) ? "; files that it writes were written twice" : "";
  return {
    kind: "note",
    text: `${how}${isInReason(handshake) ? (isSecond ? " for this report" : "") : `: ${endOf(handshake)}`}${twice}`,
  };
}

/** The node's message and the reason already have the exit and the progress of the handshake. */
function isInReason({ end }: Handshake): boolean {
  return end.kind === "exited" && end.phase !== "running" && end.code !== null;
}

/** A plugin that hung was interrupted: its trace shows where it was. */
function traceOf(trace: PluginTrace, { end }: Handshake): Finding[] {
  const hung = end.kind === "timeout" && /^(KeyboardInterrupt|EOFError)/.test(trace.error);
  return traceFindings(hung ? { ...trace, error: "It waited here:" } : trace);
}

/** Formats a trace: the error, the places in the plugin's own code, and its lines. */
export function traceFindings(trace: PluginTrace): Finding[] {
  return [
    ...trace.error.split("\n").map((text): Finding => ({ kind: "heading", text })),
    ...framesShown(trace.frames).flatMap(frameFindings),
  ];
}

/** The plugin's own frames, and the one where it failed; those in between are only counted. */
function framesShown(all: readonly PluginFrame[]): (PluginFrame | number)[] {
  const frames = all.some(({ own }) => own) ? all.filter(({ file }) => !INTERNAL.test(file)) : all;
  const shown: (PluginFrame | number)[] = [];
  const own = frames.filter((frame) => frame.own).slice(-MAX_FRAMES);
  for (const [index, frame] of frames.entries()) {
    const before = shown.at(-1);
    const atEnd = index > frames.length - (own.length === 0 ? 4 : 2);
    if (own.includes(frame) || atEnd) shown.push(frame);
    else if (typeof before === "number") shown[shown.length - 1] = before + 1;
    else if (before !== undefined) shown.push(1);
  }
  return shown;
}

const WRITES: Readonly<Partial<Record<PluginLanguage, RegExp>>> = {
  python: /\bopen\([^)]*["'][wax]b?\+?["']|\bwrite_(?:text|bytes)\(/,
  node: /\b(?:writeFile|appendFile|createWriteStream)/,
  shell: /(?<![\d&>])>>?\s*["'$\w/]|\btee\b/,
};

/** Whether its code seems to write files: then what the node's run left is gone. */
function mayWrite(file: PluginFile): boolean {
  return WRITES[file.language]?.test(readSource(file.realPath) ?? "") ?? false;
}

/** Frames of the interpreter itself. */
const INTERNAL = /^(node:|<)/;

function frameFindings(frame: PluginFrame | number): Finding[] {
  if (typeof frame === "number") {
    return [
      { kind: "note", text: `(${frame === 1 ? "1 frame" : `${frame} frames`} of libraries)` },
    ];
  }
  const { file, line, name, code, own } = frame;
  const place = `${file}:${line}${name === undefined ? "" : ` in ${name}`}`;
  return [
    { kind: own ? "own-frame" : "note", text: place },
    ...(code === undefined ? [] : [{ kind: "quote", text: code } as const]),
  ];
}

function strayFindings({ text, printedBy }: StrayText): Finding[] {
  return [
    { kind: "heading", text: "It printed to stdout, which is reserved for JSON-RPC:" },
    { kind: "quote", text: text.length > 300 ? `${text.slice(0, 300)}...` : text },
    ...placeFindings(printedBy),
  ];
}

/** The line that printed something, if known. */
export function placeFindings(printedBy: PrintLine | undefined): Finding[] {
  if (printedBy === undefined) return [];
  const { file, line, code, certain } = printedBy;
  const place = `${file}:${line}${certain ? "" : " (probably: its only print)"}`;
  return [
    { kind: "own-frame", text: place },
    { kind: "quote", text: code },
  ];
}

/** The last lines on stderr. */
export function stderrFindings(stderr: string, heading = "Its stderr:"): Finding[] {
  const lines = stripVTControlCharacters(stderr)
    .split(/\r?\n/)
    .filter((line) => line.trim() !== "");
  if (lines.length === 0) return [];
  const shown = lines.slice(-MAX_STDERR_LINES);
  const left = lines.length - shown.length;
  return [
    { kind: "heading", text: heading },
    ...(left > 0 ? [{ kind: "note", text: `(${left} lines before)` } as const] : []),
    ...shown.map((text): Finding => ({ kind: "quote", text })),
  ];
}

const BEFORE = {
  getmanifest: "before it answered getmanifest",
  init: "before it answered init",
  running: "right after init",
} as const;

/** How far it came and how it ended, as the rest of a sentence. */
export function endOf({ end, manifestMs }: Handshake): string {
  switch (end.kind) {
    case "passed":
      return "handshake OK";
    case "init-error":
      return "it answered init with an error, which the node ignores";
    case "disabled":
      return `it disabled itself (${end.reason})`;
    case "exited":
      return `it ${exitText(end.code, end.signal)} ${BEFORE[end.phase]}`;
    case "timeout":
      return end.answersAtEof
        ? `it answered ${end.phase} only when its stdin was closed`
        : `it did not answer ${end.phase} within ${seconds(end.ms)}`;
    case "other-id":
      return `it answered ${end.phase} with the id written differently`;
    case "garbage":
      return `it printed text that is not JSON-RPC ${BEFORE[end.phase]}`;
    case "refused":
      return `it answered getmanifest after ${Math.round(manifestMs ?? 0)} ms`;
    case "not-dynamic":
      return "its manifest does not say that it is dynamic";
    case "not-started":
      return `the system could not start it (${end.code})`;
    case "cut":
      return "it was cancelled";
  }
}

/** How a process ended, as part of a sentence. */
export function exitText(code: number | null, signal: string | null): string {
  if (signal !== null) return `was killed by ${signal}`;
  return code === null ? "closed its stdout" : `exited with code ${code}`;
}

function seconds(ms: number): string {
  return ms < 1000 ? `${ms} ms` : `${ms / 1000} s`;
}
