import { describe, expect, it } from "vitest";
import { EntryFinder } from "../../../src/node/log/getlog-stream.js";

const entry = (source: string, more: object = {}) => ({
  type: "IO_IN",
  time: "1.000000001",
  source,
  log: 'with "source":"plugin-p.py" in its text',
  ...more,
});
const entries = [
  entry("lightningd"),
  entry("plugin-p.py", { data: "00".repeat(100_000) }),
  entry("jsonrpc#1", { data: "ff".repeat(200_000) }),
  entry("plugin-p.py"),
  entry("plugin-other.py"),
  entry("plugin-p.py", { log: "the last" }),
];
const answer = Buffer.from(
  `{"jsonrpc":"2.0","id":"x","result":{"bytes_used":1,"log":${JSON.stringify(entries)}}}\n\n`,
);
const wanted = entries.filter(({ source }) => source === "plugin-p.py");

describe("the entries that are wanted are found", () => {
  it.each([1, 7, 4096, 65_536])("in pieces of %i bytes", (size) => {
    // Every byte by itself is tried where the entries begin and end, not within their data.
    const text =
      size === 1 ? Buffer.from(answer.toString().replace(/(00|ff){50,}/g, "00")) : answer;
    const finder = new EntryFinder(['"source":"plugin-p.py"']);
    const found: unknown[] = [];
    for (let at = 0; at < text.length; at += size) {
      expect(finder.ended).toBe(false);
      const count = text.copy(finder.room(), 0, at, at + size);
      found.push(...finder.take(count));
    }
    expect(finder.ended).toBe(true);
    expect(found.map((one) => Reflect.get(Object(one), "log"))).toEqual(
      wanted.map(({ log }) => log),
    );
    if (size > 1) expect(found).toEqual(wanted);
  });

  it("also where the answer is an error, or has none", () => {
    for (const text of [
      '{"error":{"code":-32601,"message":"m"}}\n\n',
      '{"result":{"log":[]}}\n\n',
    ]) {
      const finder = new EntryFinder(['"source":"plugin-p.py"']);
      finder.room().write(text);
      expect(finder.take(text.length)).toEqual([]);
      expect(finder.ended).toBe(true);
    }
  });
});
