/**
 * Splits the arguments of `watch`, `start` and `restart` into plugins and options: `[plugin...]
 * [key=value...]`, and `-o key=value` anywhere.
 */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { type Failure, usageFailure } from "../errors/failure.js";
import { isSecretName, shownValue } from "../plugin/secret-options.js";
import type { PluginOption } from "./types.js";

export interface SplitArguments {
  /** Plugins as written. */
  readonly plugins: readonly string[];
  /** Trailing options first, then those of `-o`. A name given twice appears twice. */
  readonly options: readonly PluginOption[];
}

const OPTION_NAME = /^[A-Za-z0-9_-]+$/;

/**
 * Separates plugins from options in a command's arguments.
 * @param args the arguments of the command, in order
 * @param optionFlags the values of `-o`, in order
 * @param cwd the folder that plugin paths are relative to; an existing file wins over `key=value`
 * @throws Failure (exit code 2) if an argument is empty, or if an option precedes a plugin, has no
 *   valid name, or has no value
 */
export function splitArguments(
  args: readonly string[],
  optionFlags: readonly string[],
  cwd: string,
): SplitArguments {
  const plugins: string[] = [];
  const options: PluginOption[] = [];
  let lastOption: string | undefined;
  for (const argument of args) {
    if (argument === "") throw usageFailure("an argument is empty", EMPTY);
    if (isOption(argument, cwd)) {
      options.push(splitOption(argument));
      lastOption = argument;
    } else if (lastOption === undefined) {
      plugins.push(argument);
    } else {
      throw misplaced(lastOption, argument);
    }
  }
  options.push(...optionFlags.map(splitOption));
  return { plugins, options };
}

const EMPTY = {
  why: "a shell variable may be unset",
  fix: "Name a plugin file, or an option as key=value",
};

/** Returns why `name` cannot be a plugin's option, in one clause; undefined if it can. */
export function checkOptionName(name: string): string | undefined {
  if (name === "") return "an option needs a name";
  if (name === "plugin" || name === "subcommand") {
    // Every other key of `plugin start` is an option (lightningd/plugin_control.c).
    return `lightningd's "plugin start" has its own parameter "${name}", so no option of that name can be passed`;
  }
  if (OPTION_NAME.test(name)) return undefined;
  return `an option's name has only letters, digits, - and _`;
}

/**
 * Whether the argument is an option. A plugin's path may contain a "=", too: then a "/" precedes
 * it, or the file exists.
 */
function isOption(argument: string, cwd: string): boolean {
  const equals = argument.indexOf("=");
  if (equals === -1 || argument.slice(0, equals).includes("/")) return false;
  return !existsSync(resolve(cwd, argument));
}

function splitOption(text: string): PluginOption {
  const equals = text.indexOf("=");
  if (equals === -1) {
    const name = isSecretName(text) ? "name" : text;
    throw usageFailure(
      name === text ? `the option ${text} has no value` : "an option has no value",
      {
        why: "an option is written key=value",
        fix: `Write ${name}=value (for a flag, ${name}=true)`,
      },
    );
  }
  const name = text.slice(0, equals);
  const problem = checkOptionName(name);
  if (problem !== undefined) {
    throw usageFailure(`${shown(text)} is neither a plugin file nor an option`, {
      why: `there is no such file, and ${problem}`,
      fix: "Name a plugin file, or write the option as key=value",
    });
  }
  return { name, value: text.slice(equals + 1) };
}

function misplaced(option: string, plugin: string): Failure {
  return usageFailure(`the option ${shown(option)} is before the plugin ${plugin}`, {
    why: "options come after the plugins",
    fix: `Write ${plugin} ${shown(option)}`,
  });
}

function shown(option: string): string {
  const [name = "", ...value] = option.split("=");
  return `${name}=${shownValue({ name, value: value.join("=") })}`;
}
