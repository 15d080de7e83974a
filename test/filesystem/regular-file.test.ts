/** Files that somebody else may have put there. */
import { spawnSync } from "node:child_process";
import { chownSync, lchownSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openRegularFile, readRegularFile } from "../../src/filesystem/regular-file.js";
import { tempFolder } from "../settings/temp-folder.js";

const isRoot = process.getuid?.() === 0;
const STRANGER = 61_001;

describe("readRegularFile", () => {
  it("reads a file up to its limit, and no longer one", () => {
    const file = join(tempFolder(), "file");
    writeFileSync(file, "x".repeat(200_000));
    expect(readRegularFile(file, { maxBytes: 200_000 })).toHaveLength(200_000);
    const tooLong = () => readRegularFile(file, { maxBytes: 102_400 });
    expect(tooLong).toThrow("it is larger than 100 KiB");
  });

  it("refuses at once what would block or never end", () => {
    const folder = tempFolder();
    const fifo = join(folder, "fifo");
    spawnSync("mkfifo", [fifo]);
    symlinkSync("/dev/zero", join(folder, "zero"));
    const read = (path: string) => () => readRegularFile(path, { maxBytes: 1024 });
    expect(read(fifo)).toThrow("it is a named pipe, not a file");
    expect(read(join(folder, "zero"))).toThrow("it is a device, not a file");
    expect(read(folder)).toThrow("it is a folder, not a file");
    expect(read(join(folder, "none"))).toThrow("ENOENT");
  });

  it.skipIf(!isRoot)("refuses another user's file, and another user's link to ours", () => {
    const folder = tempFolder();
    const [own, foreign, link] = ["own", "foreign", "link"].map((name) => join(folder, name));
    for (const file of [own, foreign]) writeFileSync(file ?? "", "text");
    chownSync(foreign ?? "", STRANGER, STRANGER);
    symlinkSync("own", link ?? "");
    lchownSync(link ?? "", STRANGER, STRANGER);
    const read = (path = "") =>
      readRegularFile(path, { maxBytes: 1024, owner: "trusted" }).toString();
    expect(read(own)).toBe("text");
    expect(() => read(foreign)).toThrow(`another user (uid ${STRANGER})`);
    expect(() => read(link)).toThrow(`another user (uid ${STRANGER})`);
    expect(() => openRegularFile(foreign ?? "", "trusted")).toThrow("another user");
    expect(readRegularFile(foreign ?? "", { maxBytes: 1024 }).toString()).toBe("text");
  });
});
