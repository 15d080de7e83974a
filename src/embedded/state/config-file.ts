/**
 * The config files of an embedded node as options: `name=value` or `name` a line.
 * An option that nobody knows is kept: its plugin may be started later. Used by settings.ts.
 */
import { usageFailure } from "../../errors/failure.js";
import { refuseForeign } from "../../filesystem/owned-file.js";
import { readOptionalConfig } from "../../settings/locate/config-file.js";
import { withoutTrailingBlanks } from "./config-vars.js";

export interface ConfigEntry {
  readonly name: string;
  /** Undefined where the line has no `=`. */
  readonly value: string | undefined;
  /** The file, absolute, and the line's number in it, from 1. */
  readonly path: string;
  readonly line: number;
}

/**
 * @returns the lines in order, those of included files in their place; none where there is no file
 * @throws Failure where a file cannot be read, or belongs to another user
 */
export function readConfigFile(path: string): ConfigEntry[] {
  refuseForeign(path);
  const read = readOptionalConfig(path);
  if ("lines" in read) return read.lines.map(toOption);
  if (read.unreadable === undefined) return [];
  throw usageFailure(`cannot read the config ${path}`, { why: read.unreadable });
}

function toOption({ text, file, line }: { text: string; file: string; line: number }): ConfigEntry {
  const equals = text.indexOf("=");
  return {
    name: equals < 0 ? text : text.slice(0, equals),
    value: equals < 0 ? undefined : withoutTrailingBlanks(text.slice(equals + 1)),
    path: file,
    line,
  };
}
