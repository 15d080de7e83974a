/** What is said of an error that nobody foresaw: its own words, and the next step if one is known. */
import { expect, it } from "vitest";
import { failureJson, failureLines } from "../../../src/cli/report/failure.js";
import { styleOf } from "../../../src/cli/report/style.js";

const { paint } = styleOf({ isTTY: false }, { color: true, json: false });

it.each([
  ["EMFILE", ["  Raise the limit of open files: ulimit -n 4096"]],
  ["ENOSPC", ["  Free some space on that disk"]],
  ["EIO", []],
])("%s", (code, next) => {
  const error = Object.assign(new Error(`${code}: words of the system`), { code });
  expect(failureLines(error, paint)).toEqual([`cln-dev: ${code}: words of the system`, ...next]);
  expect(failureJson(error)).toEqual({
    kind: "unexpected",
    message: error.message,
    fix: next[0]?.trim(),
  });
});
