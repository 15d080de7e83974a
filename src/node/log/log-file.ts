/**
 * Finds a node's log file and reads its end, to follow it or to quote the last lines of a dead
 * plugin or node.
 */
import { closeSync, fstatSync, readSync } from "node:fs";
import { resolve } from "node:path";
import { openRegularFile } from "../../filesystem/regular-file.js";
import { attempt } from "../../filesystem/try-read.js";
import { isObject, type JsonObject } from "../../jsonrpc/json.js";
import { isAtLeast, type LogLevel, parseLogLevel } from "../../plugin/log-level.js";

export interface LogSettings {
  /** Absolute paths; empty if the node logs to stdout only. */
  readonly files: readonly string[];
  /** The lowest level the node writes to them. */
  readonly level: LogLevel;
}

/**
 * Reads a node's log files and level from its options.
 * @param configs the `configs` of `listconfigs`
 * @param networkDir the directory that relative paths start from
 */
export function logSettings(configs: unknown, networkDir: string): LogSettings {
  const known = isObject(configs) ? configs : {};
  const files = valuesOf(known["log-file"])
    .filter((file) => file !== "-")
    .map((file) => resolve(networkDir, file));
  // `debug:plugin-x` sets the level of one source; a plain value is the general one.
  const general = valuesOf(known["log-level"]).filter((value) => !value.includes(":"));
  return { files, level: parseLogLevel(general.at(-1) ?? "") ?? "info" };
}

function valuesOf(config: unknown): string[] {
  if (!isObject(config)) return [];
  const values = (config as JsonObject).values_str ?? [config.value_str];
  return Array.isArray(values) ? values.filter((value) => typeof value === "string") : [];
}

/**
 * Returns the first readable log file, or undefined if none is, or if the node does not log that
 * level. Pipes and terminals do not count: reading them would take the text away from their
 * readers.
 */
export function readableLog(settings: LogSettings, level: LogLevel): string | undefined {
  if (!isAtLeast(level, settings.level)) return undefined;
  return settings.files.find((file) => {
    const opened = attempt(() => openRegularFile(file));
    if (opened !== undefined) closeSync(opened);
    return opened !== undefined;
  });
}

/** How much of the end of a log to search for earlier lines, in bytes. */
const MAX_TAIL_BYTES = 8 * 1024 * 1024;

export interface LogTail {
  /** Whole lines, oldest first. */
  readonly lines: readonly string[];
  /** The offset where they end, in bytes: continue from here. */
  readonly end: number;
}

/**
 * Reads the last lines of a file, at most `maxBytes` of them.
 * @throws UnusableFile, or the system's error, if it cannot be read
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
