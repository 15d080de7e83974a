/** The context of every command, the flags for starting plugins, and the exit codes. */
import type { Outcome } from "../../events/watch-events.js";
import { resolveSettings } from "../../settings/resolve.js";
import type { NodeFlags, Settings, Surroundings } from "../../settings/types.js";
import { refuseBareWords } from "./plugin/arguments.js";

export interface GlobalFlags extends NodeFlags {
  readonly json: boolean;
  readonly color: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
}

export interface Io {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  /** Aborted when the user ends the program (Ctrl-C, SIGTERM, closing the terminal). */
  readonly signal: AbortSignal;
}

export interface Context {
  readonly flags: GlobalFlags;
  readonly io: Io;
  readonly surroundings: Surroundings;
}

/** The flags of the commands that start plugins, as commander returns them. */
export interface PluginCommandFlags {
  readonly option?: readonly string[] | undefined;
  readonly watch?: readonly string[];
  readonly ignore?: readonly string[];
  readonly call?: readonly string[];
  readonly build?: string;
  readonly run?: string;
  readonly safe?: boolean;
  readonly hot?: boolean;
  readonly env?: readonly string[];
  readonly exec?: string;
  readonly debug?: boolean;
}

/**
 * Resolves the settings of a command that starts plugins.
 * @throws Failure (exit code 2), see resolveSettings
 */
export function settingsOf(
  context: Context,
  command: string,
  args: readonly string[],
  flags: PluginCommandFlags,
): Settings {
  refuseBareWords(args, context.surroundings.cwd);
  return resolveSettings({
    flags: { ...context.flags, ...flags },
    args,
    options: flags.option ?? [],
    surroundings: context.surroundings,
    command,
  });
}

/** 0: done; 1: the attempt failed; 2: wrong usage or settings; 3: no node. */
export type ExitCode = 0 | 1 | 2 | 3;

/** Returns 0 if all are live, 3 if there is no node, 2 for an unusable value, 1 otherwise. */
export function exitCodeOf(outcomes: readonly Outcome[]): ExitCode {
  const bad = outcomes.filter(({ event }) => event !== "reloaded" && event !== "unchanged");
  if (bad.length === 0) return 0;
  if (bad.some((outcome) => outcome.event === "failed")) return 1;
  if (bad.every((outcome) => outcome.event === "unreachable")) return 3;
  return bad.every((outcome) => outcome.event === "refused" && outcome.exitCode === 2) ? 2 : 1;
}

/** Runs a command and keeps its exit code for the end of the program. */
export type RunCommand = (command: (context: Context) => Promise<ExitCode>) => Promise<void>;
