/**
 * The options a reload starts the plugin with: those the user gave, and those a plugin started
 * outside this session was running with. The node forgets the latter when it stops the plugin.
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
  /** Options taken over from a plugin that was already running. */
  readonly takenOver: readonly StartOption[];
  /** Options it ran with whose values differ from those the user gave. */
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
 * @param byOthers whether it was started outside this session: earlier options then do not count
 * @throws RpcError, NodeUnreachable (`cut` if the signal was aborted)
 * @throws Failure `option-concealed`: an option cannot be read, and the user has not given it
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

/** Formats options as text for the terminal: `name=value`, secret values as `***`. */
export function shownOptions(options: readonly StartOption[]): string[] {
  return options.map(({ name, raw }) => `${name}=${shownValue({ name, value: optionText(raw) })}`);
}

/** Whether two starts have the same options with the same values, in any order. */
export function sameOptions(one: readonly StartOption[], other: readonly StartOption[]): boolean {
  const text = (options: readonly StartOption[]) =>
    JSON.stringify(options.map(({ name, raw }) => `${name}=${raw}`).sort());
  return text(one) === text(other);
}

/** Returns the JSON text of an option's value without its quotes. */
export function optionText(raw: string): string {
  return raw.replace(/^"|"$/g, "");
}

/**
 * Returns the options to send with a start. Asks the plugin how it declares them only if a value
 * would mean something else, or do harm, if its type is not what it looks like.
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
  // The node does not list options of a running plugin that have neither a value nor a default.
  const known = given.every((option) => shapes?.has(option.name));
  if (!known && needsDeclaration(given)) {
    const { learnDeclarations } = await import("./declared-options.js");
    const learned = await learnDeclarations(target, file, signal);
    shapes = learned && new Map([...(shapes ?? []), ...learned]);
  }
  // An option that is given now may have been taken over earlier.
  const isGiven = ({ name }: StartOption) => given.some((option) => option.name === name);
  const takenOver = inherited.takenOver.filter((option) => !isGiven(option));
  const options = [...takenOver, ...encodeStartOptions(given, shapes)];
  return { options, inherited: { ...inherited, takenOver, shapes } };
}
