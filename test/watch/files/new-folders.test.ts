/** What is saved while a folder is read for the first time: nothing is lost before its watch stands. */
import { mkdirSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { FileSource } from "../../../src/watch/files/file-source.js";
import { language, writePlugin } from "../../support/plugin.js";
import { sandbox } from "../../support/sandbox.js";
import { until } from "../../support/until.js";

const { extension } = language;
const [FIRST, SECOND] = [`first${extension}`, `second${extension}`];

/** @param saves the second file is saved in the moment in which the first one is found */
async function watch(plugin: string, saves: readonly [string, string][], pollMs?: number) {
  const seen = new Set<string>();
  const source = await FileSource.open({
    plugin: { path: plugin, watch: [], only: [], ignore: [] },
    ...(pollMs === undefined ? {} : { pollMs }),
    onNotice: () => {},
    onChange: ({ files }) => {
      for (const [first, second] of saves) {
        if (files.includes(first) && !seen.has(first)) writeFileSync(second, language.module("1"));
      }
      for (const file of files) seen.add(file);
    },
  });
  onTestFinished(() => source.close());
  return seen;
}

it.each([
  ["watched", undefined],
  ["polled", 20],
])("a save in folders that have just come, one in the other, %s", async (_, pollMs) => {
  const { work, root } = sandbox();
  const folder = join(root, "unpacked");
  mkdirSync(join(folder, "deep/er"), { recursive: true });
  const pairs = ["", "deep", "deep/er"].map((name): [string, string] => {
    writeFileSync(join(folder, name, FIRST), language.module("1"));
    return [join(work, "new", name, FIRST), join(work, "new", name, SECOND)];
  });
  const seen = await watch(writePlugin(work), pairs, pollMs);
  renameSync(folder, join(work, "new"));
  await until("all of them", () => seen.size >= 6);
  expect(seen).toEqual(new Set(pairs.flat()));
});

it("a new module in the folder that a symlink to the plugin has just been switched to", async () => {
  const box = sandbox();
  for (const name of ["one", "two"]) writePlugin(box.folder(name), { version: name });
  const link = join(box.work, `plugin${extension}`);
  const point = (name: string) => {
    symlinkSync(join(box.root, name, `plugin${extension}`), `${link}.new`);
    renameSync(`${link}.new`, link);
  };
  point("one");
  const saved = join(box.root, `two/saved${extension}`);
  const seen = await watch(link, [[link, saved]]);
  point("two");
  await until("the module", () => seen.has(saved));
  expect(seen).toEqual(new Set([link, saved]));
});
