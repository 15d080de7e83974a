/**
 * The report on a plugin that the node counts as started although its `init` was answered with an
 * error. The plugin is not run again: the answer is known, and its traceback, if any, is in it, in
 * the log or on stderr (pyln-client puts it into the error and logs it).
 */
import type { Finding } from "../../events/watch-events.js";
import { isObject } from "../../jsonrpc/json.js";
import { type StderrMark, stderrAfter } from "../../node/log/node-stderr.js";
import type { PluginFile } from "../../plugin/file/plugin-file.js";
import { INIT_ERROR } from "../explain/explain.js";
import { traceFindings } from "../findings.js";
import { markOwnFrames, ownTrace } from "../offline-run.js";
import type { ExplainedFailure } from "./start.js";

export interface FailedInit {
  readonly file: PluginFile;
  /** The `error` member of the answer. */
  readonly error: { readonly [member: string]: unknown };
  /** What the plugin logged since it was started. */
  readonly logged: string;
  /** How far the node's stderr was written when it was started, if it is a file. */
  readonly stderrMark: StderrMark | undefined;
  /** What it wrote to stderr, if the caller knows it: the embedded node does. */
  readonly stderr: string | undefined;
}

/** The longest `data` of an error that is shown whole, in characters. */
const MAX_DATA = 300;

/** Explains a failed `init`. Never rejects. */
export function diagnoseInit({ file, error, logged, ...start }: FailedInit): ExplainedFailure {
  const stderr = start.stderr ?? stderrAfter(start.stderrMark) ?? "";
  const traces = [...textsIn(error), logged, stderr].flatMap(
    (text) => markOwnFrames(file, text) ?? [],
  );
  const trace = ownTrace(traces) ?? traces[0];
  return {
    explanation: INIT_ERROR,
    findings: trace === undefined ? dataFindings(error.data) : traceFindings(trace),
    offline: undefined,
  };
}

/**
 * Every text in the error and in its `data`: a traceback may be in a member of either, under any
 * name.
 */
function textsIn(error: { readonly [member: string]: unknown }): string[] {
  const data = isObject(error.data) ? Object.values(error.data) : [];
  return [...Object.values(error), ...data].flatMap((value) =>
    typeof value === "string" ? [value] : Array.isArray(value) ? [value.join("\n")] : [],
  );
}

function dataFindings(data: unknown): Finding[] {
  if (data === undefined || data === null) return [];
  const text = typeof data === "string" ? data : JSON.stringify(data);
  return [
    { kind: "note", text: "The error's data:" },
    { kind: "quote", text: text.length > MAX_DATA ? `${text.slice(0, MAX_DATA)}...` : text },
  ];
}
