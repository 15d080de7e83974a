/** Removes the values of secret options from every event. */
import { isObject } from "../jsonrpc/json.js";
import type { WatchEvent } from "./watch-events.js";

type Redact = (text: string) => string;

const HIDDEN: ReadonlySet<string> = new Set([
  ...["message", "reason", "fix", "findings", "log", "command", "output", "text"],
  ...["payload", "call", "result", "before"],
]);

/** Hides every secret in an event. Names and paths stay, since programs rely on them. */
export function redactEvent<T extends WatchEvent>(event: T, redact: Redact): T {
  const members = Object.entries(event).map(([name, value]) => [
    name,
    HIDDEN.has(name) ? redacted(value, redact) : value,
  ]);
  return { ...event, ...Object.fromEntries(members) };
}

function redacted(value: unknown, redact: Redact): unknown {
  if (typeof value === "string") return redact(value);
  if (!Array.isArray(value)) return value;
  return value.map((one) =>
    isObject(one) ? { ...one, text: redact(String(one.text)) } : redact(one),
  );
}
