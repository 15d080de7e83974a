/** Keeps the values of secret options out of every event. */
import type { Finding, WatchEvent } from "./watch-events.js";

type Hide = (text: string) => string;

/** The same event with every secret hidden. Names and paths stay: programs go by them. */
export function redactEvent<T extends WatchEvent>(event: T, hide: Hide): T {
  const hidden = (text: string | undefined) => (text === undefined ? undefined : hide(text));
  const all = (texts: readonly string[]) => texts.map(hide);
  const found = (findings: readonly Finding[]) =>
    findings.map((finding) => ({ ...finding, text: hide(finding.text) }));
  return {
    ...event,
    ...("message" in event ? { message: hidden(event.message) } : {}),
    ...("reason" in event ? { reason: hidden(event.reason) } : {}),
    ...("fix" in event ? { fix: hidden(event.fix) } : {}),
    ...("findings" in event && event.findings ? { findings: found(event.findings) } : {}),
    ...("log" in event ? { log: all(event.log) } : {}),
    ...("output" in event ? { command: hide(event.command), output: hide(event.output) } : {}),
    ...("text" in event ? { text: hide(event.text) } : {}),
    ...("payload" in event ? { payload: hide(event.payload) } : {}),
    ...("call" in event ? { call: hide(event.call) } : {}),
    ...("result" in event ? { result: hide(event.result), before: hidden(event.before) } : {}),
  };
}
