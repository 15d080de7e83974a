/** Which files belong to a plugin. */
import { mkdirSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { IgnoreRules } from "../../../src/plugin/file/ignore-rules.js";
import { sourceFilesOf } from "../../../src/plugin/file/source-files.js";
import { tempFolder, writeFiles } from "../../settings/temp-folder.js";

const settings = { watch: [], only: [], ignore: [] };

function counting(folder: string, plugin: string, more: object = {}) {
  const { trees, files } = sourceFilesOf({ path: join(folder, plugin), ...settings, ...more });
  return (name: string) => {
    const path = join(folder, name);
    return files.has(path) || trees.some((tree) => tree.includes(path));
  };
}

describe("the language of a plugin without an extension", () => {
  it.each([
    ["#!/usr/bin/env -S uv run --script", "helper.py"],
    ["#!/usr/bin/env -S poetry run python", "helper.py"],
    ["#!/usr/bin/env pypy3", "helper.py"],
    ["#!/opt/venv/bin/python3.12", "helper.py"],
    ["#!/usr/bin/env -S deno run --allow-all", "helper.ts"],
    ["#!/usr/bin/env bun", "helper.ts"],
    ["#!/usr/bin/perl -w", "helper.pm"],
    ["#!/usr/bin/env ruby", "helper.rb"],
    ["#!/usr/bin/env php", "helper.php"],
    ["#!/usr/bin/env luajit", "helper.lua"],
  ])("%s", (line, helper) => {
    const folder = tempFolder();
    writeFiles(folder, { plugin: `${line}\n` });
    const counts = counting(folder, "plugin");
    expect([counts("plugin"), counts(helper), counts("notes.txt")]).toEqual([true, true, false]);
  });
});

describe("a shell script that starts something else", () => {
  it.each([
    ["exec python3 main.py", "main.py"],
    ['exec "$(dirname "$0")/.venv/bin/python" "$(dirname "$0")/main.py"', "main.py"],
    ["exec uv run main.py", "helper.py"],
    ["node dist/index.js", "lib/helper.js"],
  ])("%s", (command, name) => {
    const folder = tempFolder();
    writeFiles(folder, { "plugin.sh": `#!/bin/sh\n# perl is not meant\n${command}\n` });
    const counts = counting(folder, "plugin.sh");
    expect([counts(name), counts("other.sh"), counts("other.pl")]).toEqual([true, true, false]);
  });

  it("in another folder", () => {
    const folder = tempFolder();
    const script = '#!/bin/sh\nDIR=$(dirname "$0")\nexec python3 "$DIR/../src/main.py"\n';
    writeFiles(folder, { "bin/plugin.sh": script, "src/main.py": "" });
    const counts = counting(folder, "bin/plugin.sh");
    expect([counts("src/main.py"), counts("src/helper.py"), counts("docs/x.py")]).toEqual([
      true,
      true,
      false,
    ]);
  });
});

describe("what is left out", () => {
  it("are tests, unless they are named", () => {
    const folder = tempFolder();
    writeFiles(folder, { "p.py": "", "tests/test_p.py": "" });
    const names = ["helper.py", "test_p.py", "p_test.py", "conftest.py", "tests/helper.py"];
    expect(names.map(counting(folder, "p.py"))).toEqual([true, false, false, false, false]);
    const named = counting(folder, "p.py", { watch: [join(folder, "tests")] });
    expect([named("tests/test_p.py"), named("test_p.py")]).toEqual([true, false]);
    expect(["a.js", "a.test.js", "a.spec.ts"].map(counting(folder, "p.js"))).toEqual([
      true,
      false,
      false,
    ]);
  });

  it("is everything that is not named by --only", () => {
    const folder = tempFolder();
    writeFiles(folder, { "p.py": "", "conf/x.yml": "", "data.txt": "" });
    const only = [join(folder, "conf"), join(folder, "data.txt")];
    const counts = counting(folder, "p.py", { only });
    const names = ["p.py", "helper.py", "conf/x.yml", "data.txt"];
    expect(names.map(counts)).toEqual([true, false, true, true]);
    const watched = counting(folder, "p.py", { watch: only });
    expect(names.map(watched)).toEqual([true, true, true, true]);
  });
});

describe(".gitignore", () => {
  const rulesOf = (root: string) => new IgnoreRules(root, []);

  it("the one nearest to a file decides", () => {
    const folder = tempFolder();
    writeFiles(folder, { ".gitignore": "*.py\n", "a/.gitignore": "!keep.py\n" });
    mkdirSync(join(folder, ".git"));
    const rules = rulesOf(join(folder, "a"));
    const hiddenBy = (name: string) => rules.hiddenBy(join(folder, "a", name), false);
    expect(hiddenBy("keep.py")).toBeUndefined();
    expect(hiddenBy("other.py")).toBe(join(folder, ".gitignore"));
  });

  it("above does not count where it ignores the plugin's folder itself", () => {
    const home = tempFolder();
    writeFiles(home, { ".gitignore": "*\n", "my/plugin/p.py": "" });
    mkdirSync(join(home, ".git"));
    const rules = rulesOf(join(home, "my/plugin"));
    expect(rules.ignores(join(home, "my/plugin/helper.py"), false)).toBe(false);
  });

  it("that cannot be read counts as absent, and is named", () => {
    const folder = tempFolder();
    mkdirSync(join(folder, ".gitignore"));
    const rules = rulesOf(folder);
    expect(rules.ignores(join(folder, "helper.py"), false)).toBe(false);
    expect([...rules.problems]).toEqual([
      [join(folder, ".gitignore"), "it is a folder, not a file"],
    ]);
  });
});

it("every name that leads to the plugin is its own", () => {
  const folder = tempFolder();
  writeFiles(folder, { "v1/p.py": "" });
  symlinkSync("v1", join(folder, "current"));
  const { names, real } = sourceFilesOf({ path: join(folder, "current/p.py"), ...settings });
  expect(real).toBe(join(folder, "v1/p.py"));
  expect(names).toEqual(new Set([join(folder, "current/p.py"), real, join(folder, "current")]));
  expect(dirname(real)).toBe(join(folder, "v1"));
});
