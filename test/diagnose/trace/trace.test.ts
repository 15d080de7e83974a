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

/** Words of Python 3.11, for machines that have an older one. */
test("an exception group in Python", () => {
  const group = `  + Exception Group Traceback (most recent call last):
  |   File "/p/g.py", line 6, in <module>
  |     asyncio.run(main())
  | ExceptionGroup: unhandled errors in a TaskGroup (2 sub-exceptions)
  +-+---------------- 1 ----------------
    | Traceback (most recent call last):
    |   File "/p/g.py", line 3, in bad
    |     async def bad(): raise ValueError("bad value")
    |                      ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    | ValueError: bad value
    +---------------- 2 ----------------
    | Traceback (most recent call last):
    |   File "/p/g.py", line 9, in worse
    |     raise KeyError("x")
    | KeyError: 'x'
    +------------------------------------
`;
  const trace = readTrace(group, "python");
  expect(trace?.error).toBe(
    "ValueError: bad value\n(ExceptionGroup: unhandled errors in a TaskGroup (2 sub-exceptions))",
  );
  expect(trace?.frames).toMatchObject([{ file: "/p/g.py", line: 3, name: "bad" }]);
});

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

test("a program that is not there says more than the pipe to it, which broke", () => {
  const missing = "/p/x.sh: line 4: jqq: command not found\n";
  const broken = "/p/x.sh: line 4: echo: write error: Broken pipe\n";
  for (const stderr of [missing + broken, broken + missing]) {
    expect(readTrace(stderr, "shell")?.error).toBe("jqq: command not found");
  }
  expect(readTrace(broken, "shell")?.error).toBe("echo: write error: Broken pipe");
});

test.runIf(findProgram("bash"))("bash's syntax error, with the line that it quotes", () => {
  const trace = readTrace(stderrOf("bash", "e.sh", "true\nif then echo x\n"), "shell");
  expect(trace?.error).toBe("syntax error near unexpected token `then'");
  expect(trace?.frames).toMatchObject([{ line: 2, code: "if then echo x" }]);
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
    [
      "thread 'main' panicked at src/main.rs:10:5:\nboom\nthread 'log' panicked at src/log.rs:2:1:\nno log\n",
      "panic: boom",
    ],
  ])("a panic in Rust: %j", (stderr, error) => {
    expect(readTrace(stderr, "rust")).toEqual({
      error,
      frames: [{ file: "src/main.rs", line: 10 }],
    });
  });

  test("what Go's log.Fatal writes", () => {
    expect(readTrace("2026/11/26 04:00:00 main.go:12: no socket\n", "go")).toEqual({
      error: "no socket",
      frames: [{ file: "main.go", line: 12 }],
    });
  });

  test("an error returned by main in Rust", () => {
    expect(readTrace("Error: no socket\n\nCaused by:\n    os error 2\n", "rust")?.error).toMatch(
      /^Error: no socket\n\nCaused by:\n {4}os error 2$/,
    );
  });
});

/** Words of perl 5.36, ruby 3.1 and 3.4, php 8.2, lua 5.4, java 17 and kotlin 1.9. */
const PLACES: readonly (readonly [what: string, stderr: string, error: string, lines: number[]])[] =
  [
    ["perl dies", "cannot at /p/x.pl line 4, <STDIN> line 1.\n", "cannot", [4]],
    [
      "perl lacks a module",
      "Can't locate No/Such.pm in @INC (you may need to install the No::Such module) (@INC contains: /etc/perl) at /p/x.pl line 2.\nBEGIN failed--compilation aborted at /p/x.pl line 2.\n",
      "Can't locate No/Such.pm in @INC (you may need to install the No::Such module) (@INC contains: /etc/perl)",
      [2],
    ],
    [
      "perl warns before it dies",
      "Use of uninitialized value $x in addition (+) at /p/x.pl line 3.\nno key at /p/x.pl line 9.\n",
      "no key",
      [9],
    ],
    [
      "ruby",
      "/p/x.rb:7:in `<main>': undefined method `nosuch' for main:Object (NoMethodError)\n\tfrom /p/x.rb:3:in `loop'\n",
      "undefined method `nosuch' for main:Object (NoMethodError)",
      [3, 7],
    ],
    [
      "ruby 3.4, which quotes otherwise",
      "/p/x.rb:7:in 'Object#f': no (RuntimeError)\n\tfrom /p/x.rb:9:in '<main>'\n",
      "no (RuntimeError)",
      [9, 7],
    ],
    [
      "php, a syntax error",
      'PHP Parse error:  syntax error, unexpected token "}" in /p/x.php on line 8\n',
      'Parse error: syntax error, unexpected token "}"',
      [8],
    ],
    [
      "php, an exception",
      "PHP Fatal error:  Uncaught Error: Call to undefined function f() in /p/x.php:5\nStack trace:\n#0 {main}\n  thrown in /p/x.php on line 5\n",
      "Fatal error: Uncaught Error: Call to undefined function f()",
      [5],
    ],
    [
      "lua",
      "lua: /p/x.lua:6: attempt to index a nil value (global 'nosuch')\nstack traceback:\n\t/p/x.lua:6: in main chunk\n\t[C]: in ?\n",
      "attempt to index a nil value (global 'nosuch')",
      [6],
    ],
    [
      "java",
      'Exception in thread "main" java.lang.IllegalStateException: no key\n\tat X.read(X.java:12)\n\tat X.main(X.java:5)\n',
      "java.lang.IllegalStateException: no key",
      [5, 12],
    ],
    ["javac", "X.java:3: error: ';' expected\n", "error: ';' expected", [3]],
    [
      "kotlin",
      'Exception in thread "main" java.lang.RuntimeException: bad\n\tat XKt.main(x.kt:4)\n',
      "java.lang.RuntimeException: bad",
      [4],
    ],
    ["a path of its own with a blank and no extension", "/my plugins/x:5: oops\n", "oops", [5]],
  ];

describe("any other language", () => {
  test.each(PLACES)("%s", (_, stderr, error, lines) => {
    const trace = readTrace(stderr, "other", "/my plugins/x");
    expect(trace?.error).toBe(error);
    expect(trace?.frames.map(({ line }) => line)).toEqual(lines);
  });

  test.runIf(findProgram("perl"))("a real perl", () => {
    const found = frames(stderrOf("perl", "p.pl", "use strict;\n\ndie 'no key';\n"), "other");
    expect(found).toEqual({ error: "no key", frames: ["p.pl 3"] });
  });
});

test("no trace where there is none", () => {
  for (const language of ["python", "node", "shell", "go", "rust", "binary", "other"] as const) {
    expect(readTrace("starting up\nready: 5 peers\nusage - x\n", language)).toBeUndefined();
    expect(readTrace("", language)).toBeUndefined();
  }
});
