/** Text of a plugin, a node or a file on the terminal: none of it steers the terminal. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sanitize } from "../../../src/cli/report/sanitize.js";

const any = fc.oneof(
  fc.string({ unit: "binary" }),
  fc
    .array(
      fc.constantFrom("\u001b[2J", "\u009b31m", "\r", "\b", "\u0007", "\u202e", "a", "é", "\n"),
    )
    .map((parts) => parts.join("")),
);
/** What steers a terminal, reorders a line, or is not seen. */
const STEERS =
  /(?![\ufe0e\ufe0f])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]/u;

describe("any text", () => {
  it("has nothing left that steers a terminal but tabs, and line ends where they are asked for", () => {
    fc.assert(
      fc.property(any, (text) => {
        expect(sanitize(text).replaceAll("\t", "")).not.toMatch(STEERS);
        const lines = sanitize(text, { newlines: true });
        expect(lines.replaceAll("\t", "").replaceAll("\n", "")).not.toMatch(STEERS);
        expect(lines.split("\n")).toHaveLength(text.split("\n").length);
      }),
    );
  });

  it("is left alone where nothing steers, and twice is as once", () => {
    fc.assert(
      fc.property(any, (text) => {
        const once = sanitize(text);
        expect(sanitize(once)).toBe(once);
        if (!STEERS.test(text)) expect(once).toBe(text);
      }),
    );
  });
});
