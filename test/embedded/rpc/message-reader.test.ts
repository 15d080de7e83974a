/** Bytes are cut into messages by lightningd's rules, wherever the chunks fall. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MessageReader, type Reading } from "../../../src/embedded/rpc/message-reader.js";

function read(bytes: Buffer | string, chunkSizes: readonly number[] = []): Reading[] {
  const reader = new MessageReader(1024 * 1024);
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

const texts = (readings: readonly Reading[]) =>
  readings.map((reading) => {
    if (reading.kind === "message") return reading.message.raw;
    return reading.kind === "fault" ? reading.text : "NUL";
  });

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
          const messages = values.map((value) => JSON.stringify(value, null, indent));
          expect(texts(read(messages.join(between) + between, sizes))).toEqual(messages);
        },
      ),
      { numRuns: 300 },
    );
  });

  it.each([
    ["doubled commas", '{"jsonrpc":"2.0",,"a":[,1,,2,]}'],
    ["no commas in an array", '{"jsonrpc":"2.0","a":[1 2 "x" {}]}'],
    ["a raw newline in a string", '{"jsonrpc":"2.0","a":"x\ny\tz"}'],
    ["what only begins like a number", '{"jsonrpc":"2.0","a":1x,"b":nope,"c":-}'],
  ])("may hold %s, as lightningd takes it", (_, text) => {
    expect(texts(read(text))).toEqual([text]);
  });
});

describe("faults", () => {
  it.each([
    "{'jsonrpc':1}",
    '{"jsonrpc":True}',
    '{"jsonrpc" "2.0"}',
    '{"jsonrpc":"2.0" "a":1}',
    '{"jsonrpc":"\\x"}',
    '{"jsonrpc":"\\u12"}',
    '{"jsonrpc":[}',
    '{"jsonrpc":{]}',
    "}",
    "garbage }",
    '{"jsonrpc"}',
    '{"jsonrpc":}',
    '{"jsonrpc":1,2}',
  ])("such as %s quote all that has come", (text) => {
    expect(texts(read(`${text} and more`))).toEqual([
      `Failed to parse RPC JSON response '${text} and more'`,
    ]);
  });

  it.each(['{"a":1}', '[{"jsonrpc":"2.0"}]', '"text" {"jsonrpc":"2.0"}', '5 {"jsonrpc":"2.0"}'])(
    "such as %s are messages without the member",
    (text) => {
      expect(texts(read(text))).toEqual([
        `JSON-RPC message does not contain "jsonrpc" field: '${text}'`,
      ]);
    },
  );

  it("are not seen before a closing brace has come", () => {
    const reader = new MessageReader(1000);
    expect(reader.push(Buffer.from("hello\n"))).toEqual([]);
    expect(texts(reader.push(Buffer.from('{"jsonrpc":"2.0"}')))).toEqual([
      `Failed to parse RPC JSON response 'hello\n{"jsonrpc":"2.0"}'`,
    ]);
  });

  it("are not made of a NUL byte: it ends all reading", () => {
    const reader = new MessageReader(1000);
    expect(texts(reader.push(Buffer.from('{"jsonrpc":"2.0"} {"a\0"} }')))).toEqual([
      '{"jsonrpc":"2.0"}',
      "NUL",
    ]);
    expect(reader.push(Buffer.from("} }"))).toEqual([]);
  });

  it("take with them what came whole in the same chunk", () => {
    expect(texts(read('{"jsonrpc":"2.0"}\noops'))).toEqual([
      `Failed to parse RPC JSON response '{"jsonrpc":"2.0"}\noops'`,
    ]);
  });

  it("come of a message that grows too long", () => {
    const reader = new MessageReader(1000);
    const chunks = ['{"a":"', ...Array.from({ length: 10 }, () => "x".repeat(100))];
    const readings = chunks.map((chunk) => reader.push(Buffer.from(chunk)));
    expect(texts(readings.flat())).toEqual([
      expect.stringMatching(/^More than 1000 bytes without an end, beginning '\{"a":"xxx/),
    ]);
  });
});
