/** The framer against any stream: objects come out whole, wherever the chunks fall. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Frame, Framer } from "../../src/jsonrpc/framing.js";

const object = fc.dictionary(fc.string({ unit: "binary" }), fc.jsonValue({ stringUnit: "binary" }));
const space = fc.stringMatching(/^[ \t\r\n]{0,4}$/);
const written = fc
  .tuple(object, fc.nat({ max: 3 }))
  .map(([value, indent]) => JSON.stringify(value, undefined, indent));
/** What a plugin prints by mistake: it ends with its line. */
const stray = fc
  .string({ unit: "grapheme", minLength: 1 })
  .filter((text) => !/[{\n\r]/.test(text) && text.trim() !== "");

/** Cuts bytes at the given places, which may be anywhere, in a character too. */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const at = places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b);
  return [0, ...at].map((from, index) => bytes.subarray(from, at[index] ?? bytes.length));
}

function framesOf(chunks: readonly Buffer[]): Frame[] {
  const framer = new Framer();
  return chunks.flatMap((chunk) => framer.push(chunk));
}

describe("a stream of objects", () => {
  it("gives each of them, however it is split and spaced", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(space, written)),
        fc.array(fc.nat(), { maxLength: 20 }),
        (texts, places) => {
          const bytes = Buffer.from(texts.map(([before, text]) => before + text).join(""));
          const frames = framesOf(cut(bytes, places));
          const expected = texts.map(([, text]) => ({ kind: "object", text }));
          expect(frames.map(({ kind, bytes: held }) => ({ kind, text: String(held) }))).toEqual(
            expected,
          );
        },
      ),
    );
  });

  it("gives the lines between them as text", () => {
    const piece = fc.oneof(
      written.map((text) => ({ kind: "object", text })),
      stray.map((text) => ({ kind: "text", text: text.trimStart() })),
    );
    fc.assert(
      fc.property(fc.array(piece), fc.array(fc.nat()), (pieces, places) => {
        const bytes = Buffer.from(pieces.map(({ text }) => `${text}\n`).join(""));
        const frames = framesOf(cut(bytes, places));
        expect(frames.map(({ kind, bytes: held }) => ({ kind, text: String(held) }))).toEqual(
          pieces,
        );
      }),
    );
  });
});

describe("any bytes at all", () => {
  const anything = fc.uint8Array({ maxLength: 2_000 }).map((bytes) => Buffer.from(bytes));
  const jsonish = fc
    .array(fc.constantFrom("{", "}", "[", "]", '"', "\\", "\n", "a", " "), { maxLength: 300 })
    .map((parts) => Buffer.from(parts.join("")));

  it("come out the same whether in one piece or byte by byte", () => {
    fc.assert(
      fc.property(fc.oneof(anything, jsonish), (bytes) => {
        const whole = framesOf([bytes]);
        const single = framesOf([...bytes].map((byte) => Buffer.from([byte])));
        const contents = (frames: readonly Frame[]) =>
          frames.map((frame) => [frame.kind, frame.bytes.toString("latin1")]);
        expect(contents(single)).toEqual(contents(whole));
      }),
    );
  });

  it("are lost nowhere but for white space between frames", () => {
    fc.assert(
      fc.property(fc.oneof(anything, jsonish), (bytes) => {
        const framer = new Framer();
        const frames = framer.push(bytes).map((frame) => frame.bytes);
        const rest = framer.flush() ?? Buffer.alloc(0);
        const kept = Buffer.concat([...frames, rest]).toString("latin1");
        const strip = (text: string) => text.replace(/[ \t\r\n]/g, "");
        expect(strip(kept)).toBe(strip(bytes.toString("latin1")));
      }),
    );
  });

  it("are never gathered beyond the limit", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100 }), (limit) => {
        const framer = new Framer(limit);
        const push = () => framer.push(Buffer.from(`{"a":"${"x".repeat(limit)}`));
        expect(push).toThrow("a message of more than");
      }),
    );
  });
});
