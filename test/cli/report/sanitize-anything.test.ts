/** Text of a plugin, a node or a file on the terminal: none of it steers the terminal. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { harmless } from "../../../src/cli/report/sanitize.js";

const any = fc.oneof(
  fc.string({ unit: "binary" }),
  fc
    .array(
      fc.constantFrom("\u001b[2J", "\u009b31m", "\r", "\b", "\u0007", "\u202e", "a", "é", "\n"),
    )
    .map((parts) => parts.join("")),
);
/** Category Cc, and what reorders the line. */
const STEERS = /[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;

describe("any text", () => {
  it("has nothing left that steers a terminal but tabs, and line ends where they are asked for", () => {
    fc.assert(
      fc.property(any, (text) => {
        expect(harmless(text).replaceAll("\t", "")).not.toMatch(STEERS);
        const lines = harmless(text, { newlines: true });
        expect(lines.replaceAll("\t", "").replaceAll("\n", "")).not.toMatch(STEERS);
        expect(lines.split("\n")).toHaveLength(text.split("\n").length);
      }),
    );
  });

  it("is as it was where it was harmless, and twice is as once", () => {
    fc.assert(
      fc.property(any, (text) => {
        const once = harmless(text);
        expect(harmless(once)).toBe(once);
        if (!STEERS.test(text)) expect(once).toBe(text);
      }),
    );
  });
});
