/**
 * Checks a plugin file before a node is asked to run it. lightningd's messages for such mistakes
 * ("opening pipe: No such file or directory") do not tell them apart. Cheap enough for every
 * reload: one stat, one read of 256 bytes.
 */
import { accessSync, constants, realpathSync, type Stats, statSync } from "node:fs";
import { resolve } from "node:path";
import { Failure, systemCode } from "../../errors/failure.js";
import {
  languageOfBinary,
  languageOfProgram,
  type PluginLanguage,
  shebangFor,
} from "./language.js";
import * as failures from "./plugin-file-failures.js";
import { type Interpreter, readHead, readShebang } from "./shebang.js";

export interface PluginFile {
  /** The absolute path, as the user named it. */
  readonly path: string;
  /** The path without symlinks, which is the plugin's name on the node. */
  readonly realPath: string;
  readonly language: PluginLanguage;
  /** The program that runs it, if its `#!` line names one. Undefined for a compiled plugin. */
  readonly interpreter: Interpreter | undefined;
}

/**
 * Checks a plugin file.
 * @param command the command that runs it (`--exec`). The file need not be executable then.
 * @throws Failure with exit code 2: `plugin-missing`, `plugin-folder`. With exit code 1, because a
 *   save may fix it: `plugin-empty`, `plugin-not-executable`, `plugin-unreadable`,
 *   `plugin-interpreter` (the `#!` line or what it names), `plugin-source` (not built).
 */
export async function inspectPluginFile(
  named: string,
  command?: readonly string[],
): Promise<PluginFile> {
  const path = resolve(named);
  const { realPath, stat } = look(path);
  if (stat.isDirectory()) throw failures.folder(path);
  if (!stat.isFile()) throw failures.notAFile(path);
  if (stat.size === 0) throw failures.empty(path);
  const head = headOf(path, realPath);
  if (command === undefined) checkExecutable(path, realPath, stat.mode);
  // A program can run without being readable; a script cannot, because its interpreter reads it.
  if (head === undefined && shebangFor(path, "") !== undefined) throw failures.unreadable(path);
  if (head === undefined || isCompiled(head)) {
    return { path, realPath, language: languageOfBinary(realPath), interpreter: undefined };
  }
  const shebang = readShebang(head);
  if ("fault" in shebang) {
    if (command !== undefined) {
      const language = languageOfProgram(command[0] ?? "");
      return { path, realPath, language, interpreter: undefined };
    }
    // The kernel may still have a handler for an unknown binary format.
    if (shebang.fault === "none" && head.includes(0)) {
      return { path, realPath, language: "other", interpreter: undefined };
    }
    throw failures.shebang(path, shebang, head.toString("utf8"));
  }
  return { path, realPath, language: languageOfProgram(shebang.name), interpreter: shebang };
}

/** Whether a save in progress may cause this failure, so that checking again later may help. */
export function mayBeMidSave(failure: Failure): boolean {
  return ["plugin-missing", "plugin-empty", "plugin-not-executable"].includes(failure.kind);
}

function look(path: string): { realPath: string; stat: Stats } {
  try {
    const realPath = realpathSync.native(path);
    return { realPath, stat: statSync(realPath) };
  } catch (error) {
    const isMissing = ["ENOENT", "ENOTDIR"].includes(systemCode(error) ?? "");
    throw isMissing ? failures.missing(path) : failures.unreadable(path, error);
  }
}

/** Reads the first bytes. @returns undefined if permission is denied */
function headOf(path: string, realPath: string): Buffer | undefined {
  try {
    return readHead(realPath);
  } catch (error) {
    if (systemCode(error) === "EACCES") return undefined;
    throw systemCode(error) === "ENOENT"
      ? failures.missing(path)
      : failures.unreadable(path, error);
  }
}

function checkExecutable(path: string, realPath: string, mode: number): void {
  try {
    accessSync(realPath, constants.X_OK);
  } catch {
    throw failures.notExecutable(path, mode);
  }
}

/** Magic numbers of ELF, Mach-O (both byte orders, thin and fat), and Windows programs (WSL). */
const MAGIC = ["7f454c46", "feedface", "feedfacf", "cefaedfe", "cffaedfe", "cafebabe", "4d5a"];

function isCompiled(head: Buffer): boolean {
  const start = head.subarray(0, 4).toString("hex");
  return MAGIC.some((magic) => start.startsWith(magic));
}

/**
 * Rejects a plugin that does not exist when the command starts: at that point it is a typo. A file
 * that goes missing later is waited for (`git checkout` removes it for a moment), and the next save
 * may fix any other fault.
 * @throws Failure (exit code 2) if it is missing or not a regular file
 */
export async function refuseMissing(path: string): Promise<void> {
  await inspectPluginFile(path).catch((error: unknown) => {
    if (error instanceof Failure && error.exitCode === 2) throw error;
  });
}
