import { expect, test } from "vitest";
import { isVersionBetween } from "../../src/node/version.js";

test.each([
  ["v26.06.6", true],
  ["v26.06", true],
  ["v26.06rc2", true],
  ["v26.06.6-113-gabcdef", false],
  // Commits after a release's tag without a patch are master: newer than every patch of that release.
  ["v26.06-258-g090f4b0e6", false],
  ["v26.09rc1", false],
  ["v23.05.2", false],
  ["what is this", true],
])("%s lies between v23.08 and v26.06.6: %s", (version, expected) => {
  expect(isVersionBetween(version, "v23.08", "v26.06.6")).toBe(expected);
});
