/** Where a line that is wider than the terminal is broken, and where its rest begins. */
import { expect, it } from "vitest";
import { wrapLine } from "../../../src/cli/report/wrap.js";

it.each([
  [
    "12:00:00  ✓ one two three four five six",
    ["12:00:00  ✓ one two three four", "            five six"],
  ],
  ["✓ one   two three four five six seven", ["✓ one   two three four five six", "  seven"]],
  ["  files     one two three four five", ["  files     one two three four", "            five"]],
  ["    one two three four five six seven", ["    one two three four five six", "    seven"]],
  ["one two three four five six seven", ["one two three four five six", "seven"]],
  ["cln-dev: one two three four five six", ["cln-dev: one two three four five", "         six"]],
])("%s", (line, lines) => {
  expect(wrapLine(line, 32)).toEqual(lines);
  expect(wrapLine(line, undefined)).toEqual([line]);
});
