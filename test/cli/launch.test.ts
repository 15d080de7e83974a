/** Node keeps compiled code for the next start: only in a folder where nobody else can put code. */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import nodeModule from "node:module";
import { join } from "node:path";
import { expect, it } from "vitest";
import { run } from "../support/program.js";
import { type Sandbox, sandbox } from "../support/sandbox.js";

/** Node 22.1 and later. */
const keepsCode = "enableCompileCache" in nodeModule;

async function runIn(box: Sandbox, cacheHome: string | undefined) {
  const env = { XDG_CACHE_HOME: cacheHome };
  const { code, stdout, stderr } = await run(box, ["list", "--lightning-dir=/nowhere"], { env });
  expect({ code, stdout }).toEqual({ code: 3, stdout: "" });
  expect(stderr).toContain("cln-dev: no node at /nowhere/bitcoin/lightning-rpc");
}

it.runIf(keepsCode)("keeps compiled code in the user's cache", async () => {
  const box = sandbox();
  await runIn(box, undefined);
  expect(readdirSync(join(box.home, ".cache", "cln-dev"))).not.toEqual([]);
  const cacheHome = box.folder("cache");
  await runIn(box, cacheHome);
  expect(readdirSync(join(cacheHome, "cln-dev"))).not.toEqual([]);
});

it.each<[string, (cacheHome: string, folder: string) => void]>([
  ["others can write to it", (_, folder) => chmodSync(folder, 0o777)],
  ["others can write to its parent", (cacheHome) => chmodSync(cacheHome, 0o777)],
])("keeps nothing in the cache folder where %s", async (_, spoil) => {
  const box = sandbox();
  const cacheHome = box.folder("cache");
  const folder = join(cacheHome, "cln-dev");
  mkdirSync(folder, 0o700);
  spoil(cacheHome, folder);
  await runIn(box, cacheHome);
  expect(readdirSync(folder)).toEqual([]);
});

it("keeps nothing behind a symlink", async () => {
  const box = sandbox();
  const cacheHome = box.folder("cache");
  const elsewhere = box.folder("elsewhere");
  symlinkSync(elsewhere, join(cacheHome, "cln-dev"));
  await runIn(box, cacheHome);
  expect(readdirSync(elsewhere)).toEqual([]);
});

it("leaves other files in the cache folder alone", async () => {
  const box = sandbox();
  const cacheHome = box.folder("cache");
  const file = join(cacheHome, "cln-dev", "notes.txt");
  mkdirSync(join(cacheHome, "cln-dev"), 0o700);
  writeFileSync(file, "");
  utimesSync(file, 0, 0);
  await runIn(box, cacheHome);
  expect(existsSync(file)).toBe(true);
});

it("starts where nothing can be kept", async () => {
  const box = sandbox();
  const file = join(box.folder(), "file");
  writeFileSync(file, "");
  await runIn(box, file);
  await runIn(box, "not/absolute");
  // A folder that is there and takes no other: mkdir reports that it is not there.
  if (process.platform === "linux") await runIn(box, "/proc/1/cache");
});
