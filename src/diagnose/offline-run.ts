/**
 * The basis for explaining a failed start: lightningd reports only "exited before replying to
 * getmanifest", and no one sees what the plugin printed. So the plugin is run again, offline, and
 * its trace and its stray output are read. `--safe` does so before each start.
 */
import { stripVTControlCharacters } from "node:util";
import type { PluginFile } from "../plugin/file/plugin-file.js";
import type { Handshake, HandshakeOptions } from "../plugin/handshake/handshake.js";
import { runHandshake } from "../plugin/handshake/run-handshake.js";
import { findPrint, type PrintLine } from "./evidence/find-print.js";
import { codeAt, ownFile } from "./evidence/own-code.js";
import { readTrace } from "./trace/read-trace.js";

export interface OfflineRun {
  readonly handshake: Handshake;
  readonly trace: PluginTrace | undefined;
  /** What it wrote to stdout that is not protocol. */
  readonly stray: readonly StrayText[];
}

export interface PluginTrace {
  /** The error in the program's own words. */
  readonly error: string;
  /** The call that failed comes last. */
  readonly frames: readonly PluginFrame[];
}

export interface PluginFrame {
  /** Absolute if it is in the plugin's own code. */
  readonly file: string;
  readonly line: number;
  readonly name: string | undefined;
  readonly code: string | undefined;
  /** Whether it is in the plugin's own code. */
  readonly own: boolean;
}

export interface StrayText {
  readonly text: string;
  readonly printedBy: PrintLine | undefined;
}

/** How many stray lines are useful. */
const MAX_STRAY = 5;

/** Runs the plugin offline and reads its output. Never rejects. */
export async function runPluginOffline(
  file: PluginFile,
  options: HandshakeOptions,
): Promise<OfflineRun> {
  return analyze(await runHandshake(file, options));
}

/** The same from an existing handshake. */
export function analyze(handshake: Handshake): OfflineRun {
  const { file, stderr, logged, end } = handshake;
  // Once there is a Plugin, pyln-client sends what is written to sys.stderr to the node's log.
  const nodeMessage = end.kind === "passed" ? "" : logged.map(({ message }) => message).join("\n");
  return {
    handshake,
    trace: markOwnFrames(file, stderr) ?? markOwnFrames(file, nodeMessage),
    stray: handshake.stray
      .filter((text) => text.trim() !== "")
      .slice(0, MAX_STRAY)
      .map((text) => ({ text, printedBy: findPrint(handshake.file, text) })),
  };
}

/** The first that comes from the plugin's own code. */
export function ownTrace(traces: readonly PluginTrace[]): PluginTrace | undefined {
  return traces.find(({ frames }) => frames.some((frame) => frame.own));
}

/** The trace in a plugin's stderr, its own frames marked. */
export function markOwnFrames(file: PluginFile, stderr: string): PluginTrace | undefined {
  // Some programs colour what they write, even into a pipe.
  const trace = readTrace(stripVTControlCharacters(stderr), file.language, file.realPath);
  if (trace === undefined) return undefined;
  const frames = trace.frames.map((frame) => {
    const own = ownFile(file, frame);
    const code = frame.code ?? (own === undefined ? undefined : codeAt(own, frame.line));
    return { ...frame, file: own ?? frame.file, name: frame.name, code, own: own !== undefined };
  });
  return { error: trace.error, frames };
}

/** The same, if it comes from the plugin's own code: others write to the node's stderr, too. */
export function traceOfPlugin(file: PluginFile, stderr: string): PluginTrace | undefined {
  const trace = markOwnFrames(file, stderr);
  return trace && ownTrace([trace]);
}

/** The plugin's own line nearest to the failure. */
export function ownFrame(trace: PluginTrace | undefined): PluginFrame | undefined {
  return trace?.frames.findLast((frame) => frame.own);
}
