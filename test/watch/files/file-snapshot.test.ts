/** Whether a file looks as if its writer had come to the end. */
import {
  chmodSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { takeSnapshot } from "../../../src/watch/files/file-snapshot.js";
import { until } from "../../support/until.js";

const folder = mkdtempSync(join(tmpdir(), "cln-dev-look-"));
const file = join(folder, "plugin");
afterAll(() => rmSync(folder, { recursive: true }));

describe("a file without a line end at its end", () => {
  it("may be growing while its last change is a write", () => {
    writeFileSync(file, "print(1)");
    expect(takeSnapshot(file).state).toBe("growing");
  });

  it.each([
    ["renamed", (path: string) => renameSync(path, file)],
    [
      "made executable",
      (path: string) => {
        renameSync(path, file);
        chmodSync(file, 0o755);
      },
    ],
  ])("is whole when it has been %s since", async (_, finish) => {
    // Where the kernel's clock has not ticked between the two, they look like one.
    await until("a tick in between", () => {
      const aside = `${file}.aside`;
      writeFileSync(aside, "print(2)");
      const end = performance.now() + 12;
      while (performance.now() < end);
      finish(aside);
      return takeSnapshot(file).state === "whole";
    });
    expect(takeSnapshot(file).state).toBe("whole");
  });
});

it("that ends with a line end is whole, unless its size is that of a buffer", () => {
  writeFileSync(file, "print(1)\n");
  expect(takeSnapshot(file).state).toBe("whole");
  writeFileSync(file, `${"x".repeat(4095)}\n`);
  expect(takeSnapshot(file).state).toBe("growing");
});

it.runIf(process.platform === "linux")(
  "that is a compiled program is whole with its last byte",
  () => {
    const program = readFileSync("/bin/true");
    writeFileSync(file, program);
    expect(takeSnapshot(file).state).toBe("whole");
    for (const size of [50, 64, 4096, program.length - 1]) {
      writeFileSync(file, program.subarray(0, size));
      expect(takeSnapshot(file).state).toBe("growing");
    }
  },
);

it("that is written with as many bytes and the time of before is another", async () => {
  const write = (text: string) => {
    writeFileSync(file, text);
    utimesSync(file, 1_700_000_000, 1_700_000_000);
    return { fingerprint: takeSnapshot(file).fingerprint, ino: statSync(file).ino };
  };
  // Where the look comes late (the machine is busy) it is too late.
  await until("a difference", () => {
    const [one, other] = [write("print(1)\n"), write("print(2)\n")];
    expect(one.ino).toBe(other.ino);
    return one.fingerprint !== other.fingerprint;
  });
});
