/** Members and elements as their own text: any valid JSON, however it is spaced. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { elementsOf, membersOf } from "../../src/jsonrpc/members.js";

const space = fc.stringMatching(/^[ \t\r\n]{0,3}$/);
const text = fc
  .tuple(fc.jsonValue({ stringUnit: "binary" }), fc.nat({ max: 2 }))
  .map(([value, indent]) => JSON.stringify(value, undefined, indent));

it("gives every member in order, repeated keys too, with the text of its value", () => {
  const member = fc.tuple(fc.string({ unit: "binary" }), text, space, space);
  fc.assert(
    fc.property(fc.array(member), (members) => {
      const inside = members.map(
        ([key, raw, before, after]) => `${before}${JSON.stringify(key)}${after}:${before}${raw}`,
      );
      const json = `{${inside.join(",")} }`;
      const found = membersOf(json);
      expect(found?.map(({ key, raw }) => [key, raw])).toEqual(
        members.map(([key, raw]) => [key, raw]),
      );
      for (const { raw, at } of found ?? []) expect(json.slice(at, at + raw.length)).toBe(raw);
    }),
  );
});

it("gives every element of an array as its text", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(text, space)), (elements) => {
      const json = `[${elements.map(([raw, after]) => `${after}${raw}${after}`).join(",")}]`;
      expect(elementsOf(json)).toEqual(elements.map(([raw]) => raw));
    }),
  );
});

it("ends for any text at all", () => {
  const jsonish = fc.array(fc.constantFrom(...'{}[]":,\\ a1\n'), { maxLength: 200 });
  fc.assert(
    fc.property(jsonish, (parts) => {
      membersOf(parts.join(""));
      elementsOf(parts.join(""));
    }),
  );
});
