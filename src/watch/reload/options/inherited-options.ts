/**
 * The options a reload starts the plugin with: those the user gave, and those a running plugin was
 * started with outside this session, which the node forgets at a stop.
 */
import { Failure } from "../../../errors/failure.js";
import type { Target } from "../../../events/reload-target.js";
import { readRunningOptions } from "../../../node/plugins/running-options.js";
import {
  encodeStartOptions,
  needsDeclaration,
  type OptionDeclaration,
  type StartOption,
} from "../../../node/plugins/start-options.js";
import type { PluginFile } from "../../../plugin/file/plugin-file.js";
import { shownValue } from "../../../plugin/secret-options.js";
import type { PluginOption } from "../../../settings/types.js";

/** What to remember of a plugin's options from one reload to the next. */
export interface InheritedOptions {
  /** Taken over from a plugin that was already running. */
  readonly takenOver: readonly StartOption[];
  /** What it ran with in place of values that the user has given. */
  readonly replaced: readonly StartOption[];
  /** How the plugin declares its options, if known. */
  readonly shapes: ReadonlyMap<string, OptionDeclaration> | undefined;
}

export const NO_INHERITED_OPTIONS: InheritedOptions = {
  takenOver: [],
  replaced: [],
  shapes: undefined,
};

/**
 * Reads the options of a plugin that is about to be stopped.
 * @param path its canonical path
 * @param byOthers it was started outside this session: what was taken over before does not count
 * @throws RpcError, NodeUnreachable (`cut` if the signal was aborted)
 * @throws Failure `option-concealed`: one of them cannot be read, and the user has not given it
 */
export async function readInherited(
  rpcFile: string,
  path: string,
  given: readonly PluginOption[],
  inherited: InheritedOptions,
  byOthers: boolean,
  signal: AbortSignal,
): Promise<InheritedOptions> {
  const { started, concealed, shapes } = await readRunningOptions(rpcFile, path, { signal });
  const isGiven = (name: string) => given.some((option) => option.name === name);
  const hidden = concealed.filter((name) => !isGiven(name));
  if (hidden.length > 0) {
    throw new Failure({
      kind: "option-concealed",
      what: `${path} runs with ${hidden.join(", ")}, which a stop would lose`,
      why: "the node does not show the value of a concealed option, so it cannot be given again",
      fix: `Give it here: ${hidden.map((name) => `${name}=VALUE`).join(" ")}`,
      exitCode: 1,
    });
  }
  const isRead = (name: string) => started.some((option) => option.name === name);
  const before = byOthers ? [] : inherited.takenOver.filter((option) => !isRead(option.name));
  const isAsGiven = ({ name, raw }: StartOption) =>
    given.some((option) => option.name === name && String(option.value) === optionText(raw));
  return {
    takenOver: [...before, ...started].filter((option) => !isGiven(option.name)),
    replaced: started.filter((option) => isGiven(option.name) && !isAsGiven(option)),
    shapes,
  };
}

/** As text for the terminal: `name=value`, secret values as `***`. */
export function shownOptions(options: readonly StartOption[]): string[] {
  return options.map(({ name, raw }) => `${name}=${shownValue({ name, value: optionText(raw) })}`);
}

/** The value in the JSON text of an option, without its quotes. */
export function optionText(raw: string): string {
  return raw.replace(/^"|"$/g, "");
}

/**
 * The options to send with a start. The plugin is asked how it declares its options only for a
 * value that would mean something else, or do harm, if its type is not what it looks like.
 * @throws Failure (exit code 2) for a value that cannot be passed on
 */
export async function startOptionsFor(
  target: Target,
  file: PluginFile,
  inherited: InheritedOptions,
  signal: AbortSignal,
): Promise<{ readonly options: readonly StartOption[]; readonly inherited: InheritedOptions }> {
  const given = target.plugin.options;
  let { shapes } = inherited;
  // The node does not list an option of a running plugin that has neither a value nor a default.
  const known = given.every((option) => shapes?.has(option.name));
  if (!known && needsDeclaration(given)) {
    const { learnDeclarations } = await import("./declared-options.js");
    const learned = await learnDeclarations(target, file, signal);
    shapes = learned && new Map([...(shapes ?? []), ...learned]);
  }
  // What is given now may have been taken over before.
  const isGiven = ({ name }: StartOption) => given.some((option) => option.name === name);
  const takenOver = inherited.takenOver.filter((option) => !isGiven(option));
  const options = [...takenOver, ...encodeStartOptions(given, shapes)];
  return { options, inherited: { ...inherited, takenOver, shapes } };
}
