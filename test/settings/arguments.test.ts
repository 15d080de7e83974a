import { mkdirSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { splitArguments } from "../../src/settings/arguments.js";
import { failureOf, textOf } from "./failure-of.js";
import { tempFolder, writeFiles } from "./temp-folder.js";

const cwd = "/nowhere";

describe("splitArguments", () => {
  it("takes plugins, then options, then those of -o", () => {
    expect(splitArguments(["a.py", "b/c.js", "foo=1", "bar="], ["foo=2"], cwd)).toEqual({
      plugins: ["a.py", "b/c.js"],
      options: [
        { name: "foo", value: "1" },
        { name: "bar", value: "" },
        { name: "foo", value: "2" },
      ],
    });
  });

  it("keeps a value as text, whatever is in it", () => {
    const { options } = splitArguments(["a", "flag=true", "url=http://x/?a=b", "n=5"], [], cwd);
    expect(options.map((option) => option.value)).toEqual(["true", "http://x/?a=b", "5"]);
  });

  it("takes what has a = for a plugin when it is a path or the file is there", () => {
    const folder = tempFolder();
    writeFiles(folder, { "a=b.py": "" });
    mkdirSync(join(folder, "c=d"));
    const args = ["a=b.py", "c=d", "./x=y/p.py", "/x=y", "k=v"];
    expect(splitArguments(args, [], folder)).toEqual({
      plugins: ["a=b.py", "c=d", "./x=y/p.py", "/x=y"],
      options: [{ name: "k", value: "v" }],
    });
  });

  it.each([
    [["foo=1", "a.py"], [], ["foo=1", "before the plugin a.py", "a.py foo=1"]],
    [["=x", "a.py"], [], ["=x", "needs a name"]],
    [["a.py"], ["=x"], ["=x", "needs a name"]],
    [["a.py"], ["foo"], ["option foo has no value", "foo=value", "foo=true"]],
    [["a.py", "my.opt=1"], [], ["my.opt=1", "no such file", "letters"]],
    [["a.py", "plugin=x"], [], ["plugin=x", "parameter"]],
    [["a.py", "subcommand=x"], [], ["subcommand=x", "parameter"]],
    [["", "foo=1"], [], ["empty"]],
  ])("refuses %j %j", (args, flags, words) => {
    const failure = failureOf(() => splitArguments(args, flags, cwd));
    expect(failure.exitCode).toBe(2);
    for (const word of words) expect(textOf(failure)).toContain(word);
  });

  it("shows no secret in a refusal", () => {
    const failure = failureOf(() => splitArguments(["api-key=abc", "a.py"], [], cwd));
    expect(textOf(failure)).toContain("api-key=***");
    expect(textOf(failure)).not.toContain("abc");
  });

  it("gives back every name and value that goes in", () => {
    const name = fc
      .stringMatching(/^[A-Za-z0-9_-]{1,20}$/)
      .filter((text) => text !== "plugin" && text !== "subcommand");
    const option = fc.record({ name, value: fc.string({ unit: "binary" }) });
    fc.assert(
      fc.property(fc.array(option), fc.array(option), (trailing, flags) => {
        const written = (list: typeof trailing) => list.map((one) => `${one.name}=${one.value}`);
        expect(splitArguments(["p.py", ...written(trailing)], written(flags), cwd)).toEqual({
          plugins: ["p.py"],
          options: [...trailing, ...flags],
        });
      }),
    );
  });
});
