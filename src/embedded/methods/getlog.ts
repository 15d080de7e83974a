/** `getlog`: shows the log in memory, whatever the log file's level (lightningd/log.c). */
import { type LogEntry, MAX_LOG_BYTES, secondsText } from "../log/node-log.js";
import type { NodeContext } from "../node-context.js";
import type { JsonRecord } from "../rpc/json-text.js";
import { logLevel, readParams, withDefault } from "../rpc/params.js";
import type { BuiltinMethod } from "./builtin-method.js";

export function getlogMethod({ log }: NodeContext): BuiltinMethod {
  return {
    name: "getlog",
    usage: "[level]",
    run: (command) => {
      const { level } = readParams(command, { level: withDefault(logLevel, "info") });
      const note = "Suppressing logging of getlog command";
      log.io(command.origin.logSource, "out", note, Buffer.alloc(0));
      return {
        created_at: secondsText(log.createdAt),
        bytes_used: log.bytesUsed,
        bytes_max: MAX_LOG_BYTES,
        log: log.entries(level).map((entry) => shown(entry, log.createdAt)),
      };
    },
  };
}

function shown(
  { level, direction, time, source, text, data }: LogEntry,
  createdAt: number,
): JsonRecord {
  return {
    type: (level === "io" ? `IO_${direction}` : level).toUpperCase(),
    time: secondsText(time - createdAt),
    source,
    log: text,
    data: data === undefined || data.length === 0 ? undefined : data.toString("hex"),
  };
}
