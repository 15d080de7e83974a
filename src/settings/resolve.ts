/**
 * Combines flags, package.json and defaults into the settings of `watch`, `start` and `restart`.
 * Commands that need no plugin use resolveNodes().
 */
import { existsSync } from "node:fs";
import { basename, resolve } from "node:path";
import { type Failure, usageFailure } from "../errors/failure.js";
import { realPathOf } from "../filesystem/try-read.js";
import { isDebugger } from "../plugin/process/run-settings.js";
import { splitArguments } from "./arguments.js";
import { findSettingsKey, foreignSettings, type SettingsKey } from "./project/package-json.js";
import { projectPlugins } from "./project/schema.js";
import { resolveNodesWith } from "./resolve-nodes.js";
import { commandWords, environmentVariable } from "./run-command.js";
import type {
  NodeFlags,
  PluginFlags,
  PluginOption,
  PluginSettings,
  Settings,
  ShellCommand,
  Surroundings,
} from "./types.js";

export interface SettingsInput {
  readonly flags: NodeFlags & PluginFlags;
  /** The command's arguments: `[plugin...] [key=value...]`. */
  readonly args: readonly string[];
  /** The values of `-o`, each `key=value`. */
  readonly options: readonly string[];
  readonly surroundings: Surroundings;
  /** The command's name, for the example in an error. */
  readonly command: string;
}

/**
 * Combines flags, arguments and package.json.
 * @throws Failure (exit code 2) for wrong flags, arguments, settings or configs, or if no plugin is
 *   named
 */
export function resolveSettings(input: SettingsInput): Settings {
  const { flags, surroundings } = input;
  const key = findSettingsKey(surroundings.cwd);
  const plugins = resolvePlugins(input, key);
  return { ...resolveNodesWith(key, flags, surroundings), file: key?.file, plugins };
}

function resolvePlugins(
  { flags, args, options: optionFlags, surroundings, command }: SettingsInput,
  key: SettingsKey | undefined,
): PluginSettings[] {
  const { plugins: named, options } = splitArguments(args, optionFlags, surroundings.cwd);
  const listed = key === undefined ? [] : projectPlugins(key, surroundings.home);
  if (key !== undefined) refuseTwice(listed, key.file);
  const chosen = named.length === 0 ? listed : chosenPlugins(named, listed, surroundings.cwd);
  if (chosen.length === 0) throw noPlugin(command, key?.file, foreignSettings(surroundings.cwd));
  if (chosen.length > 1 && options[0] !== undefined) {
    throw severalPlugins(options[0].name, chosen.length, key?.file);
  }
  return chosen.map((plugin) => withFlags(plugin, options, flags, surroundings.cwd));
}

/** Returns each plugin of the command line once, with package.json's settings for the same file. */
function chosenPlugins(
  named: readonly string[],
  listed: readonly PluginSettings[],
  cwd: string,
): PluginSettings[] {
  const chosen = named.map((name): PluginSettings => {
    const path = resolve(cwd, name);
    const same = listed.find((plugin) => realPathOf(plugin.path) === realPathOf(path));
    if (same !== undefined) return { ...same, path };
    const known = existsSync(path) ? undefined : listedAs(name, listed);
    return known ?? { path, options: [], watch: [], only: [], ignore: [], call: [], safe: false };
  });
  return [...new Map(chosen.map((plugin) => [realPathOf(plugin.path), plugin])).values()];
}

/**
 * Finds the plugin that package.json lists under this bare name: it can be named from any folder.
 * Undefined if several have the name.
 */
function listedAs(name: string, listed: readonly PluginSettings[]): PluginSettings | undefined {
  const fitting = listed.filter((plugin) => basename(plugin.path) === name);
  return fitting.length === 1 ? fitting[0] : undefined;
}

/** Overrides package.json with the command line, option by option and key by key. */
function withFlags(
  plugin: PluginSettings,
  options: readonly PluginOption[],
  flags: PluginFlags,
  cwd: string,
): PluginSettings {
  const named = new Set(options.map((option) => option.name));
  // An empty flag removes the command in package.json.
  const commandOf = (flag: string | undefined, listed: ShellCommand | undefined) =>
    flag === undefined ? listed : flag === "" ? undefined : { command: flag, cwd };
  return {
    ...plugin,
    options: [...plugin.options.filter((option) => !named.has(option.name)), ...options],
    watch: flags.watch?.length ? flags.watch.map((path) => resolve(cwd, path)) : plugin.watch,
    only: flags.only?.length ? flags.only.map((path) => resolve(cwd, path)) : plugin.only,
    ignore: flags.ignore?.length ? flags.ignore : plugin.ignore,
    call: flags.call?.length ? flags.call : plugin.call,
    build: commandOf(flags.build, plugin.build),
    runAfter: commandOf(flags.run, plugin.runAfter),
    safe: flags.safe ?? plugin.safe,
    ...runWithFlags(plugin, flags),
  };
}

function runWithFlags(
  { hot, run }: PluginSettings,
  flags: PluginFlags,
): Pick<PluginSettings, "hot" | "run"> {
  const added = flags.env?.map(environmentVariable) ?? [];
  const env = { ...run?.env, ...Object.fromEntries(added) };
  const exec = flags.exec === undefined ? run?.exec : commandWords(flags.exec);
  const debug = flags.debug === true || isDebugger(exec);
  const isRun = added.length > 0 || exec !== undefined || debug;
  return {
    hot: flags.hot ?? hot,
    run: run !== undefined || isRun ? { env, exec, debug } : undefined,
  };
}

function refuseTwice(listed: readonly PluginSettings[], file: string): void {
  const paths = listed.map((plugin) => realPathOf(plugin.path));
  const twice = paths.find((path, index) => paths.indexOf(path) !== index);
  if (twice === undefined) return;
  throw usageFailure(`the plugin ${twice} is listed twice under "cln-dev" in ${file}`, {
    why: "a node runs a plugin file once",
    fix: "Merge the two entries",
  });
}

function noPlugin(command: string, file: string | undefined, foreign: readonly string[]): Failure {
  const none =
    file === undefined
      ? 'there is none on the command line, and no package.json here or above has the key "cln-dev"'
      : `there is none on the command line, nor under "cln-dev" in ${file}`;
  const passedOver = foreign.map((path) => `; ${path} is ignored: another user can change it`);
  return usageFailure("no plugin is named", {
    why: none + passedOver.join(""),
    fix: `Run "cln-dev ${command} my-plugin.py", or add "cln-dev": { "path": "my-plugin.py" } to package.json`,
  });
}

function severalPlugins(option: string, count: number, file: string | undefined): Failure {
  return usageFailure(`the option ${option} with ${count} plugins`, {
    why: "it could be for any of them",
    fix: `Name one plugin, or write the options into ${file ?? "package.json"}: "cln-dev": { "plugins": [{ "path": "my-plugin.py", "options": { "${option}": "value" } }] }`,
  });
}
