/** Tells plugins of the log's lines: `log` for what is printed, `warning` for what is unusual or worse. */

import { isAtLeast } from "../../plugin/log-level.js";
import { notificationMessage } from "../hooks/notifications.js";
import type { PluginHost } from "../plugins/plugin-host.js";
import type { JsonRecord } from "../rpc/json-text.js";
import type { LogEntry } from "./log-entry.js";

export function publishLine(host: PluginHost, entry: LogEntry, isPrinted: boolean): void {
  if (isPrinted) {
    host.notify("log", () => notificationMessage("log", payload(entry, entry.level)));
  }
  if (isAtLeast(entry.level, "unusual")) {
    const level = entry.level === "broken" ? "error" : "warn";
    host.notify("warning", () => notificationMessage("warning", payload(entry, level)));
  }
}

function payload(entry: LogEntry, level: string): JsonRecord {
  return {
    level,
    time: secondsText(entry.time),
    timestamp: new Date(entry.time / 1000).toISOString(),
    source: entry.source,
    log: entry.text,
  };
}

/** Seconds with nine digits after the point, as lightningd writes times. @param time microseconds */
export function secondsText(time: number): string {
  const seconds = Math.floor(time / 1_000_000);
  const rest = Math.round(time - seconds * 1_000_000);
  return `${seconds}.${String(rest).padStart(6, "0")}000`;
}
