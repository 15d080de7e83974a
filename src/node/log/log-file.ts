/**
 * Where a node writes its log, and the end of that file: for following it, and for quoting the last
 * words of a plugin or of a node that has died.
 */
import { closeSync, fstatSync, readSync } from "node:fs";
import { resolve } from "node:path";
import { openRegularFile } from "../../filesystem/regular-file.js";
import { attempt } from "../../filesystem/try-read.js";
import { isObject, type JsonObject } from "../../jsonrpc/json.js";
import { isAtLeast, type LogLevel, parseLogLevel } from "../../plugin/log-level.js";

export interface LogSettings {
  /** Absolute paths; none if the node logs to its stdout alone. */
  readonly files: readonly string[];
  /** The lowest level that the node writes to them. */
  readonly level: LogLevel;
}

/**
 * @param configs the `configs` of `listconfigs`
 * @param networkDir what relative paths count from
 */
export function logSettings(configs: unknown, networkDir: string): LogSettings {
  const known = isObject(configs) ? configs : {};
  const files = valuesOf(known["log-file"])
    .filter((file) => file !== "-")
    .map((file) => resolve(networkDir, file));
  // `debug:plugin-x` sets the level of one source only; the plain value is the general one.
  const general = valuesOf(known["log-level"]).filter((value) => !value.includes(":"));
  return { files, level: parseLogLevel(general.at(-1) ?? "") ?? "info" };
}

function valuesOf(config: unknown): string[] {
  if (!isObject(config)) return [];
  const values = (config as JsonObject).values_str ?? [config.value_str];
  return Array.isArray(values) ? values.filter((value) => typeof value === "string") : [];
}

/**
 * The first of the files that we may read, if its node writes lines of that level to it. A pipe or a
 * terminal is none: what is read there is lost to others.
 */
export function readableLog(settings: LogSettings, level: LogLevel): string | undefined {
  if (!isAtLeast(level, settings.level)) return undefined;
  return settings.files.find((file) => {
    const opened = attempt(() => openRegularFile(file));
    if (opened !== undefined) closeSync(opened);
    return opened !== undefined;
  });
}

/** How much of a log's end is looked through for what was before. */
const MAX_TAIL_BYTES = 8 * 1024 * 1024;

export interface LogTail {
  /** Whole lines, the oldest first. */
  readonly lines: readonly string[];
  /** Where in the file they end: go on from here, in bytes. */
  readonly end: number;
}

/**
 * The last lines of a file, at most {@link MAX_TAIL_BYTES} of them.
 * @throws UnusableFile, or the system's error: it cannot be read
 */
export function readTail(path: string, maxBytes = MAX_TAIL_BYTES): LogTail {
  const file = openRegularFile(path);
  try {
    const { size } = fstatSync(file);
    const from = Math.max(0, size - maxBytes);
    const bytes = Buffer.alloc(size - from);
    const read = bytes.subarray(0, readSync(file, bytes, 0, bytes.length, from));
    const firstLine = from === 0 ? 0 : read.indexOf(0x0a) + 1;
    const lastEnd = read.lastIndexOf(0x0a) + 1;
    const text = read.subarray(firstLine, Math.max(firstLine, lastEnd)).toString("utf8");
    return { lines: text.split("\n").slice(0, -1), end: from + lastEnd };
  } finally {
    closeSync(file);
  }
}
