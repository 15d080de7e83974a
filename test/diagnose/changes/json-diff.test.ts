import pc from "picocolors";
import { describe, expect, test } from "vitest";
import { renderJson } from "../../../src/cli/report/json/render-json.js";
import { diffJson } from "../../../src/diagnose/changes/json-diff.js";

const plain = pc.createColors(false);

function show(before: unknown, after: unknown): string {
  return renderJson(JSON.stringify(before), JSON.stringify(after), plain).join("\n");
}

test("the first result: no marks, every number as it came", () => {
  const text = '{"a": 12345678901234567890, "b": [1.50, "x", null], "c": {}, "d": []}';
  expect(renderJson(undefined, text, plain)).toEqual([
    "{",
    '   "a": 12345678901234567890,',
    '   "b": [',
    "      1.50,",
    '      "x",',
    "      null",
    "   ],",
    '   "c": {},',
    '   "d": []',
    "}",
  ]);
});

describe("what differs is marked", () => {
  test("members: changed, new, gone", () => {
    expect(show({ a: 1, b: "x", old: true }, { a: 1, b: "y", fresh: [1] })).toBe(
      [
        "  {",
        '     "a": 1,',
        '~    "b": "y",   was "x"',
        '+    "fresh": [',
        "+       1",
        "+    ]",
        '-    "old": true',
        "  }",
      ].join("\n"),
    );
  });

  test("elements: one put in, one taken out, one changed", () => {
    const marks = (before: unknown, after: unknown) =>
      diffJson(JSON.stringify(before), JSON.stringify(after))
        .map(({ mark }) => mark[0])
        .join("");
    expect(marks([1, 2, 3], [1, 9, 2, 3])).toBe("ssnsss");
    expect(marks([1, 2, 3], [1, 3])).toBe("sssgs");
    expect(marks([1, 2, 3], [1, 7, 3])).toBe("sscss");
    expect(marks([], [1])).toBe("sns");
    expect(marks([1], [])).toBe("sgs");
    expect(marks([{ a: 1 }, { a: 2 }], [{ a: 1 }, { a: 3 }])).toBe("ssssscss");
  });

  test("a value of another kind", () => {
    expect(show({ a: [1] }, { a: "x" })).toBe('  {\n~    "a": "x"\n  }');
    expect(show("x", { a: 1 })).toBe('~ {\n~    "a": 1\n~ }');
  });

  test("spacing and the order of members are no difference", () => {
    const lines = diffJson('{ "a":1,\n "b": [ 1 ] }', '{"b":[1],"a":1}');
    expect(lines.every(({ mark }) => mark === "same")).toBe(true);
  });
});

test("long results are cut, and control characters harmless", () => {
  const lines = renderJson(
    undefined,
    JSON.stringify(Array.from({ length: 500 }, (_, i) => i)),
    plain,
  );
  expect(lines).toHaveLength(201);
  expect(lines.at(-1)).toBe("... 302 more lines");
  expect(renderJson(undefined, '{"a": "\u009b31m"}', plain).join("")).not.toMatch(/\u009b/);
});
