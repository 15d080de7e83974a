/** What the events of a watch are made of. */
import { describe, expect, it } from "vitest";
import { redactEvent } from "../../src/events/redact.js";
import { type Change, merge } from "../../src/events/reload-target.js";
import { redactor } from "../../src/plugin/secret-options.js";

describe("two changes that become one", () => {
  const change = (cause: Change["cause"], files: readonly string[], at: number): Change => ({
    cause,
    files,
    at,
  });

  it.each([
    ["file", "key", "file"],
    ["key", "file", "file"],
    ["start", "key", "key"],
    ["file", "node", "file"],
  ] as const)("%s and %s are told as %s", (first, second, cause) => {
    expect(merge(change(first, [], 1), change(second, [], 2)).cause).toBe(cause);
  });

  it("have the files of both, each once, and the time of the first", () => {
    const merged = merge(change("file", ["a", "b"], 5), change("file", ["b", "c"], 7));
    expect(merged).toMatchObject({ files: ["a", "b", "c"], at: 5 });
  });
});

it("a call with a secret in it is redacted, its result and its log, too", () => {
  const target = { plugin: "p.py", path: "/p.py", node: "/n" };
  const redact = redactor([{ name: "api-key", value: "geheim-12" }]);
  const event = {
    event: "called",
    ...target,
    call: "auth geheim-12",
    ok: true,
    result: '"geheim-12"',
    before: undefined,
    log: ["got geheim-12"],
  } as const;
  expect(JSON.stringify(redactEvent(event, redact))).not.toContain("geheim");
  expect(redactEvent({ event: "calling", ...target, call: "auth geheim-12" }, redact).call).toBe(
    "auth ***",
  );
});
