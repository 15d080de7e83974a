/** Many files, and links to too many: the program stays at hand, and finds each change. */
import { spawnSync } from "node:child_process";
import { mkdirSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { FileSource, type FilesChange } from "../../../src/watch/files/file-source.js";
import { writePlugin } from "../../support/plugin.js";
import { sandbox } from "../../support/sandbox.js";
import { until } from "../../support/until.js";

interface Watched {
  readonly work: string;
  readonly changes: FilesChange[];
  readonly notices: string[];
  readonly source: FileSource;
}

async function watched(prepare: (work: string) => void = () => {}): Promise<Watched> {
  const { work } = sandbox();
  const path = writePlugin(work, {}, "plugin");
  prepare(work);
  const changes: FilesChange[] = [];
  const notices: string[] = [];
  const source = await FileSource.open({
    plugin: { path, watch: [], only: [], ignore: [] },
    onChange: (change) => changes.push(change),
    onNotice: (message) => notices.push(message),
  });
  onTestFinished(() => source.close());
  return { work, changes, notices, source };
}

const seen = ({ changes }: Watched) => new Set(changes.flatMap(({ files }) => files));

it("thousands of files that are written at once do not hold up the event loop", async () => {
  const folder = await watched((work) => mkdirSync(join(work, "lib")));
  const { work } = folder;
  // All in one turn of the event loop, so that their events come in one as well.
  for (let file = 0; file < 4_000; file++) writeFileSync(join(work, `lib/m${file}.py`), "V = 1\n");
  await until("all of them", () => seen(folder).size >= 4_000);
  // Worked off in slices, with a turn for everything else in between: each slice is one change.
  expect(folder.changes.length).toBeLessThan(2_000);
});

it("a folder that is renamed is one change each way, and is watched under its new name", async () => {
  const folder = await watched((work) => {
    mkdirSync(join(work, "big"));
    for (let file = 0; file < 300; file++) writeFileSync(join(work, "big", `m${file}.py`), "\n");
  });
  const { work } = folder;
  renameSync(join(work, "big"), join(work, "other"));
  await until("the old name", () => seen(folder).has(join(work, "big")));
  await until("the new files", () => seen(folder).has(join(work, "other/m299.py")));
  folder.changes.length = 0;
  writeFileSync(join(work, "other/m7.py"), "V = 1\n");
  await until("a save in it", () => seen(folder).has(join(work, "other/m7.py")));
});

it("symlinks to folders above, in a circle, and to / are not followed", async () => {
  const folder = await watched((work) => {
    mkdirSync(join(work, "a/b"), { recursive: true });
    symlinkSync("..", join(work, "a/up"));
    symlinkSync("../..", join(work, "a/b/top"));
    symlinkSync("self", join(work, "a/self"));
    symlinkSync("/", join(work, "root"));
  });
  // The folder itself, a, and b.
  expect(folder.source.watched).toMatchObject({ folderCount: 3, roots: [folder.work] });
});

it("a folder and a file outside that are linked to are watched, each once", async () => {
  const { root } = sandbox();
  const outside = join(root, "outside");
  mkdirSync(join(outside, "lib"), { recursive: true });
  for (const name of ["lib/x.py", "one.py", "not-linked.py"]) {
    writeFileSync(join(outside, name), "V = 1\n");
  }
  const folder = await watched((work) => {
    symlinkSync(join(outside, "lib"), join(work, "lib"));
    symlinkSync(join(outside, "lib"), join(work, "again"));
    symlinkSync(join(outside, "one.py"), join(work, "one.py"));
  });
  for (const name of ["not-linked.py", "lib/x.py", "one.py"]) {
    writeFileSync(join(outside, name), "V = 2\n");
  }
  await until("both", () => seen(folder).size === 2);
  expect(seen(folder)).toEqual(new Set([join(outside, "one.py"), join(outside, "lib/x.py")]));
  expect(folder.source.watched.roots).toEqual([folder.work, join(outside, "lib")]);
});

it("forgets files that have gone", async () => {
  const folder = await watched();
  const { work, source } = folder;
  const before = source.watched.fileCount;
  for (let file = 0; file < 50; file++) writeFileSync(join(work, `temp${file}.py`), "\n");
  await until("their coming", () => source.watched.fileCount === before + 50);
  for (let file = 0; file < 50; file++) rmSync(join(work, `temp${file}.py`));
  await until("their going", () => source.watched.fileCount === before);
});

it("a save that keeps size and time is a change, another mode or access time is none", async () => {
  const folder = await watched((work) => writeFileSync(join(work, "helper.py"), "V = 1\n"));
  const { work, changes } = folder;
  const plugin = join(work, "plugin.py");
  const helper = join(work, "helper.py");
  const write = (path: string, text: string) => {
    writeFileSync(path, text);
    utimesSync(path, 1_700_000_000, 1_700_000_000);
  };
  for (const text of ["#one\n", "#two\n"]) {
    for (const path of [plugin, helper]) {
      changes.length = 0;
      write(path, text);
      await until(`${text} in ${path}`, () => seen(folder).has(path));
    }
  }
  changes.length = 0;
  for (const path of [plugin, helper]) utimesSync(path, Date.now() / 1000, 1_700_000_000);
  writeFileSync(join(work, "last.py"), "\n");
  await until("the last one", () => seen(folder).has(join(work, "last.py")));
  expect([...seen(folder)]).toEqual([join(work, "last.py")]);
});

const python = spawnSync("python3", ["--version"]).status === 0;
it.skipIf(!python)(
  "a write through mmap, of which no event comes, is seen all the same",
  async () => {
    const folder = await watched();
    const plugin = join(folder.work, "plugin.py");
    const script =
      "import mmap, sys; f = open(sys.argv[1], 'r+b'); m = mmap.mmap(f.fileno(), 0); m[-2:-1] = b'#'; m.flush()";
    spawnSync("python3", ["-c", script, plugin]);
    await until("the change", () => seen(folder).has(plugin));
  },
);
