import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { findJsonError } from "../../../src/settings/project/json-error.js";

describe("findJsonError", () => {
  it.each([
    ["", 1, 1, "empty"],
    ["{\n  'a': 1\n}", 2, 3, 'between "'],
    ['{\n  "a": 1,\n}', 2, 9, "comma before the }"],
    ["[1,\n 2,\n]", 2, 3, "comma before the ]"],
    ['{\n  "a": 1\n  "b": 2\n}', 3, 3, "a comma or a } is missing"],
    ['{"a" 1}', 1, 6, "a : is missing"],
    ['{\r\n  // note\r\n  "a": 1\r\n}', 2, 3, "no comments"],
    ['{"a": tru}', 1, 7, "a value is missing"],
    ['{"a": "b\n"}', 1, 7, "does not end"],
    ['{"a": "\\x"}', 1, 7, "JSON does not allow"],
    ['{"a": [1, 2}', 1, 12, "a ] is missing"],
    ['{"a": [1, 2]', 1, 13, "a } is missing"],
    ["{} x", 1, 4, '"x" comes after the end'],
    ["{a: 1}", 1, 2, 'a key in " is missing'],
    ["[01]", 1, 3, "missing"],
    ["[1, , 2]", 1, 5, "a value is missing"],
    ["[,]", 1, 2, "a value is missing"],
    ['{"a":}', 1, 6, "a value is missing"],
  ])("%j", (text, line, column, why) => {
    expect(findJsonError(text)).toEqual({ line, column, why: expect.stringContaining(why) });
  });

  it("agrees with JSON.parse on what is JSON", () => {
    const nearlyJson = fc
      .tuple(fc.json(), fc.nat(), fc.constantFrom("", ",", "}", "]", '"', ":", "1", "\n", "-", "e"))
      .map(([json, at, bit]) => {
        const cut = at % (json.length + 1);
        return json.slice(0, cut) + bit + json.slice(cut + (at % 2));
      });
    fc.assert(
      fc.property(fc.oneof(fc.json(), nearlyJson, fc.string()), (text) => {
        expect(findJsonError(text) === undefined).toBe(isJson(text));
      }),
      { numRuns: 2000 },
    );
  });
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
