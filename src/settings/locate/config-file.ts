/**
 * Reads the lines of a lightningd config file and expands its `include`s, like
 * gather_file_configvars in common/configdir.c. lightning-config.ts interprets the lines.
 */
import { dirname, resolve } from "node:path";
import { Failure, messageOf, systemCode } from "../../errors/failure.js";
import { readRegularFile } from "../../filesystem/regular-file.js";

/** A line that is neither blank nor a comment. */
export interface ConfigLine {
  /** `path:line`, as editors and terminals open it. */
  readonly at: string;
  readonly file: string;
  /** Its number in the file, counted from 1. */
  readonly line: number;
  /** The line without its end, otherwise unchanged. */
  readonly text: string;
  readonly name: string;
  /** The value without trailing blanks; undefined if the line has no `=`. */
  readonly value: string | undefined;
}

/** lightningd's own limit: an include at a deeper level is an error. */
const MAX_INCLUDE_DEPTH = 100;
/** Our own limits: without them, a config that includes itself twice would never end. */
const MAX_CONFIG_BYTES = 16 * 1024 * 1024;
const MAX_FILES = 1_000;

/**
 * Reads the lines of a config that may be missing.
 * @returns if the file cannot be read, `unreadable`: the reason, for a hint, or undefined if it is
 *   missing. lightningd does not distinguish the two.
 * @throws Failure (exit code 2) for an include that cannot be read, or that never ends
 */
export function readOptionalConfig(
  file: string,
): { readonly lines: readonly ConfigLine[] } | { readonly unreadable: string | undefined } {
  let content: string;
  try {
    content = readText(file);
  } catch (error) {
    const code = systemCode(error);
    if (code === undefined) throw error;
    return { unreadable: code === "ENOENT" || code === "ENOTDIR" ? undefined : reasonOf(error) };
  }
  return { lines: linesOf(content, file, 0, { files: 0 }) };
}

/**
 * Reads the lines of a config named by `--conf`.
 * @throws Failure (exit code 2) if it, or what it includes, cannot be read
 */
export function readNamedConfig(file: string): readonly ConfigLine[] {
  let content: string;
  try {
    content = readText(file);
  } catch (error) {
    throw configFailure(`cannot read the config ${file}`, {
      why: `${reasonOf(error)}${file.includes("/~/") ? "; the ~ in it is not expanded" : ""}`,
      fix: "Name an existing file with --conf, or leave --conf out to use the lightning-dir's own config",
      cause: error,
    });
  }
  return linesOf(content, file, 0, { files: 0 });
}

/** Returns the failure (exit code 2) for a config that lightningd would refuse as well. */
export function configFailure(
  what: string,
  parts: { why: string; fix: string; cause?: unknown },
): Failure {
  return new Failure({ kind: "lightning-config", what, exitCode: 2, ...parts });
}

function linesOf(
  content: string,
  file: string,
  depth: number,
  total: { files: number },
): ConfigLine[] {
  const lines: ConfigLine[] = [];
  let number = 0;
  for (const text of content.split(/\r\n|\n|\r/)) {
    number++;
    if (text === "" || text.startsWith("#")) continue;
    const at = `${file}:${number}`;
    if (text.startsWith("include ")) {
      lines.push(...included(text.slice("include ".length), at, file, depth, total));
    } else {
      lines.push({ at, file, line: number, text, ...splitOption(text) });
    }
  }
  return lines;
}

function splitOption(text: string): Pick<ConfigLine, "name" | "value"> {
  const equals = text.indexOf("=");
  if (equals === -1) return { name: text, value: undefined };
  return { name: text.slice(0, equals), value: trimEnd(text.slice(equals + 1)) };
}

/** Removes trailing white space as C's isspace() defines it (configvar.c trim_whitespace). */
export function trimEnd(value: string): string {
  return value.replace(/[ \t\v\f\r\n]+$/, "");
}

function included(
  name: string,
  at: string,
  file: string,
  depth: number,
  total: { files: number },
): ConfigLine[] {
  if (depth > MAX_INCLUDE_DEPTH || ++total.files > MAX_FILES) {
    throw configFailure(`the includes of ${at} never end`, {
      why: `"include ${name}" is ${depth > MAX_INCLUDE_DEPTH ? `more than ${MAX_INCLUDE_DEPTH} files deep` : `the ${MAX_FILES}th file`}, so one of them includes itself`,
      fix: `Remove the line from ${at}`,
    });
  }
  // The rest of the line is the path, blanks included. It is relative to the including file.
  const path = resolve(dirname(file), name);
  let content: string;
  try {
    content = readText(path);
  } catch (error) {
    const blanks = name !== name.trim() && "the blanks around its name are part of it";
    throw configFailure(`cannot include ${JSON.stringify(path)}, as ${at} asks`, {
      why: blanks ? `${reasonOf(error)}; ${blanks}` : reasonOf(error),
      fix: `Fix the path in ${at} (it is relative to the folder of that file), or remove the line`,
      cause: error,
    });
  }
  return linesOf(content, path, depth + 1, total);
}

/** Reads a file up to its first NUL, where lightningd's strings end, too. */
function readText(file: string): string {
  const content = readRegularFile(file, { maxBytes: MAX_CONFIG_BYTES });
  const [text = ""] = content.toString("utf8").split("\0", 1);
  return text;
}

function reasonOf(error: unknown): string {
  switch (systemCode(error)) {
    case "ENOENT":
    case "ENOTDIR":
      return "there is no such file";
    case "EACCES":
      return "this user may not read it";
    case "ELOOP":
      return "its symbolic links form a loop";
    default:
      return messageOf(error);
  }
}
