/**
 * Reads lightningd's config files for the embedded node: `name=value` or `name` a line, comments
 * only in the first column, `include` (common/configdir.c, cln-contract 1.5). An option that nobody
 * knows is kept rather than refused: its plugin may be started later.
 */
import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { systemCode, usageFailure } from "../../errors/failure.js";
import { withoutTrailingBlanks } from "./config-vars.js";

export interface ConfigLine {
  readonly name: string;
  /** Undefined where the line has no `=`. */
  readonly value: string | undefined;
  /** The file, absolute, and the line's number in it, from 1. */
  readonly path: string;
  readonly line: number;
}

const MAX_DEPTH = 100;

/**
 * @returns the lines in order, those of included files in their place; none where there is no file
 * @throws Failure where a file cannot be read
 */
export function readConfigFile(path: string): ConfigLine[] {
  const text = readIfThere(path);
  return text === undefined ? [] : linesOf(path, text, 0);
}

function linesOf(path: string, text: string, depth: number): ConfigLine[] {
  return text.split(/\r?\n/).flatMap((content, index) => {
    if (content === "" || content.startsWith("#")) return [];
    if (content.startsWith("include ")) {
      return included(path, content.slice("include ".length), depth);
    }
    const equals = content.indexOf("=");
    return [
      {
        name: equals < 0 ? content : content.slice(0, equals),
        value: equals < 0 ? undefined : withoutTrailingBlanks(content.slice(equals + 1)),
        path,
        line: index + 1,
      },
    ];
  });
}

function included(from: string, name: string, depth: number): ConfigLine[] {
  const path = resolve(dirname(from), name);
  const text = depth < MAX_DEPTH ? readIfThere(path) : undefined;
  if (text === undefined) {
    throw usageFailure(`cannot start the embedded node: ${from} includes ${path}`, {
      why: depth < MAX_DEPTH ? "there is no such file" : "includes go too deep",
    });
  }
  return linesOf(path, text, depth + 1);
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw usageFailure(`cannot start the embedded node: ${path} cannot be read`, {
      why: error instanceof Error ? error.message : String(error),
    });
  }
}
