/**
 * lightningd's log, as its log file and `getlog` have it (lightningd/log.c). Used to follow the log
 * and to quote from it.
 */
import { isObject, parseJson, stringOf } from "../../jsonrpc/json.js";
import { type LogLevel, parseLogLevel } from "../../plugin/log-level.js";

export interface NodeLogLine {
  /** When it was logged; undefined if the node runs with `log-timestamps=false`. */
  readonly time: Date | undefined;
  readonly level: LogLevel;
  /** Who logged it: `lightningd`, `plugin-hello.py`, `<node id>-connectd`, ... */
  readonly source: string;
  /** The message: several lines if a plugin logged several at once. */
  readonly text: string;
}

/** The source of a plugin's own lines. */
export function sourceOfPlugin(basename: string): string {
  return `plugin-${basename}`;
}

const LINE =
  /^.*?(?:(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z) )?(TRACE|DEBUG|INFO|UNUSUAL|\*\*BROKEN\*\*) {1,4}(\S.*?): (.*)$/;

/**
 * Parses one line of lightningd's log file.
 * @returns undefined if it is not a log line: the blank lines between two runs, io lines
 */
export function parseLogLine(line: string): NodeLogLine | undefined {
  const match = LINE.exec(line);
  const [, time, level, source, text] = match ?? [];
  const parsed = level === undefined ? undefined : parseLogLevel(level.replaceAll("*", ""));
  if (parsed === undefined || source === undefined || text === undefined) return undefined;
  const moment = time === undefined ? undefined : new Date(time);
  return { time: moment, level: parsed, source, text: plainText(source, text) };
}

/**
 * Decodes a plugin's message. One that held a `\u` escape (Python's json.dumps writes those) is
 * logged as it came, with all its escapes (lightningd/plugin.c plugin_log_handle): line ends are
 * `\n` there. Releases before v25.05 log every message that way (37d0e5170): recognized by its
 * quotes, or as a traceback in one line.
 */
function plainText(source: string, text: string): string {
  const isEscaped =
    /\\u[0-9a-fA-F]{4}/.test(text) ||
    /^Traceback .*:\\n/.test(text) ||
    (text.includes('\\"') && !/(^|[^\\])"/.test(text));
  if (!source.startsWith("plugin-") || !isEscaped) return text;
  return stringOf(parseJson(`"${text}"`)) ?? text;
}

/** An entry of `getlog`, with its place in the log. */
interface RingEntry {
  /** Nanoseconds since the node's log began: increases from entry to entry. */
  readonly cursor: bigint;
  readonly line: NodeLogLine;
}

export interface Ring {
  /** A different value than before means that the node was restarted. */
  readonly createdAt: string;
  readonly entries: readonly RingEntry[];
}

/** The result of `getlog`; undefined if it is not one. Leaves out skipped and io entries. */
export function parseRing(result: unknown): Ring | undefined {
  if (!isObject(result) || !Array.isArray(result.log)) return undefined;
  const createdAt = stringOf(result.created_at) ?? "";
  const began = Number(createdAt) * 1000;
  const entries = result.log.flatMap((entry: unknown) => {
    if (!isObject(entry)) return [];
    const cursor = nanoseconds(stringOf(entry.time) ?? "");
    const level = parseLogLevel(stringOf(entry.type) ?? "");
    const source = stringOf(entry.source);
    const text = stringOf(entry.log);
    if (cursor === undefined || !level || source === undefined || text === undefined) return [];
    const time = Number.isFinite(began) ? new Date(began + Number(cursor / 1_000_000n)) : undefined;
    return [{ cursor, line: { time, level, source, text: plainText(source, text) } }];
  });
  return { createdAt, entries };
}

function nanoseconds(seconds: string): bigint | undefined {
  const match = /^(\d+)(?:\.(\d{1,9}))?$/.exec(seconds);
  if (match === null) return undefined;
  return BigInt(match[1] ?? "0") * 1_000_000_000n + BigInt((match[2] ?? "").padEnd(9, "0"));
}

/**
 * Joins a message that lightningd has split at its line ends: lines that follow at once from the
 * same source and are indented, or end an indented block, belong to the line before.
 */
export function joinMessages(lines: readonly NodeLogLine[]): NodeLogLine[] {
  const joined: NodeLogLine[] = [];
  for (const [index, line] of lines.entries()) {
    const last = joined.at(-1);
    const before = lines[index - 1];
    if (last !== undefined && before !== undefined && continues(before, line)) {
      joined[joined.length - 1] = { ...last, text: `${last.text}\n${line.text}` };
    } else {
      joined.push(line);
    }
  }
  return joined;
}

/**
 * The lines of one message are written one after the other, each with its own time: on a busy
 * machine up to this far apart, in ms.
 */
const SAME_MOMENT_MS = 100;

function continues(line: NodeLogLine, next: NodeLogLine): boolean {
  if (line.source !== next.source || line.level !== next.level) return false;
  const apart = (next.time?.getTime() ?? 0) - (line.time?.getTime() ?? 0);
  if (apart < 0 || apart > SAME_MOMENT_MS) return false;
  const inBlock = /^\s/.test(next.text) || next.text === "";
  return inBlock || /^\s/.test(line.text);
}
