/** The log's ring keeps the newest 16 MiB, each entry as it was. */
import { expect, it } from "vitest";
import type { LogEntry } from "../../../src/embedded/log/log-entry.js";
import { LogRing, RING_BYTES } from "../../../src/embedded/log/log-ring.js";

function entry(parts: Partial<LogEntry>): LogEntry {
  return {
    level: "info",
    direction: undefined,
    time: 1_795_600_000_123_456,
    source: "plugin-p.py",
    text: "",
    data: undefined,
    ...parts,
  };
}

it("gives back what was put in, in order", () => {
  const ring = new LogRing();
  const entries = [
    entry({ text: "one" }),
    entry({ level: "broken", source: "lightningd", time: 1 }),
    entry({ level: "io", direction: "in", data: Buffer.from([0, 255, 10]) }),
    entry({ level: "io", direction: "out", text: '"id"', data: Buffer.alloc(0) }),
  ];
  for (const each of entries) ring.push(each);
  expect([...ring]).toEqual(entries);
  expect(ring.bytesUsed).toBe(4 * 56 + "one".length + 3 + '"id"'.length);
});

it("drops the oldest when it is full", () => {
  const ring = new LogRing();
  const count = 40_000;
  for (let index = 0; index < count; index++) {
    ring.push(entry({ text: `${index} ${"x".repeat(index % 1000)}` }));
  }
  const kept = [...ring].map(({ text }) => Number.parseInt(text, 10));
  expect(ring.bytesUsed).toBeLessThanOrEqual(RING_BYTES);
  expect(ring.bytesUsed).toBeGreaterThan(RING_BYTES - 2000);
  expect(kept[0]).toBeGreaterThan(0);
  expect(kept).toEqual(kept.map((_, index) => (kept[0] ?? 0) + index));
  expect(kept.at(-1)).toBe(count - 1);
});

it("drops whole pieces of its memory that entries fill to the last byte", () => {
  const ring = new LogRing();
  // With the head of 24 bytes and the source each takes 1 KiB: 1,024 of them fill a piece.
  const text = (index: number) => String(index).padEnd(999, "x");
  for (let index = 0; index < 20_000; index++) ring.push(entry({ source: "s", text: text(index) }));
  const kept = [...ring].map((each) => each.text);
  expect(kept).toEqual(kept.map((_, index) => text(20_000 - kept.length + index)));
  expect(kept.length).toBeGreaterThan(15_000);
});

it("cuts what is very long", () => {
  const ring = new LogRing();
  ring.push(entry({ text: "y".repeat(1_000_000) }));
  ring.push(entry({ level: "io", direction: "in", data: Buffer.alloc(1_000_000) }));
  const [text, io] = [...ring];
  expect(text?.text).toMatch(/^\[TRUNCATED message from 1000000 bytes\]: y+$/);
  expect(io?.data).toHaveLength(256 * 1024);
});
