import { spawnSync } from "node:child_process";
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readTrace } from "../../../src/diagnose/trace/read-trace.js";
import type { PluginLanguage } from "../../../src/plugin/file/language.js";
import { findProgram } from "../../../src/plugin/file/shebang.js";

let folder: string;
beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "cln-dev-trace-")));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What a real interpreter writes to stderr about a file. */
function stderrOf(program: string, name: string, code: string): string {
  const path = join(folder, name);
  writeFileSync(path, code);
  return spawnSync(program, [path], { encoding: "utf8", cwd: folder }).stderr;
}

function frames(stderr: string, language: PluginLanguage) {
  const trace = readTrace(stderr, language);
  return {
    error: trace?.error,
    frames: trace?.frames
      .filter((frame) => frame.file.includes(folder))
      .map(({ file, line, name }) => [file.replace(`${folder}/`, ""), line, name].join(" ").trim()),
  };
}

describe.runIf(findProgram("python3"))("python", () => {
  test.each<[string, string, string | RegExp, string[]]>([
    [
      "an exception",
      "def f():\n    return foo\n\nf()\n",
      "NameError: name 'foo' is not defined",
      ["p.py 4 <module>", "p.py 2 f"],
    ],
    [
      "one of a chain",
      "try:\n    1/0\nexcept Exception as e:\n    raise ValueError('bad') from e\n",
      "ValueError: bad",
      ["p.py 4 <module>"],
    ],
    ["a syntax error", "def f(:\n", /^SyntaxError: /, ["p.py 1"]],
    ["wrong indents", "if 1:\nx=1\n", /^IndentationError: /, ["p.py 2"]],
    ["a missing module", "import nowhere\n", /ModuleNotFoundError.*nowhere/, ["p.py 1 <module>"]],
    [
      "a thread's",
      "import threading\nt=threading.Thread(target=lambda: 1/0)\nt.start()\nt.join()\n",
      "ZeroDivisionError: division by zero",
      ["p.py 2 <lambda>"],
    ],
    [
      "one with a class of a package and a message of two lines",
      "import json\nclass E(Exception): pass\nE.__module__='a.b'\nraise E('one\\ntwo')\n",
      "a.b.E: one\ntwo",
      ["p.py 4 <module>"],
    ],
  ])("%s", (_, code, error, expected) => {
    const found = frames(stderrOf("python3", "p.py", code), "python");
    if (typeof error === "string") expect(found.error).toBe(error);
    else expect(found.error).toMatch(error);
    expect(found.frames).toEqual(expected);
  });
});

describe("node", () => {
  test.each<[string, string, string, RegExp, string[]]>([
    [
      "an exception",
      "n.cjs",
      "function f() { return foo }\n\nf();\n",
      /^ReferenceError: foo is not defined$/,
      ["n.cjs 3 Object.<anonymous>", "n.cjs 1 f"],
    ],
    [
      "a syntax error",
      "n.cjs",
      "\nlet a = ;\n",
      /^SyntaxError: Unexpected token ';'$/,
      ["n.cjs 2"],
    ],
    [
      "a missing module",
      "n.cjs",
      "require('nowhere')\n",
      /Cannot find module 'nowhere'/,
      ["n.cjs 1 Object.<anonymous>"],
    ],
    [
      "a module's",
      "n.mjs",
      "async function g() { await null; throw new TypeError('t') }\nawait g();\n",
      /^TypeError: t$/,
      ["n.mjs 2", "n.mjs 1 g"],
    ],
    [
      "a rejection that nobody handles",
      "n.cjs",
      "(async () => { throw new Error('r') })()\n",
      /^Error: r$/,
      ["n.cjs 1 Object.<anonymous>", "n.cjs 1"],
    ],
  ])("%s", (_, name, code, error, expected) => {
    const found = frames(stderrOf("node", name, code), "node");
    expect(found.error).toMatch(error);
    expect(found.frames).toEqual(expected);
  });
});

describe("shell", () => {
  test.each(["sh", "bash"].filter((shell) => findProgram(shell)))("%s", (shell) => {
    const found = frames(stderrOf(shell, "s.sh", "true\nnowhere_cmd --x\n"), "shell");
    expect(found.error).toMatch(/^nowhere_cmd: .*not found$/);
    expect(found.frames).toEqual(["s.sh 2"]);
  });

  test.runIf(findProgram("python3"))("a script's program says more than the script", () => {
    writeFileSync(join(folder, "inner.py"), "import nowhere\n");
    const stderr = stderrOf("sh", "s.sh", `python3 ${folder}/inner.py\nnowhere_cmd\n`);
    expect(readTrace(stderr, "shell")?.error).toMatch(/^ModuleNotFoundError/);
  });
});

describe("compiled", () => {
  test.runIf(findProgram("gcc"))("a failed assertion in C", () => {
    writeFileSync(join(folder, "a.c"), "#include <assert.h>\nint main(void){\n assert(1==2);\n}\n");
    spawnSync("gcc", ["-o", join(folder, "a"), "a.c"], { cwd: folder });
    const { stderr } = spawnSync(join(folder, "a"), { encoding: "utf8" });
    const trace = readTrace(stderr, "binary");
    expect(trace).toMatchObject({ frames: [{ file: "a.c", line: 3, name: "main" }] });
    expect(trace?.error).toMatch(/^Assertion .*1==2/);
  });

  // Words of go1.22 and rustc 1.82.
  test("a panic in Go", () => {
    const stderr = `some log
panic: runtime error: index out of range [3] with length 1

goroutine 1 [running]:
main.handle(...)
	/src/p/handle.go:21
main.main()
	/src/p/main.go:10 +0x1d

goroutine 5 [sleep]:
time.Sleep(0x1)
	/usr/lib/go/src/runtime/time.go:1 +0x1
exit status 2
`;
    expect(readTrace(stderr, "go")).toEqual({
      error: "panic: runtime error: index out of range [3] with length 1",
      frames: [
        { file: "/src/p/main.go", line: 10, name: "main.main" },
        { file: "/src/p/handle.go", line: 21, name: "main.handle" },
      ],
    });
  });

  test.each([
    [
      "thread 'main' panicked at src/main.rs:10:5:\ncalled `Option::unwrap()` on a `None` value\nnote: run with `RUST_BACKTRACE=1`\n",
      "panic: called `Option::unwrap()` on a `None` value",
    ],
    ["thread 'main' (123) panicked at src/main.rs:10:5:\nboom\n", "panic: boom"],
    ["thread 'tokio-runtime-worker' panicked at 'boom', src/main.rs:10:5\n", "panic: boom"],
  ])("a panic in Rust: %j", (stderr, error) => {
    expect(readTrace(stderr, "rust")).toEqual({
      error,
      frames: [{ file: "src/main.rs", line: 10 }],
    });
  });

  test("an error returned by main in Rust", () => {
    expect(readTrace("Error: no socket\n\nCaused by:\n    os error 2\n", "rust")?.error).toMatch(
      /^Error: no socket\n\nCaused by:\n {4}os error 2$/,
    );
  });
});

test("no trace where there is none", () => {
  for (const language of ["python", "node", "shell", "go", "rust", "binary", "other"] as const) {
    expect(readTrace("starting up\nready: 5 peers\nusage - x\n", language)).toBeUndefined();
    expect(readTrace("", language)).toBeUndefined();
  }
});
