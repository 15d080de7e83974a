import { spawn } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pc from "picocolors";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { renderFindings } from "../../src/cli/report/findings-lines.js";
import { findPrint } from "../../src/diagnose/evidence/find-print.js";
import { diagnoseDeath } from "../../src/diagnose/failures/death.js";
import { findingsOf, traceFindings } from "../../src/diagnose/findings.js";
import { markOwnFrames, ownFrame, runPluginOffline } from "../../src/diagnose/offline-run.js";
import { markStderr, stderrAfter, stderrPlace } from "../../src/node/log/node-stderr.js";
import { inspectPluginFile, type PluginFile } from "../../src/plugin/file/plugin-file.js";
import { findPython } from "../conformance/harness/python.js";

let root: string;
let folder: string;
let count = 0;
beforeAll(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), "cln-dev-post-")));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));
beforeEach(() => {
  folder = join(root, `f${count++}`);
  mkdirSync(folder);
});

function put(name: string, text: string): string {
  const path = join(folder, name);
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(path, text);
  chmodSync(path, 0o755);
  return path;
}

const plugin = (name: string, text: string): Promise<PluginFile> =>
  inspectPluginFile(put(name, text));

describe("who printed a text", () => {
  test.each<[string, string, string, string, string]>([
    ["a literal", "p.js", 'console.log("hello there")', "hello there", "p.js:2"],
    [
      "the fixed part of a template",
      "p.js",
      `console.log(\`port \${n}, ready\`)`,
      "port 80, ready",
      "p.js:2",
    ],
    ["an echo without quotes", "p.sh", "echo ready to go", "ready to go", "p.sh:2"],
    ["a printf", "p.sh", "printf 'count %d\\n' 5", "count 5", "p.sh:2"],
  ])("%s", async (_, name, line, stray, place) => {
    const shebang = name.endsWith("js") ? "#!/usr/bin/env node" : "#!/bin/sh";
    const file = await plugin(name, `${shebang}\n${line}\n`);
    const found = findPrint(file, stray);
    expect(`${found?.file.replace(`${folder}/`, "")}:${found?.line}`).toBe(place);
    expect(found).toMatchObject({ code: line, certain: true });
  });

  test("not in another plugin of the folder, nor in another language", async () => {
    put("other.sh", "#!/bin/sh\necho hello world\n");
    put("helper.py", 'print("hello world")\n');
    const file = await plugin("p.sh", '#!/bin/sh\nid=$(echo "hello world" | cat)\necho "$1"\n');
    expect(findPrint(file, "hello world")).toMatchObject({ line: 3, certain: false });
  });

  test("in a helper module of its own, the best of several", async () => {
    put(
      "lib/helper.js",
      'exports.f = () => console.log("loading");\n// console.log("loading data")\n',
    );
    put("node_modules/x/index.js", 'console.log("loading data now");\n');
    const file = await plugin(
      "p.js",
      '#!/usr/bin/env node\nconsole.log("load");\nconsole.error("loading data");\n',
    );
    expect(findPrint(file, "loading data")).toMatchObject({ line: 1, certain: true });
  });

  test("the only print there is, or none", async () => {
    const quiet = await plugin("q.sh", "#!/bin/sh\nexec something\n");
    expect(findPrint(quiet, "42")).toBeUndefined();
    const file = await plugin("p.js", "#!/usr/bin/env node\nconsole.log(value);\n");
    expect(findPrint(file, "42")).toMatchObject({ line: 2, certain: false });
  });

  test("what writes the protocol is not blamed", async () => {
    const file = await plugin(
      "p.js",
      "#!/usr/bin/env node\nconsole.log(JSON.stringify(answer));\n",
    );
    expect(findPrint(file, "42")).toBeUndefined();
  });
});

describe("frames of a traceback", () => {
  const trace = (frames: readonly (readonly [file: string, line: number])[]) =>
    `Traceback (most recent call last):\n${frames
      .map(([file, line]) => `  File "${file}", line ${line}, in f\n    f()\n`)
      .join("")}RecursionError: too deep\n`;

  test.each([
    ["site-packages", "deps/site-packages/lib.py"],
    ["a virtual environment", ".venv/lib.py"],
    ["dist-packages", "dist-packages/lib.py"],
    ["node_modules", "node_modules/lib/lib.js"],
    ["the interpreter", "<frozen os>"],
  ])("those in %s are not its own, although they are below its folder", async (_, name) => {
    const file = await plugin("p.py", "#!/bin/sh\n");
    const below = name.startsWith("<") ? name : put(name, "");
    const marked = markOwnFrames(
      { ...file, language: "python" },
      trace([
        [file.path, 1],
        [below, 2],
      ]),
    );
    expect(marked?.frames.map(({ own }) => own)).toEqual([true, false]);
    expect(ownFrame(marked)?.file).toBe(file.path);
  });

  test("of a recursion only the last ones are shown", async () => {
    const file = await plugin("p.py", "#!/bin/sh\n");
    const deep = Array.from({ length: 40 }, (_, index) => [file.path, index + 1] as const);
    const marked = markOwnFrames({ ...file, language: "python" }, trace(deep));
    if (marked === undefined) throw new Error("no trace");
    const places = traceFindings(marked).filter(({ kind }) => kind === "own-frame");
    expect(places.map(({ text }) => text.replace(/.*:(\d+).*/, "$1"))).toEqual([
      "33",
      "34",
      "35",
      "36",
      "37",
      "38",
      "39",
      "40",
    ]);
  });
});

