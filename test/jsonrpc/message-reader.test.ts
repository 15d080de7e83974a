/** Bytes are cut into messages by lightningd's rules, wherever the chunks fall. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MessageReader, type Reading } from "../../src/jsonrpc/message-reader.js";

function read(bytes: Buffer | string, chunkSizes: readonly number[] = []): Reading[] {
  const reader = new MessageReader({ maxBytes: 1024 * 1024, maxDepth: 500 });
  const all = Buffer.from(bytes);
  const readings: Reading[] = [];
  let from = 0;
  for (const size of [...chunkSizes, all.length]) {
    const chunk = all.subarray(from, from + size);
    if (chunk.length > 0) readings.push(...reader.push(chunk));
    from += size;
  }
  return readings;
}

const messages = (readings: readonly Reading[]) =>
  readings.flatMap((reading) => (reading.kind === "message" ? [reading.message.raw] : []));

const faults = (readings: readonly Reading[]) =>
  readings.flatMap((reading) => (reading.kind === "fault" ? [reading.nodeMessage] : []));

describe("messages", () => {
  it("of any shape come out whole, split anywhere", () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ jsonrpc: fc.constant("2.0"), value: fc.jsonValue() }), {
          minLength: 1,
          maxLength: 4,
        }),
        fc.array(fc.integer({ min: 1, max: 30 }), { maxLength: 20 }),
        fc.constantFrom("", "\n\n", " ", "\r\n"),
        fc.constantFrom(0, 2),
        (values, sizes, between, indent) => {
          const texts = values.map((value) => JSON.stringify(value, null, indent));
          const readings = read(texts.join(between) + between, sizes);
          expect(messages(readings)).toEqual(texts);
          expect(readings).toHaveLength(texts.length);
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe("faults", () => {
  it.each([
    "{'jsonrpc':1}",
    '{"jsonrpc":True}',
    '{"jsonrpc":"2.0" "a":1}',
    '{"jsonrpc":"\\x"}',
    '{"jsonrpc":[}}',
    '{"jsonrpc"}',
    "garbage }",
  ])("such as %s are quoted, and nothing is read behind them", (text) => {
    const readings = read(`${text}\n{"jsonrpc":"2.0"}`);
    expect(faults(readings)).toEqual([
      `Failed to parse RPC JSON response '${text}\n{"jsonrpc":"2.0"}'`,
    ]);
    expect(messages(readings)).toEqual([]);
  });

  it("are messages without the member", () => {
    expect(faults(read('{"a":1}'))).toEqual([
      `JSON-RPC message does not contain "jsonrpc" field: '{"a":1}'`,
    ]);
  });

  it("are not seen before a closing brace has come, and quote what came before", () => {
    const reader = new MessageReader({ maxBytes: 1000 });
    expect([...reader.push(Buffer.from("hello\n"))]).toEqual([{ kind: "stray", text: "hello" }]);
    expect(faults([...reader.push(Buffer.from('{"jsonrpc":"2.0"}'))])).toEqual([
      `Failed to parse RPC JSON response 'hello\n{"jsonrpc":"2.0"}'`,
    ]);
    expect([...reader.push(Buffer.from("and more\n"))]).toEqual([
      { kind: "stray", text: "and more" },
    ]);
  });

  it("are bytes that are not UTF-8", () => {
    const bytes = Buffer.concat([
      Buffer.from('{"jsonrpc":"'),
      Buffer.from([0xff]),
      Buffer.from('"}'),
    ]);
    expect(faults(read(bytes))).toHaveLength(1);
  });

  it("are messages that grow too long, or nest too deep", () => {
    const chunks = ['{"a":"', "x".repeat(2 * 1024 * 1024)];
    expect(faults(read(chunks.join("")))).toEqual(["a message of more than 1048576 bytes"]);
    expect(faults(read(`{"a":${"[".repeat(600)}`))).toEqual([
      "a message that is nested more than 500 levels deep",
    ]);
  });
});
