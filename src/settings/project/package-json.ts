/**
 * Finds the nearest package.json that has the key "cln-dev", and returns the key's value unchecked.
 * Above the working directory, only files of this user or root count. Otherwise another user could
 * put a package.json into a shared folder and have its `build` run as us.
 */
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { Failure, messageOf, systemCode } from "../../errors/failure.js";
import { isOpenToAll, isTrustedOwner } from "../../filesystem/owner.js";
import { readRegularFile, UnusableFile } from "../../filesystem/regular-file.js";
import { tryStat } from "../../filesystem/try-read.js";
import { isObject } from "../../jsonrpc/json.js";

export const SETTINGS_KEY = "cln-dev";

export interface SettingsKey {
  /** The package.json, absolute. */
  readonly file: string;
  /** Its folder, which paths in the file are relative to. */
  readonly folder: string;
  readonly value: unknown;
}

const MAX_BYTES = 4 * 1024 * 1024;

/**
 * Searches `cwd` and its parents.
 * @returns undefined if no package.json has the key
 * @throws Failure (exit code 2) if the nearest package.json cannot be read, or if it, or one that
 *   mentions the key, is not valid JSON
 */
export function findSettingsKey(cwd: string): SettingsKey | undefined {
  let nearest = true;
  for (let folder = cwd; ; folder = dirname(folder)) {
    const file = join(folder, "package.json");
    const text = readIfThere(file, nearest, folder === cwd);
    // A broken file further up is ignored if it does not mention the key.
    if (text !== undefined && (nearest || text.includes(SETTINGS_KEY))) {
      const content = parse(text, file);
      if (isObject(content) && Object.hasOwn(content, SETTINGS_KEY)) {
        return { file, folder, value: content[SETTINGS_KEY] };
      }
    }
    nearest &&= text === undefined;
    if (dirname(folder) === folder) return undefined;
  }
}

/** Returns the files that {@link findSettingsKey} ignores because another user can change them. */
export function foreignSettings(cwd: string): string[] {
  const foreign: string[] = [];
  for (let folder = cwd; ; folder = dirname(folder)) {
    const file = join(folder, "package.json");
    if (!isTrusted(folder, file, folder === cwd) && existsSync(file)) foreign.push(file);
    if (dirname(folder) === folder) return foreign;
  }
}

/** Reads a package.json. @throws UnusableFile, or the system's error, if it cannot be read */
export function readPackageJson(file: string): string {
  const content = readRegularFile(file, { maxBytes: MAX_BYTES });
  // npm ignores a byte order mark, too.
  return content.toString("utf8").replace(/^\uFEFF/, "");
}

function readIfThere(file: string, nearest: boolean, inCwd: boolean): string | undefined {
  if (!isTrusted(dirname(file), file, inCwd)) return undefined;
  try {
    return readPackageJson(file);
  } catch (error) {
    const code = systemCode(error);
    if (code === "ENOENT" || code === "ENOTDIR" || !nearest) return undefined;
    const fix = error instanceof UnusableFile ? "Remove it" : "Make it readable";
    throw broken(`cannot read ${file}`, messageOf(error), fix, error);
  }
}

/**
 * Whether the owners of the file and its folder are trusted. In `cwd` itself the file may also
 * belong to the owner of the folder (a mounted project, a container).
 */
function isTrusted(folder: string, file: string, inCwd: boolean): boolean {
  const inside = tryStat(folder);
  const stat = tryStat(file);
  if (inside === undefined || stat === undefined) return true;
  if (inCwd) return isTrustedOwner(stat) || stat.uid === inside.uid;
  return isTrustedOwner(stat) && isTrustedOwner(inside) && !isOpenToAll(inside);
}

function parse(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const why = messageOf(error);
    const place = placeIn(text, why);
    const at = place === undefined ? file : `${file}:${place}`;
    throw broken(`${at} is not valid JSON`, why, `Fix the JSON at ${at}`, error);
  }
}

/** Returns the `line:column` of the position in V8's message; undefined if it has none. */
function placeIn(text: string, message: string): string | undefined {
  const position = /at position (\d+)/.exec(message)?.[1];
  if (position === undefined) return undefined;
  const lines = text.slice(0, Number(position)).split("\n");
  return `${lines.length}:${(lines.at(-1) ?? "").length + 1}`;
}

function broken(what: string, why: string, fix: string, cause: unknown): Failure {
  return new Failure({ kind: "package-json", what, why, fix, exitCode: 2, cause });
}