test("its own frames stand out, libraries are only counted", async () => {
  put("node_modules/lib/index.js", "exports.run = (f) => f();\n");
  const file = await plugin(
    "p.js",
    '#!/usr/bin/env node\nrequire("lib").run(function mine() {\n  throw new Error("oh\\u001b[31m");\n});\n',
  );
  const found = await runPluginOffline(file, {
    networkDir: folder,
    rpcFile: join(folder, "rpc"),
    network: "regtest",
    until: "init",
    timeoutMs: 5000,
  });
  expect(ownFrame(found.trace)).toMatchObject({ file: file.path, line: 3, name: "mine" });
  const lines = renderFindings(findingsOf(found), pc.createColors(false), "");
  expect(lines).toEqual([
    "Error: oh",
    `  ${file.path}:2 in Object.<anonymous>`,
    '    require("lib").run(function mine() {',
    "  (1 frame of libraries)",
    `  ${file.path}:3 in mine`,
    '    throw new Error("oh\\u001b[31m");',
    "  Run again offline for this report",
  ]);
});

test("a relative place in a compiled plugin's build folder", async () => {
  put("Cargo.toml", "");
  put("src/main.rs", "fn main() {\n    boom();\n}\n");
  const elf = put("target/debug/p", "\u007fELF");
  const file = await inspectPluginFile(elf);
  expect(file.language).toBe("rust");
  const trace = markOwnFrames(file, "thread 'main' panicked at src/main.rs:2:5:\nboom\n");
  expect(trace?.frames).toEqual([
    { file: join(folder, "src/main.rs"), line: 2, name: undefined, code: "boom();", own: true },
  ]);
});

describe.runIf(process.platform === "linux")("the node's own stderr", () => {
  /** A process with a pid file, as a node has it, whose stderr goes there. */
  async function withNode<T>(stderr: number | "pipe", act: () => Promise<T>): Promise<T> {
    const child = spawn("sleep", ["60"], { stdio: ["ignore", "ignore", stderr] });
    try {
      writeFileSync(join(folder, "lightningd-regtest.pid"), `${child.pid}\n`);
      return await act();
    } finally {
      child.kill("SIGKILL");
    }
  }

  test.skipIf(findPython() === undefined)(
    "a file holds the traceback of a plugin that has died",
    async () => {
      const file = await plugin("p.py", "#!/usr/bin/env python3\nboom()\n");
      const path = join(folder, "err.log");
      await withNode(openSync(path, "w"), async () => {
        expect(stderrPlace(folder, "regtest")).toEqual({ kind: "file", path });
        // What an earlier version left there is not taken for the cause.
        writeFileSync(
          path,
          "Traceback (most recent call last):\n  File \"/old.py\", line 9\nKeyError: 'old'\n",
        );
        const stderrMark = markStderr({ kind: "file", path });
        expect(stderrAfter(stderrMark)).toBe("");
        appendFileSync(
          path,
          `noise\nTraceback (most recent call last):\n  File "${file.path}", line 2, in <module>\n    boom()\nNameError: name 'boom' is not defined\n`,
        );
        const node = {
          lightningDir: folder,
          networkDir: folder,
          rpcFile: join(folder, "rpc"),
          network: "regtest",
        };
        const since = new Date(Date.now() - 10_000);
        const { explanation, findings } = await diagnoseDeath({
          file,
          options: [],
          node,
          since,
          stderrMark,
        });
        expect(explanation).toMatchObject({
          id: "died-of-error",
          reason: `it crashed at ${file.path}:2: NameError: name 'boom' is not defined`,
        });
        expect(findings[1]).toEqual({ kind: "own-frame", text: `${file.path}:2 in <module>` });
        expect(stderrAfter(markStderr({ kind: "file", path }))).toBe("");
      });
    },
  );

  test.skipIf(findPython() === undefined)(
    "thrown away, or in somebody else's hands: that is said",
    async () => {
      const file = await plugin("p.py", "#!/usr/bin/env python3\n");
      const node = { lightningDir: folder, networkDir: folder, rpcFile: "", network: "regtest" };
      const since = new Date(Date.now() - 60_000);
      const told = async () => (await diagnoseDeath({ file, options: [], node, since })).findings;
      await withNode(openSync("/dev/null", "w"), async () => {
        expect((await told())[0]?.text).toMatch(/\/dev\/null.*--daemon/);
      });
      await withNode("pipe", async () => {
        expect((await told())[0]?.text).toMatch(/service or container/);
      });
      rmSync(join(folder, "lightningd-regtest.pid"));
      expect((await told())[0]?.text).toMatch(/the node's own stderr/);
    },
  );
});
