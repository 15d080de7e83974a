/** `cln-dev regtest` with wrong arguments, in wrong places, without lightningd: one clear message. */
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { writeProgram } from "../../../support/plugin.js";
import { run } from "../../../support/program.js";
import { sandbox } from "../../../support/sandbox.js";

describe("arguments", () => {
  test.each([
    [["foo"], /no command "foo".*\n {2}Use one of start/],
    [["stat"], /no command "stat".*\n {2}Did you mean start/],
    [["0"], /number of nodes cannot be "0".*\n.*1 to 20/],
    [["21"], /number of nodes cannot be "21"/],
    [["--capacity", "1btc"], /--capacity cannot be "1btc"/],
    [["--automine", "-1"], /--automine cannot be "-1"/],
    [["--", "log-level=io"], /no command "log-level=io"/],
    [["2", "--", "log-level=io"], /"log-level=io" is not an option of lightningd/],
    [["--", "--daemon"], /--daemon cannot be used with cln-dev regtest/],
    [["--", "--alias=a\nb"], /is not an option of lightningd/],
    [["mine", "1.5"], /number of blocks cannot be "1\.5"/],
    [["mine", "--dir", ""], /--dir is empty/],
    [["fees", "2"], /"2" is not a fee rate.*\n.*2=20000/],
    [["fees", "2=1"], /fee rate cannot be "1"/],
    [["reorg", "x"], /depth cannot be "x"/],
    [["--lightning-dir=/tmp"], /--lightning-dir cannot be used with cln-dev regtest.*\n.*--dir/],
    [["status", "--network=signet"], /--network=signet cannot be used/],
  ])("%j", async (args, words) => {
    const box = sandbox();
    const { code, stdout, stderr } = await run(box, ["regtest", ...args]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(words);
    expect(stderr).toMatch(/^cln-dev: /);
  });
});

describe("no lightningd that can be used", () => {
  const old = (box: ReturnType<typeof sandbox>, text: string) =>
    writeProgram(join(box.work, "lightningd"), `#!/bin/sh\n${text}\n`);

  test("none on PATH: how to get one, and nothing is made", async () => {
    const box = sandbox();
    const { code, stderr } = await run(box, ["regtest"], { env: { PATH: "/nowhere" } });
    expect(code).toBe(3);
    expect(stderr).toMatch(/^cln-dev: no lightningd: lightningd is not on PATH\n.*releases/);
  });

  test.each([
    ["echo v23.08.1", /lightningd is v23\.08\.1: .*v23\.11 or later/],
    ["exit 7", /lightningd cannot be run/],
  ])("one that does %j", async (text, words) => {
    const box = sandbox();
    const { code, stderr } = await run(box, ["regtest", "--lightningd", old(box, text)]);
    expect(code).toBe(3);
    expect(stderr).toMatch(words);
  });

  test("one for a node that is not there", async () => {
    const box = sandbox();
    const program = old(box, "echo v26.06");
    const { code, stderr } = await run(box, ["regtest", `--lightningd=l3=${program}`]);
    expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringContaining("l3") });
  });
});

describe("a folder that is not a network of ours", () => {
  const lightningd = (box: ReturnType<typeof sandbox>) =>
    `--lightningd=${writeProgram(join(box.work, "lightningd"), "#!/bin/sh\necho v26.06.6\n")}`;

  const cases: [string, (dir: string) => void, RegExp][] = [
    [
      "holds other things",
      (dir: string) => {
        mkdirSync(join(dir, "l1-regtest"), { recursive: true });
        chmodSync(dir, 0o700);
      },
      /it is not a network of cln-dev regtest: it has l1-regtest/,
    ],
    [
      "is a symlink",
      (dir: string) => {
        mkdirSync(`${dir}-2`);
        symlinkSync(`${dir}-2`, dir);
      },
      /it is a symlink/,
    ],
    ["is a file", (dir: string) => writeFileSync(dir, ""), /it is not a folder/],
    // Only root can give a folder away.
    ...(process.getuid?.() === 0
      ? [
          [
            "belongs to another user",
            (dir: string) => {
              mkdirSync(dir, { mode: 0o700 });
              writeFileSync(join(dir, "network.json"), "{}");
              chownSync(dir, 65534, 65534);
            },
            /it is owned by uid 65534/,
          ] satisfies [string, (dir: string) => void, RegExp],
        ]
      : []),
    [
      "may be entered by others",
      (dir: string) => {
        mkdirSync(dir);
        writeFileSync(join(dir, "network.json"), "{}");
        chmodSync(dir, 0o755);
      },
      /other users may enter it\n.*chmod 700/,
    ],
    [
      "has a damaged network.json",
      (dir: string) => {
        mkdirSync(dir, { mode: 0o700 });
        writeFileSync(join(dir, "network.json"), "{");
      },
      /cannot read .*network\.json: .*\n.*regtest reset/,
    ],
  ];

  test("reset of a folder that is no network removes nothing, and reports so", async () => {
    const box = sandbox();
    const dir = box.folder("notes");
    writeFileSync(join(dir, "notes.txt"), "");
    const { code, stdout, stderr } = await run(box, ["regtest", "reset", "--dir", dir]);
    expect({ code, stdout }).toEqual({ code: 3, stdout: "" });
    expect(stderr).toContain(`there is no regtest network in ${dir}`);
    expect(readdirSync(dir)).toEqual(["notes.txt"]);
  });

  test.each(cases)("%s: every command refuses it, and changes nothing", async (_, make, words) => {
    const box = sandbox();
    const dir = join(box.root, "net");
    make(dir);
    const before = statSync(dir).isDirectory() ? readdirSync(dir) : [];
    for (const command of [["start", lightningd(box)], ["status"], ["mine"], ["stop"]]) {
      const { code, stderr } = await run(box, ["regtest", ...command, "--dir", dir]);
      expect(code).not.toBe(0);
      if (command[0] === "start") expect(stderr).toMatch(words);
    }
    expect(statSync(dir).isDirectory() ? readdirSync(dir) : []).toEqual(before);
  });

  test("a path that is too long for a socket", async () => {
    const box = sandbox();
    const dir = join(box.root, "x".repeat(90));
    const { code, stderr } = await run(box, ["regtest", lightningd(box), "--dir", dir]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/path is too long .*at most 103 bytes\n.*at most 77 bytes/);
    expect(existsSync(dir)).toBe(false);
  });

  test.each(['a"b', "a\\b", "a\tb"])(
    "a path with a character that JSON escapes: %j",
    async (name) => {
      const box = sandbox();
      const dir = join(box.root, name);
      const { code, stderr } = await run(box, ["regtest", lightningd(box), "--dir", dir]);
      expect(code).toBe(2);
      expect(stderr).toContain(`cannot contain ${JSON.stringify(name[1])}`);
      expect(existsSync(dir)).toBe(false);
    },
  );

  test.each(["status", "stop", "mine"])("%s where there is none", async (command) => {
    const box = sandbox();
    const { code, stderr } = await run(box, ["regtest", command]);
    expect(code).toBe(3);
    expect(stderr).toMatch(/there is no regtest network in .*\n.*cln-dev regtest/);
  });
});
