/**
 * What must be true of a file before a node is asked to run it as a plugin. lightningd's messages
 * for these mistakes ("opening pipe: No such file or directory") do not show which one it was.
 * Cheap enough for every reload: one stat, one read of 256 bytes.
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
  /** Absolute, as the user named it. */
  readonly path: string;
  /** Without symlinks: the name by which the node knows it. */
  readonly realPath: string;
  readonly language: PluginLanguage;
  /** What runs it; undefined for a compiled plugin. */
  readonly interpreter: Interpreter | undefined;
}

/**
 * Checks a plugin file.
 * @param command what runs it in place of the system (`--exec`): then it need not be executable
 *   itself
 * @throws Failure `plugin-missing` and `plugin-folder` with exit code 2; with exit code 1, because
 *   a save may fix it: `plugin-empty`, `plugin-not-executable`, `plugin-unreadable`,
 *   `plugin-interpreter` (the `#!` line or what it names), `plugin-source` (not built)
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
  // Running a program needs no right to read it, but a script's interpreter reads it.
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
    // What is neither text nor a known format may still have a handler in the kernel.
    if (shebang.fault === "none" && head.includes(0)) {
      return { path, realPath, language: "other", interpreter: undefined };
    }
    throw failures.shebang(path, shebang, head.toString("utf8"));
  }
  return { path, realPath, language: languageOfProgram(shebang.name), interpreter: shebang };
}

/** Whether a save in progress may look like this from outside: wait a moment, then look again. */
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

/** @returns undefined if the file may not be read */
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

/** ELF, Mach-O (of both byte orders, thin and fat), and Windows programs under WSL. */
const MAGIC = ["7f454c46", "feedface", "feedfacf", "cefaedfe", "cffaedfe", "cafebabe", "4d5a"];

function isCompiled(head: Buffer): boolean {
  const start = head.subarray(0, 4).toString("hex");
  return MAGIC.some((magic) => start.startsWith(magic));
}

/**
 * Refuses a plugin that does not exist when the command begins. Later, a missing file is waited for
 * (`git checkout` removes it for a moment); at the beginning it is a typo. Anything else wrong with
 * a file may be fixed by the next save.
 * @throws Failure (exit code 2): it is missing, or a folder
 */
export async function refuseMissing(path: string): Promise<void> {
  await inspectPluginFile(path).catch((error: unknown) => {
    if (error instanceof Failure && error.exitCode === 2) throw error;
  });
}
