/** Keeps the values of secret options out of every event. */
import type { Finding, WatchEvent } from "./watch-events.js";

type Redact = (text: string) => string;

/** The same event with every secret hidden. Names and paths stay: programs go by them. */
export function redactEvent<T extends WatchEvent>(event: T, redact: Redact): T {
  const hidden = (text: string | undefined) => (text === undefined ? undefined : redact(text));
  const all = (texts: readonly string[]) => texts.map(redact);
  const found = (findings: readonly Finding[]) =>
    findings.map((finding) => ({ ...finding, text: redact(finding.text) }));
  return {
    ...event,
    ...("message" in event ? { message: hidden(event.message) } : {}),
    ...("reason" in event ? { reason: hidden(event.reason) } : {}),
    ...("fix" in event ? { fix: hidden(event.fix) } : {}),
    ...("findings" in event && event.findings ? { findings: found(event.findings) } : {}),
    ...("log" in event ? { log: all(event.log) } : {}),
    ...("output" in event ? { command: redact(event.command), output: redact(event.output) } : {}),
    ...("text" in event ? { text: redact(event.text) } : {}),
    ...("payload" in event ? { payload: redact(event.payload) } : {}),
    ...("call" in event ? { call: redact(event.call) } : {}),
    ...("result" in event ? { result: redact(event.result), before: hidden(event.before) } : {}),
  };
}
