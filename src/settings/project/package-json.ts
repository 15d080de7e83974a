/** Finds the nearest package.json that has the key "cln-dev", and gives its value unparsed. */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { Failure, messageOf, systemCode } from "../../errors/failure.js";
import { isObject } from "../../jsonrpc/json.js";
import { findJsonError } from "./json-error.js";

export const SETTINGS_KEY = "cln-dev";

export interface SettingsKey {
  /** The package.json, absolute. */
  readonly file: string;
  /** Its folder: paths in it are relative to this. */
  readonly folder: string;
  readonly value: unknown;
}

/**
 * Looks in `cwd` and upward from it.
 * @returns undefined where no package.json has the key
 * @throws Failure (exit code 2) where the nearest package.json is broken, or one that has the key
 */
export function findSettingsKey(cwd: string): SettingsKey | undefined {
  let nearest = true;
  for (let folder = cwd; ; folder = dirname(folder)) {
    const file = join(folder, "package.json");
    const text = readIfThere(file, nearest);
    // Somebody else's broken file further up is none of our business.
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

function readIfThere(file: string, nearest: boolean): string | undefined {
  try {
    // npm, too, reads over a byte order mark.
    return readFileSync(file, "utf8").replace(/^\uFEFF/, "");
  } catch (error) {
    const code = systemCode(error);
    if (code === "ENOENT" || code === "ENOTDIR" || !nearest) return undefined;
    throw broken(`cannot read ${file}`, messageOf(error), "Make it readable", error);
  }
}

function parse(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const place = findJsonError(text);
    const at = place === undefined ? file : `${file}:${place.line}:${place.column}`;
    const why = place?.why ?? messageOf(error);
    throw broken(`${at} is not valid JSON`, why, `Correct ${at}`, error);
  }
}

function broken(what: string, why: string, fix: string, cause: unknown): Failure {
  return new Failure({ kind: "package-json", what, why, fix, exitCode: 2, cause });
}
