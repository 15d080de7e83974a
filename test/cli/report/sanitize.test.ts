/** Text from elsewhere cannot steer the terminal; JSON is shown as lightning-cli shows it. */
import { describe, expect, it } from "vitest";
import { indentJson } from "../../../src/cli/report/json/indent-json.js";
import { sanitize } from "../../../src/cli/report/sanitize.js";
import { styleOf } from "../../../src/cli/report/style.js";

describe("sanitize", () => {
  it.each([
    ["\u001b[2J\u001b]0;title\u0007", "\\x1b[2J\\x1b]0;title\\x07"],
    ["a\rb\nc\td\be\u007f", "a\\rb\\nc\td\\x08e\\x7f"],
    ["\u009b31m", "\\x9b31m"],
    ["abc\u202edef\u2066", "abc\\u202edef\\u2066"],
    ["a\u200bb\ufeff\u061c\u2028\u3164", "a\\u200bb\\ufeff\\u061c\\u2028\\u3164"],
    ["\u{e0041}\ud800", "\\u{e0041}\\ud800"],
    ["grün → 😀 ❤️", "grün → 😀 ❤️"],
  ])("%j", (text, shown) => {
    expect(sanitize(text)).toBe(shown);
  });

  it("keeps newlines only where asked", () => {
    expect(sanitize("a\nb\u001b", { newlines: true })).toBe("a\nb\\x1b");
  });
});

describe("indentJson", () => {
  it("indents by three, and leaves every token as it is", () => {
    const json = '{"a":[1.10,{"b":[]},{}],"n":12345678901234567890,"s":"x,\\"}{","e":1e400}';
    expect(indentJson(json)).toBe(
      '{\n   "a": [\n      1.10,\n      {\n         "b": []\n      },\n      {}\n   ],\n   "n": 12345678901234567890,\n   "s": "x,\\"}{",\n   "e": 1e400\n}',
    );
  });

  it.each(["1", "null", '"text"', "[]", "{}", "true"])("leaves %s", (json) => {
    expect(indentJson(json)).toBe(json);
  });
});

describe("styleOf", () => {
  const wishes = { color: true, json: false };
  const tty = { isTTY: true };

  it.each([
    ["a terminal", tty, wishes, {}, true, true],
    ["a pipe", {}, wishes, {}, false, false],
    ["NO_COLOR", tty, wishes, { NO_COLOR: "1" }, true, false],
    ["an empty NO_COLOR", tty, wishes, { NO_COLOR: "" }, true, true],
    ["--no-color", tty, { ...wishes, color: false }, {}, true, false],
    ["CI", tty, wishes, { CI: "true" }, false, false],
    ["CI=false", tty, wishes, { CI: "false" }, true, true],
    ["--json", tty, { ...wishes, json: true }, {}, false, false],
    ["a dumb terminal", tty, wishes, { TERM: "dumb" }, false, false],
  ] as const)("%s", (_, stream, wanted, env, live, colored) => {
    const style = styleOf(stream, wanted, env);
    expect({ live: style.live, colored: style.paint.isColorSupported }).toEqual({ live, colored });
  });
});
