/** The values that `plugin start` is sent: what would harm the node is refused. */
import { describe, expect, it } from "vitest";
import { encodeStartOptions } from "../../../src/node/plugins/start-options.js";

describe("an int option", () => {
  const declared = new Map([["n", { type: "int", multi: false }]] as const);

  it.each(["+5", "0123", "0x10", "1.5", "", "five"])("does not take %j", (value) => {
    expect(() => encodeStartOptions([{ name: "n", value }], declared)).toThrow(
      /option n takes a whole number/,
    );
  });

  it.each(["0", "-1", "42"])("takes %j", (value) => {
    expect(encodeStartOptions([{ name: "n", value }], declared)).toEqual([
      { name: "n", raw: `"${value}"` },
    ]);
  });
});
