/**
 * Parses lightningd's log, from its log file and from `getlog` (lightningd/log.c). Used to follow
 * the log and to quote from it.
 */
import { isObject, parseJson, stringOf } from "../../jsonrpc/json.js";
import { type LogLevel, parseLogLevel } from "../../plugin/log-level.js";

export interface NodeLogLine {
  /** The time it was logged; undefined if the node runs with `log-timestamps=false`. */
  readonly time: Date | undefined;
  readonly level: LogLevel;
  /** What logged it: `lightningd`, `plugin-hello.py`, `<node id>-connectd`, ... */
  readonly source: string;
  /** The message: several lines if a plugin logged several at once. */
  readonly text: string;
}

/** Returns the source of a plugin's own lines. */
export function sourceOfPlugin(basename: string): string {
  return `plugin-${basename}`;
}

const LINE =
  /^.*?(?:(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z) )?(TRACE|DEBUG|INFO|UNUSUAL|\*\*BROKEN\*\*) {1,4}(\S.*?): (.*)$/;

/**
 * Parses one line of lightningd's log file.
 * @returns undefined if it is not a log line: blank lines between two runs, io lines
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
 * Decodes a plugin's message. lightningd logs a message with a `\u` escape (Python's json.dumps
 * writes those) as it arrived, with all its escapes (lightningd/plugin.c plugin_log_handle), so
 * line ends are `\n`. Releases before v25.05 log every message that way (37d0e5170); escaped quotes
 * or a traceback in one line give it away.
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
  /** Nanoseconds since the node's log began; increases from entry to entry. */
  readonly cursor: bigint;
  readonly line: NodeLogLine;
}

export interface Ring {
  /** Changes when the node restarts. */
  readonly createdAt: string;
  readonly entries: readonly RingEntry[];
}

/**
 * Parses the result of `getlog`. Leaves out skipped and io entries.
 * @returns undefined if it is not a result of `getlog`
 */
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
 * Joins messages that lightningd split into lines. A line belongs to the one before if it follows
 * at once, has the same source and level, and is indented or blank, or ends an indented block.
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
 * How far apart two lines of one message can be, in ms: each has its own time, and a busy machine
 * spreads them out.
 */
const SAME_MOMENT_MS = 100;

function continues(line: NodeLogLine, next: NodeLogLine): boolean {
  if (line.source !== next.source || line.level !== next.level) return false;
  const apart = (next.time?.getTime() ?? 0) - (line.time?.getTime() ?? 0);
  if (apart < 0 || apart > SAME_MOMENT_MS) return false;
  const inBlock = /^\s/.test(next.text) || next.text === "";
  return inBlock || /^\s/.test(line.text);
}
