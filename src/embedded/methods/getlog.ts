/** `getlog`: what the ring of the log holds, whatever the log file's level is (lightningd/log.c). */
import { RawJson } from "../../jsonrpc/json.js";
import type { LogLevel } from "../../plugin/log-level.js";
import type { LogEntry } from "../log/log-entry.js";
import { secondsText } from "../log/log-notifications.js";
import { RING_BYTES } from "../log/log-ring.js";
import type { NodeContext } from "../node-context.js";
import type { JsonRecord } from "../rpc/json-text.js";
import { logLevel, readParams, withDefault } from "../rpc/params.js";
import type { BuiltinMethod } from "./builtin-method.js";

export function getlogMethod(node: NodeContext): BuiltinMethod {
  return {
    name: "getlog",
    usage: "[level]",
    run: (command) => {
      const { level } = readParams(command, { level: withDefault(logLevel, "info") });
      const { log } = node;
      if (command.origin !== undefined) {
        const note = "Suppressing logging of getlog command";
        log.io(command.origin.logSource, "out", note, Buffer.alloc(0));
      }
      return {
        created_at: secondsText(log.createdAt),
        bytes_used: log.bytesUsed,
        bytes_max: RING_BYTES,
        log: Array.from(log.entries(level), (entry) => shown(entry, log.createdAt)),
      };
    },
  };
}

const TYPES: Readonly<Record<Exclude<LogLevel, "io">, string>> = {
  trace: "TRACE",
  debug: "DEBUG",
  info: "INFO",
  unusual: "UNUSUAL",
  broken: "BROKEN",
};

function shown(entry: LogEntry, createdAt: number): JsonRecord {
  const { level, source, text, data } = entry;
  return {
    type: level === "io" ? `IO_${entry.direction?.toUpperCase()}` : TYPES[level],
    time: secondsText(entry.time - createdAt),
    source,
    log: text,
    data:
      data === undefined || data.length === 0
        ? undefined
        : new RawJson(`"${data.toString("hex")}"`),
  };
}
