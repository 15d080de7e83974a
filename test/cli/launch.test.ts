/** What V8 compiled is kept for the next start: never in the way, and never what others can write. */
import {
  chmodSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { run } from "../support/program.js";
import { type Sandbox, sandbox } from "../support/sandbox.js";

/** Newer versions of Node do it themselves, in files of their own. */
const isOurs = process.version.startsWith("v20.");

async function runIn(box: Sandbox, cacheHome: string | undefined) {
  const env = { XDG_CACHE_HOME: cacheHome };
  const { code, stdout, stderr } = await run(box, ["list", "--lightning-dir=/nowhere"], { env });
  expect({ code, stdout }).toEqual({ code: 3, stdout: "" });
  expect(stderr).toContain("cln-dev: no node at /nowhere/bitcoin/lightning-rpc");
}

function kept(folder: string) {
  return readdirSync(folder).map((name) => join(folder, name));
}

it.runIf(isOurs)("keeps it in the user's cache, and starts with it", async () => {
  const box = sandbox();
  await runIn(box, undefined);
  const folder = join(box.home, ".cache", "cln-dev");
  const [file = ""] = kept(folder);
  expect(statSync(file).mode & 0o077).toBe(0);
  const times = () => kept(folder).map((path) => statSync(path).mtimeMs);
  const before = times();
  await runIn(box, undefined);
  expect(times(), "nothing was to be compiled again").toEqual(before);
});

it.runIf(isOurs).each<[string, (file: string) => void]>([
  ["is damaged", (file) => truncateSync(file, Math.floor(statSync(file).size / 2))],
  ["is of another version", (file) => writeFileSync(file, `x${readFileSync(file, "latin1")}`)],
])("compiles again, and keeps that, where what was kept %s", async (_, spoil) => {
  const box = sandbox();
  const cacheHome = box.folder("cache");
  await runIn(box, cacheHome);
  const files = kept(join(cacheHome, "cln-dev"));
  const anHourAgo = Math.floor(Date.now() / 1000) - 3_600;
  for (const file of files) {
    spoil(file);
    utimesSync(file, anHourAgo, anHourAgo);
  }
  await runIn(box, cacheHome);
  for (const file of files) {
    const { mtimeMs, mode } = statSync(file);
    expect(mtimeMs / 1000).toBeGreaterThan(anHourAgo + 1);
    expect(mode & 0o077).toBe(0);
  }
});

it.runIf(isOurs)("takes away what older versions left", async () => {
  const box = sandbox();
  const cacheHome = box.folder("cache");
  await runIn(box, cacheHome);
  const [old = "", ...others] = kept(join(cacheHome, "cln-dev"));
  const left = join(cacheHome, "cln-dev", "old.code");
  writeFileSync(left, "");
  utimesSync(left, 0, 0);
  truncateSync(old);
  await runIn(box, cacheHome);
  expect(kept(join(cacheHome, "cln-dev")).sort()).toEqual([old, ...others].sort());
});

it.runIf(isOurs)("neither takes nor leaves anything where others may write", async () => {
  const box = sandbox();
  const cacheHome = box.folder("cache");
  const folder = join(cacheHome, "cln-dev");
  await runIn(box, cacheHome);
  const names = readdirSync(folder);
  // Whatever V8 makes of that, it is not what was kept.
  for (const file of kept(folder)) truncateSync(file);
  chmodSync(folder, 0o777);
  await runIn(box, cacheHome);
  expect(readdirSync(folder)).toEqual(names);
  expect(kept(folder).map((file) => statSync(file).size)).toEqual(names.map(() => 0));
  chmodSync(folder, 0o700);
  await runIn(box, cacheHome);
  for (const file of kept(folder)) expect(statSync(file).size).toBeGreaterThan(0);
});

it("starts where nothing can be kept", async () => {
  const box = sandbox();
  const file = join(box.folder(), "file");
  writeFileSync(file, "");
  await runIn(box, file);
  await runIn(box, "not/absolute");
  // A folder that is there and takes no other: mkdir says that it is not there.
  if (process.platform === "linux") await runIn(box, "/proc/1/cache");
});
