/** The table of claims with which a bench or a soak ends. */
import { expect, it } from "vitest";
import { claimsTable, leftOut, resultOf } from "./report.js";

it("shows what was left out, and why: neither as passed nor as failed", () => {
  const claims = [
    { claim: "it holds", ok: true, found: "3 ms" },
    { claim: "it does not", ok: false, found: "9 s" },
    leftOut("nobody knows", "no right to try"),
  ];
  expect(claims.map(resultOf)).toEqual(["pass", "fail", "left out"]);
  expect(claimsTable(claims).split("\n")).toEqual([
    "pass      it holds      3 ms",
    "FAIL      it does not   9 s",
    "left out  nobody knows  no right to try",
  ]);
});
