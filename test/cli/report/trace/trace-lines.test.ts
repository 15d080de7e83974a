/** A traced message as a line. */
import pc from "picocolors";
import { describe, expect, it } from "vitest";
import { traceLine } from "../../../../src/cli/report/trace/trace-lines.js";
import type { Traced } from "../../../../src/events/watch-events.js";

const event: Traced = {
  event: "trace",
  plugin: "a.py",
  path: "/p/a.py",
  node: "/n",
  at: "2026-01-02T03:04:05.678Z",
  direction: "to-plugin",
  kind: "request",
  method: "hello",
  hook: false,
  id: "cli:hello#1/cln:hello#7",
  payload: '{"name": "world", "n": 12, "ok": true}',
  bytes: 80,
  cut: false,
  ms: undefined,
  version: undefined,
};

describe("traceLine", () => {
  const plain = { paint: pc.createColors(false), width: undefined, plugin: undefined };
  const line = (fields: Partial<Traced>, style = {}) =>
    traceLine({ ...event, ...fields }, { ...plain, ...style }).replace(/^[\d:.]{12} {2}/, "");

  it.each<[string, Partial<Traced>, string]>([
    ["a request", {}, `→ hello #7 ${event.payload}`],
    [
      "an answer",
      { direction: "to-node", kind: "answer", ms: 3.14, payload: "{}" },
      "← hello #7 3.1 ms {}",
    ],
    ["a hook", { method: "rpc_command", hook: true }, `→ rpc_command hook #7 ${event.payload}`],
    ["a notification", { kind: "notification", id: undefined }, `→ hello ${event.payload}`],
    [
      "a request without an answer",
      { kind: "pending", ms: 1_500 },
      "… hello #7 no answer for 1.5 s",
    ],
    [
      "an answer to nothing",
      { method: undefined, kind: "answer", id: "x" },
      `→ (unknown) #x ${event.payload}`,
    ],
  ])("%s", (_, fields, expected) => expect(line(fields)).toBe(expected));

  it("is cut to the terminal", () => {
    expect(traceLine(event, { ...plain, width: 60 })).toHaveLength(59);
    expect(line({ cut: true, payload: '{"a":"b' })).toBe('→ hello #7 {"a":"b…');
  });

  it("colours JSON by what each part is", () => {
    const coloured = line({}, { paint: pc.createColors(true) });
    expect(coloured).toContain(`"name": ${pc.createColors(true).green('"world"')}`);
    expect(coloured).toContain(pc.createColors(true).magenta("12"));
  });
});
