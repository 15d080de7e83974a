/** The log in memory keeps the newest lines, each as it was. */
import { expect, it } from "vitest";
import { MAX_LOG_BYTES, NodeLog } from "../../../src/embedded/log/node-log.js";

const quietLog = () =>
  new NodeLog("broken", { print: () => {}, publish: () => {}, flush: () => {} });

it("gives back what was put in, in order", () => {
  const log = quietLog();
  log.add("plugin-p.py", "info", "one");
  log.io("plugin-p.py", "in", "", Buffer.from([0, 255, 10]));
  log.add("lightningd", "broken", "b\u00e4d");
  expect(log.entries("io")).toMatchObject([
    { level: "info", source: "plugin-p.py", text: "one" },
    { level: "io", direction: "in", text: "", data: Buffer.from([0, 255, 10]) },
    { level: "broken", source: "lightningd", text: "b??d" },
  ]);
  expect(log.entries("info").map(({ text }) => text)).toEqual(["one", "b??d"]);
});

it("drops the oldest when it is full", () => {
  const log = quietLog();
  const count = 20_000;
  for (let index = 0; index < count; index++) {
    log.add("lightningd", "info", `${index} ${"x".repeat(index % 1000)}`);
  }
  const kept = log.entries("info").map(({ text }) => Number.parseInt(text, 10));
  const [first = 0] = kept;
  expect(log.bytesUsed).toBeLessThanOrEqual(MAX_LOG_BYTES);
  expect(log.bytesUsed).toBeGreaterThan(MAX_LOG_BYTES / 2);
  expect(first).toBeGreaterThan(0);
  expect(kept).toEqual(kept.map((_, index) => first + index));
  expect(kept.at(-1)).toBe(count - 1);
});

it("cuts what is very long", () => {
  const log = quietLog();
  log.add("lightningd", "info", "y".repeat(1_000_000));
  log.io("lightningd", "in", "", Buffer.alloc(1_000_000));
  const [text, io] = log.entries("io");
  expect(text?.text).toMatch(/^\[TRUNCATED message from 1000000 bytes\]: y+$/);
  expect(text?.text).toHaveLength(256 * 1024);
  expect(io?.data).toHaveLength(256 * 1024);
});
