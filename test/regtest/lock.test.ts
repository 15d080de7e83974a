import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { lockWithin, tryLock } from "../../src/regtest/lock.js";
import { startOf } from "../../src/regtest/process-identity.js";
import { sandbox } from "../support/sandbox.js";

test("one holder at a time, and the file is gone at the end", () => {
  const folder = sandbox().folder();
  const path = join(folder, "lock");
  const lock = tryLock(path);
  if (!("release" in lock)) throw new Error("not taken");
  expect(tryLock(path)).toEqual({ heldBy: process.pid });
  expect(lockWithin(path, 20)).toEqual({ heldBy: process.pid });
  lock.release();
  expect(readdirSync(folder)).toEqual([]);
});

test("the lock of a process that has ended is broken", () => {
  const path = join(sandbox().folder(), "lock");
  const { pid } = spawnSync(process.execPath, ["-e", "0"]);
  writeFileSync(path, `${pid} some-time\n`);
  expect(tryLock(path)).toHaveProperty("release");
});

test("so is one whose number another process has now", () => {
  const path = join(sandbox().folder(), "lock");
  writeFileSync(path, `${process.pid} some-other-time\n`);
  expect(tryLock(path)).toHaveProperty("release");
});

test("the lock of a process that lives is not", () => {
  const path = join(sandbox().folder(), "lock");
  writeFileSync(path, `${process.ppid} ${startOf(process.ppid)}\n`);
  expect(tryLock(path)).toEqual({ heldBy: process.ppid });
  expect(existsSync(path)).toBe(true);
});
