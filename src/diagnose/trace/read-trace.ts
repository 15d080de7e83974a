/** Finds the trace in what a plugin wrote to stderr. */
import type { PluginLanguage } from "../../plugin/file/language.js";
import { readAssertion, readGoTrace, readRustTrace } from "./compiled-trace.js";
import { readNodeTrace } from "./node-trace.js";
import { readPlaceTrace } from "./place-trace.js";
import { readPythonTrace } from "./python-trace.js";
import { readShellTrace } from "./shell-trace.js";
import type { Trace, TraceReader } from "./trace.js";

const COMPILED: readonly TraceReader[] = [readRustTrace, readGoTrace, readAssertion];

const ANY: readonly TraceReader[] = [readPythonTrace, readNodeTrace, ...COMPILED, readPlaceTrace];

/** A shell script often only starts a program in another language, whose trace says more. */
const READERS: Readonly<Record<PluginLanguage, readonly TraceReader[]>> = {
  python: [readPythonTrace],
  node: [readNodeTrace],
  shell: [readPythonTrace, readNodeTrace, ...COMPILED, readShellTrace, readPlaceTrace],
  go: [readGoTrace],
  rust: [readRustTrace],
  binary: COMPILED,
  perl: ANY,
  ruby: ANY,
  php: ANY,
  lua: ANY,
  other: ANY,
};

/**
 * Finds and reads the trace in a plugin's stderr.
 * @param own the plugin's own path
 * @returns undefined if the text contains no trace
 */
export function readTrace(
  stderr: string,
  language: PluginLanguage,
  own?: string,
): Trace | undefined {
  const lines = stderr.split(/\r?\n/);
  for (const read of READERS[language]) {
    const trace = read(lines, own);
    if (trace !== undefined) return trace;
  }
  return undefined;
}
