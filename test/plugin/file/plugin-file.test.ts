import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Failure } from "../../../src/errors/failure.js";
import { inspectPluginFile, mayBeMidSave } from "../../../src/plugin/file/plugin-file.js";
import { findPython } from "../../conformance/harness/python.js";

let folder: string;
beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "cln-dev-file-")));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function write(name: string, text: string | Buffer, mode = 0o755): string {
  const path = join(folder, name);
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}

async function failureOf(path: string): Promise<Failure> {
  const failure: unknown = await inspectPluginFile(path).catch((error: unknown) => error);
  if (!(failure instanceof Failure)) throw new Error(`no failure: ${JSON.stringify(failure)}`);
  return failure;
}

describe("a file that can be run", () => {
  test.for([
    ["a.py", "#!/usr/bin/env python3\n", "python"],
    ["b.js", "#!/usr/bin/env node\n", "node"],
    ["c", "#!/bin/sh\n", "shell"],
    ["d", "#! /bin/sh -e\n", "shell"],
    ["e", "#!/usr/bin/env -S node --no-warnings\n", "node"],
    ["f", "#!/usr/bin/env -S FOO=1 node\n", "node"],
    ["g", "#!/usr/bin/env cat\n", "other"],
    ["h", "#!/bin/sh", "shell"],
  ] as const)("%s: %j is %s", async ([name, text, language], { skip }) => {
    skip(language === "python" && findPython() === undefined, "no python3 here");
    const path = write(`good/${name}`, text);
    const file = await inspectPluginFile(path);
    expect(file).toMatchObject({ path, realPath: path, language });
    expect(file.interpreter?.path).toMatch(/^\//);
  });

  test("a compiled one, by the build files around it", async () => {
    const elf = Buffer.concat([Buffer.from("7f454c46", "hex"), Buffer.alloc(60)]);
    write("crate/Cargo.toml", "");
    write("gomod/go.mod", "");
    for (const [name, language] of [
      ["crate/target/debug/p", "rust"],
      ["gomod/p", "go"],
      ["plain/p", "binary"],
    ] as const) {
      const file = await inspectPluginFile(write(name, elf));
      expect(file).toMatchObject({ language, interpreter: undefined });
    }
  });

  test("through a symlink and a relative path", async () => {
    const target = write("real/x.py", "#!/bin/sh\n");
    const link = join(folder, "link.py");
    symlinkSync(target, link);
    const file = await inspectPluginFile(relative(process.cwd(), link));
    expect(file).toMatchObject({ path: link, realPath: target });
  });
});

describe("a file that cannot", () => {
  const code = "import sys\n";
  test.each<[string, () => string, string, number, RegExp[]]>([
    [
      "is missing, a near name is there",
      () => {
        write("near/my_plugin.py", code);
        return join(folder, "near/my-plugin.py");
      },
      "plugin-missing",
      2,
      [/no such plugin: .*my-plugin\.py/, /Did you mean .*near\/my_plugin\.py\?/],
    ],
    [
      "is missing, it has another ending",
      () => {
        write("ending/hello.js", code);
        return join(folder, "ending/hello.py");
      },
      "plugin-missing",
      2,
      [/Did you mean .*hello\.js\?/],
    ],
    [
      "is in a folder that is missing",
      () => join(folder, "nowhere/x.py"),
      "plugin-missing",
      2,
      [/folder .*nowhere does not exist/],
    ],
    [
      "is a dead symlink",
      () => {
        symlinkSync("/nowhere/else.py", join(folder, "dead.py"));
        return join(folder, "dead.py");
      },
      "plugin-missing",
      2,
      [/symlink to \/nowhere\/else\.py/],
    ],
    [
      "is a symlink to itself",
      () => {
        symlinkSync("self.py", join(folder, "self.py"));
        return join(folder, "self.py");
      },
      "plugin-unreadable",
      1,
      [/ELOOP/],
    ],
    [
      "is a folder",
      () => {
        write("hello/hello.py", code, 0o644);
        write("hello/helper.py", code, 0o644);
        return join(folder, "hello");
      },
      "plugin-folder",
      2,
      [/is a folder/, /Name the file: .*hello\/hello\.py$/m],
    ],
    [
      "is a package's folder",
      () => {
        write("pkg/package.json", '{"main":"./start.js"}', 0o644);
        write("pkg/start.js", code, 0o644);
        return join(folder, "pkg");
      },
      "plugin-folder",
      2,
      [/Name the file: .*pkg\/start\.js$/m],
    ],
    ["is no regular file", () => "/dev/null", "plugin-folder", 2, [/not a regular file/]],
    ["is empty", () => write("empty.py", ""), "plugin-empty", 1, [/is empty/]],
    [
      "is not executable",
      () => write("it's new.py", "#!/usr/bin/env python3\n", 0o644),
      "plugin-not-executable",
      1,
      [/not executable/, /^chmod \+x '.*it'\\''s new\.py'$/m],
    ],
    [
      "has no #! line (python)",
      () => write("no.py", code),
      "plugin-interpreter",
      1,
      [/no #! line, so the node would run it with sh/, /#!\/usr\/bin\/env python3$/m],
    ],
    [
      "has no #! line (javascript)",
      () => write("no.mjs", "let a;\n"),
      "plugin-interpreter",
      1,
      [/#!\/usr\/bin\/env node$/m],
    ],
    [
      "has no #! line and no ending",
      () => write("noext", "from pyln.client import Plugin\n"),
      "plugin-interpreter",
      1,
      [/#!\/usr\/bin\/env python3$/m],
    ],
    [
      "has an empty line before it",
      () => write("late.py", "\n#!/usr/bin/env python3\n"),
      "plugin-interpreter",
      1,
      [/no #! line/],
    ],
    [
      "has a byte order mark before it",
      () => write("bom.py", "\ufeff#!/usr/bin/env python3\n"),
      "plugin-interpreter",
      1,
      [/byte order mark/, /sed -i/],
    ],
    [
      "has CRLF in it",
      () => write("crlf.py", "#!/usr/bin/env python3\r\nimport sys\r\n"),
      "plugin-interpreter",
      1,
      [/CRLF/, /sed -i 's\/\\r\$\/\/' .*crlf\.py/],
    ],
    [
      "names an interpreter that is not there",
      () => write("old.py", "#!/usr/bin/python9.9\n"),
      "plugin-interpreter",
      1,
      [/names \/usr\/bin\/python9\.9, which does not exist/, /Write #!\/usr\/bin\/env python3/],
    ],
    [
      "asks env for a program that is not there",
      () => write("envless.py", "#!/usr/bin/env pythonista\n"),
      "plugin-interpreter",
      1,
      [/env for pythonista, which is not on the PATH/, /Install pythonista/],
    ],
    [
      "names nothing",
      () => write("nothing.py", "#!\n"),
      "plugin-interpreter",
      1,
      [/names no program/],
    ],
    [
      "has a #! line that is too long",
      () => write("long.py", `#!/${"x".repeat(300)}\n`),
      "plugin-interpreter",
      1,
      [/longer than the 255 bytes/],
    ],
    [
      "is source code",
      () => write("main.go", "package main\n"),
      "plugin-source",
      1,
      [/is source code/, /go build/],
    ],
  ])("%s", async (_, make, kind, exitCode, words) => {
    const failure = await failureOf(make());
    expect(failure).toMatchObject({ kind, exitCode });
    const text = `${failure.what}\n${failure.why}\n${failure.fix}`;
    for (const word of words) expect(text).toMatch(word);
  });

  test.runIf(process.platform === "linux")("gives env more than it takes", async () => {
    const failure = await failureOf(write("args.py", "#!/usr/bin/env python3 -u\n"));
    expect(failure.fix).toBe("Write #!/usr/bin/env -S python3 -u");
  });

  test("only what a save in progress looks like is waited for", async () => {
    expect(mayBeMidSave(await failureOf(write("e1.py", "")))).toBe(true);
    expect(mayBeMidSave(await failureOf(write("e2.py", code, 0o644)))).toBe(true);
    expect(mayBeMidSave(await failureOf(join(folder, "gone.py")))).toBe(true);
    expect(mayBeMidSave(await failureOf(write("e3.py", code)))).toBe(false);
    expect(mayBeMidSave(await failureOf(folder))).toBe(false);
  });
});
