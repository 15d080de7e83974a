/** A user without a home: HOME is not set, and the user's number has no name (in a container). */
import { join } from "node:path";
import { expect, it, onTestFinished, vi } from "vitest";
import { homeFolder } from "../../../src/plugin/file/home-folder.js";
import { languageOfBinary } from "../../../src/plugin/file/language.js";
import { sourceFilesOf } from "../../../src/plugin/file/source-files.js";

const NAMELESS = 54_321;
const rootsOf = (path: string) =>
  sourceFilesOf({ path, watch: [], only: [], ignore: [] }).trees.map(({ root }) => root);

it.skipIf(process.getuid?.() !== 0)("has none, and a plugin's files are found all the same", () => {
  const { HOME } = process.env;
  delete process.env.HOME;
  process.seteuid?.(NAMELESS);
  onTestFinished(() => {
    process.seteuid?.(0);
    if (HOME !== undefined) process.env.HOME = HOME;
  });
  expect(homeFolder()).toBeUndefined();
  const path = join("/somewhere", "plugin.py");
  expect(rootsOf(path)).toEqual(["/somewhere"]);
  expect(languageOfBinary("/somewhere/plugin")).toBe("binary");
});

it("is the one that HOME names", () => {
  vi.stubEnv("HOME", "/home/of-mine");
  onTestFinished(() => void vi.unstubAllEnvs());
  expect(homeFolder()).toBe("/home/of-mine");
  expect(rootsOf("/home/of-mine/plugin.py")).toEqual([]);
});
