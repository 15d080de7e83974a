/** The plugins in a command's arguments, checked before the command changes anything. */
import { existsSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { usageFailure } from "../../../errors/failure.js";
import { readRegularFile } from "../../../filesystem/regular-file.js";
import { inspectPluginFile } from "../../../plugin/file/plugin-file.js";
import { findSettingsKey } from "../../../settings/project/package-json.js";

/**
 * Refuses a word after the plugin that is not a file: it is an option without its value.
 * @throws Failure (exit code 2)
 */
export function refuseBareWords(args: readonly string[], cwd: string): void {
  const word = args.slice(1).find((arg) => /^[\w-]+$/.test(arg) && !existsSync(resolve(cwd, arg)));
  if (word === undefined) return;
  throw usageFailure(`${word} is neither a file nor an option`, {
    why: "an option of the plugin is written key=value",
    fix: `Write ${word}=VALUE`,
  });
}

/** Matches what every plugin's source mentions, directly or through its library. */
const LIGHTNING = /getmanifest|lightning|pyln|cln/i;
const MAX_READ = 256 * 1024;

/**
 * Returns the arguments, preceded by the only plugin in the folder if neither they nor package.json
 * name one.
 * @param command the command to suggest if there are several plugins
 * @throws Failure (exit code 2) if there are several plugins
 */
export async function withOnlyPlugin(
  args: readonly string[],
  cwd: string,
  command: string,
): Promise<readonly string[]> {
  const namesPlugin = args.some((arg) => !/^[\w-]+=/.test(arg) || existsSync(resolve(cwd, arg)));
  if (namesPlugin || findSettingsKey(cwd) !== undefined) return args;
  const candidates = await pluginsIn(cwd);
  if (candidates.length === 0) return args;
  if (candidates.length === 1) return [...candidates, ...args];
  throw usageFailure("no plugin is named", {
    why: `${candidates.length} files of this folder may be one`,
    fix: candidates.map((name) => `cln-dev ${command} ${name}`).join("\n"),
  });
}

/** Returns the scripts in a folder that a node could run and that mention lightning. */
async function pluginsIn(folder: string): Promise<string[]> {
  const found: string[] = [];
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (!entry.isFile() || entry.name.startsWith(".")) continue;
    try {
      const { interpreter } = await inspectPluginFile(join(folder, entry.name));
      const text = readRegularFile(join(folder, entry.name), { maxBytes: MAX_READ }).toString();
      if (interpreter !== undefined && LIGHTNING.test(text)) found.push(`./${entry.name}`);
    } catch {
      // It cannot be run or read.
    }
  }
  return found.sort();
}
