/** A program that may be run and not read (mode 0111). Root may read everything: it becomes another user. */
import { chmodSync, copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, expect, it, onTestFinished } from "vitest";
import { inspectPluginFile } from "../../../src/plugin/file/plugin-file.js";
import { takeSnapshot } from "../../../src/watch/files/file-snapshot.js";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "cln-dev-unreadable-"));
  chmodSync(folder, 0o755);
  const isRoot = process.getuid?.() === 0;
  onTestFinished(() => {
    if (isRoot) process.seteuid?.(0);
    rmSync(folder, { recursive: true });
  });
});

/** Makes it so, and us somebody who may not read it. */
function unreadable(path: string): string {
  chmodSync(path, 0o111);
  if (process.getuid?.() === 0) process.seteuid?.(65_534);
  return path;
}

it("is there, and is run where it is compiled", async () => {
  const path = join(folder, "program");
  copyFileSync("/bin/true", path);
  unreadable(path);
  expect(takeSnapshot(path)).toMatchObject({ executable: true });
  expect(["whole", "growing"]).toContain(takeSnapshot(path).state);
  expect(await inspectPluginFile(path)).toMatchObject({ language: "binary" });
});

it("is refused where its name says that it is a script", async () => {
  const path = join(folder, "plugin.py");
  writeFileSync(path, "#!/usr/bin/env python3\n");
  unreadable(path);
  await expect(inspectPluginFile(path)).rejects.toMatchObject({ kind: "plugin-unreadable" });
});
