/** Where no file events come. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { silentFileSystem } from "../../../src/watch/files/mount-table.js";
import { tempFolder } from "../../settings/temp-folder.js";

it("the innermost mount decides, and of two in one place the later one", () => {
  const table = join(tempFolder(), "mountinfo");
  writeFileSync(
    table,
    [
      "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw",
      "30 22 0:40 / /mnt/c rw,noatime - 9p C:\\134 rw,dirsync",
      "31 30 0:41 / /mnt/c/local rw - ext4 /dev/sdb1 rw",
      "32 22 0:42 / /srv/my\\040share rw - nfs4 server:/share rw",
      "33 22 0:43 / /media/host rw - fuse.sshfs me@host: rw",
      "34 22 0:44 / /work rw - ext4 /dev/sdc1 rw",
      "35 34 0:45 / /work rw - vboxsf work rw",
    ].join("\n"),
  );
  const types = ["/home/me", "/mnt/c/p", "/mnt/c", "/mnt/c/local/p", "/mnt/cc", "/srv/my share/p"];
  expect(types.map((path) => silentFileSystem(path, table))).toEqual([
    undefined,
    "9p",
    "9p",
    undefined,
    undefined,
    "nfs4",
  ]);
  expect(silentFileSystem("/media/host/p", table)).toBe("fuse.sshfs");
  expect(silentFileSystem("/work/p", table)).toBe("vboxsf");
  expect(silentFileSystem("/work/p", join(table, "none"))).toBeUndefined();
});
