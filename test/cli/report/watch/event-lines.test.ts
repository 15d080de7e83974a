/** What a watch prints: an event in, the exact lines out, in a narrow and in a wide terminal. */
import pc from "picocolors";
import { describe, expect, it } from "vitest";
import {
  EventLines,
  type EventLinesOptions,
} from "../../../../src/cli/report/watch/event-lines.js";
import type { Failed, WatchEvent, Watching } from "../../../../src/events/watch-events.js";

const target = { plugin: "hello.py", path: "/home/me/hello.py", node: "/l1/regtest/lightning-rpc" };
const MARKS = { good: "✓", bad: "✗", warn: "!", step: "·", arrow: "→" };

function open(options: Partial<EventLinesOptions> = {}): EventLines {
  return new EventLines({
    paint: pc.createColors(false),
    marks: MARKS,
    verbose: false,
    quiet: false,
    version: "0.1.0",
    cwd: "/home/me",
    now: () => new Date(2026, 10, 26, 12, 53, 14),
    keys: true,
    width: () => undefined,
    ...options,
  });
}

const watching: Watching = {
  event: "watching",
  nodes: [
    {
      rpcFile: target.node,
      lightningDir: "/l1",
      network: "regtest",
      version: "v26.06.6",
      id: "03daf89ae6af240e",
      alias: "l1",
      embedded: false,
    },
  ],
  plugins: [
    {
      plugin: "hello.py",
      path: target.path,
      files: "*.py under /home/me",
      options: ["foo_opt=BAR", "api-key=***"],
      commands: [
        { name: "build", command: "make all", from: "/home/me/package.json" },
        { name: "run", command: "pytest -q", from: undefined },
      ],
    },
  ],
  settings: "/home/me/package.json",
  control: undefined,
};
const failed: Failed = {
  event: "failed",
  ...target,
  cause: "file",
  files: [target.path],
  phase: "start",
  code: -3,
  message: "/home/me/hello.py: exited before replying to getmanifest",
  reason: "it crashed at /home/me/hello.py:12: NameError: name 'answer' is not defined",
  fix: "Fix that line and save",
  findings: [
    { kind: "heading", text: "NameError: name 'answer' is not defined" },
    { kind: "own-frame", text: "/home/me/hello.py:12 in main" },
    { kind: "quote", text: "print(answer)" },
    { kind: "note", text: "Run once offline: it exited with code 1" },
  ],
  running: true,
  totalMs: 80,
};
const reloaded: WatchEvent = {
  event: "reloaded",
  ...target,
  cause: "file",
  files: [target.path, "/home/me/lib/a.py"],
  totalMs: 1234,
  stopMs: 3,
  startMs: 31.4,
  buildMs: 900,
  takenOver: ["foo_opt"],
};
const called: WatchEvent = {
  event: "called",
  ...target,
  call: "hello",
  ok: true,
  result: '{"greeting":"Hi","count":12345678901234567890}',
  before: undefined,
  log: [],
};
const log: WatchEvent = {
  event: "log",
  node: target.node,
  plugin: "hello.py",
  level: "unusual",
  text: "two\nlines",
  time: undefined,
};

const table: readonly (readonly [WatchEvent, narrow: string, wide: string])[] = [
  [
    watching,
    `cln-dev 0.1.0
  node      regtest  v26.06.6  03daf89a
            /l1/regtest/lightning-rpc
  plugin    hello.py  foo_opt=BAR  api-key=***
  files     *.py under this folder
  build     make all  (from package.json)
  run       pytest -q
  settings  package.json
  r reload   q quit   ? help
`,
    `cln-dev 0.1.0
  node      regtest  v26.06.6  03daf89a  /l1/regtest/lightning-rpc
  plugin    hello.py  foo_opt=BAR  api-key=***
  files     *.py under this folder
  build     make all  (from package.json)
  run       pytest -q
  settings  package.json
  r reload   q quit   ? help
`,
  ],
  [
    reloaded,
    `12:53:14  ✓ hello.py reloaded in 1.2 s   build 900 ms   stop
            3 ms   start 31 ms   kept foo_opt   lib/a.py`,
    `12:53:14  ✓ hello.py reloaded in 1.2 s   build 900 ms   stop 3 ms   start 31 ms   kept foo_opt
            lib/a.py`,
  ],
  [
    failed,
    `12:53:14  ✗ hello.py did not start: (-3) exited before
            replying to getmanifest
          it crashed at hello.py:12: NameError: name
          'answer' is not defined
          Fix that line and save
            /home/me/hello.py:12 in main
              print(answer)
            Run once offline: it exited with code 1
          the previous version is still running`,
    `12:53:14  ✗ hello.py did not start: (-3) exited before replying to getmanifest
          it crashed at hello.py:12: NameError: name 'answer' is not defined
          Fix that line and save
            /home/me/hello.py:12 in main
              print(answer)
            Run once offline: it exited with code 1
          the previous version is still running`,
  ],
  [
    {
      event: "refused",
      ...target,
      kind: "plugin-not-executable",
      message: "/home/me/hello.py is not executable",
      fix: "chmod +x /home/me/hello.py",
      running: false,
      exitCode: 1,
    },
    "12:53:14  ! hello.py is not executable\n          chmod +x hello.py",
    "12:53:14  ! hello.py is not executable\n          chmod +x hello.py",
  ],
  [
    { event: "node-gone", node: target.node, message: "socket not found" },
    "12:53:14  ✗ the node is gone (socket not found); waiting for\n            it",
    "12:53:14  ✗ the node is gone (socket not found); waiting for it",
  ],
  [
    { event: "plugin-died", ...target, stopped: true, log: [] },
    "12:53:14  ! hello.py was stopped outside cln-dev; save or\n            press r to start it again",
    "12:53:14  ! hello.py was stopped outside cln-dev; save or press r to start it again",
  ],
  [
    { event: "manifest", ...target, added: ["method a"], removed: ["option b"], changed: ["c"] },
    "          changed: +method a  -option b  ~c",
    "          changed: +method a  -option b  ~c",
  ],
  [
    called,
    `          → hello   { "greeting": "Hi", "count":
          12345678901234567890 }`,
    `          → hello   { "greeting": "Hi", "count": 12345678901234567890 }`,
  ],
  [
    { ...called, call: "list", result: `{"list":[1,2],"name":"${"x".repeat(50)}"}` },
    `          → list
            {
               "list": [
                  1,
                  2
               ],
               "name":
               "${"x".repeat(44)}
               ${"x".repeat(6)}"
            }`,
    `          → list
            {
               "list": [
                  1,
                  2
               ],
               "name": "${"x".repeat(50)}"
            }`,
  ],
  [
    { ...called, result: '{"greeting":"Hello","count":1}', before: '{"greeting":"Hi","count":1}' },
    `          → hello
              {
            -    "greeting": "Hi",
            +    "greeting": "Hello",
                 "count": 1
              }`,
    `          → hello
              {
            -    "greeting": "Hi",
            +    "greeting": "Hello",
                 "count": 1
              }`,
  ],
  [
    { ...called, result: "{}", before: "{ }" },
    "          → hello   {}   same as before",
    "          → hello   {}   same as before",
  ],
  [
    { ...called, ok: false, result: '{"code":-32602,"message":"no\\u001b[2J"}', log: ["why"] },
    "          ✗ hello   (-32602) no\\x1b[2J\n            why",
    "          ✗ hello   (-32602) no\\x1b[2J\n            why",
  ],
  [
    {
      event: "ran",
      ...target,
      command: "pytest -q",
      ok: false,
      ending: "exit code 1",
      output: "F.\n\n1 failed",
      ms: 2100,
    },
    "          ✗ pytest -q   exit code 1   2.1 s\n            F.\n            1 failed",
    "          ✗ pytest -q   exit code 1   2.1 s\n            F.\n            1 failed",
  ],
  [
    log,
    "          hello.py unusual: two\n            lines",
    "          hello.py unusual: two\n            lines",
  ],
  [
    { event: "ended", running: ["hello.py"] },
    "stopped watching; hello.py is still running",
    "stopped watching; hello.py is still running",
  ],
];

describe.each(table)("%j", (event, narrow, wide) => {
  it.each([
    [60, narrow],
    [100, wide],
  ])("%d columns", (columns, lines) => {
    expect(
      open({ width: () => columns })
        .of(event)
        .join("\n"),
    ).toBe(lines);
  });
});

it("separates reloads by a blank line, and shows an identical failure in one line", () => {
  const lines = open();
  const reloading: WatchEvent = { event: "reloading", ...target, cause: "file", files: [] };
  const of = (event: WatchEvent) => [...lines.of(reloading), ...lines.of(event)];
  lines.of(watching);
  expect(of(failed)[0]).toMatch(/^12:53:14 {2}✗ hello.py did not start/);
  expect(of({ ...failed, totalMs: 81, cause: "key" })).toEqual([
    "",
    "12:53:14  ✗ hello.py did not start: it crashed at hello.py:12: NameError: name 'answer' is not defined (same as before)",
  ]);
  expect(of({ ...failed, reason: "it crashed at /home/me/hello.py:13" })).toHaveLength(9);
  expect(of(reloaded).join("\n")).toMatch(/^\n12:53:14 {2}✓/);
  expect(of({ ...failed, reason: "it crashed at /home/me/hello.py:13" })).toHaveLength(9);
});

it("--quiet prints failures only", () => {
  const lines = open({ quiet: true });
  const bad = { ...called, ok: false, result: '{"code":1,"message":"no"}' };
  const quiet = [watching, reloaded, called, log, { event: "ended", running: [] } as const];
  expect(quiet.flatMap((event) => lines.of(event))).toEqual([]);
  expect([failed, bad].map((event) => lines.of(event).length > 0)).toEqual([true, true]);
});

it("sums up a flood of log lines, and leaves a failure in sight", () => {
  let ms = 0;
  const lines = open({ now: () => new Date(ms) });
  const shown: string[] = [];
  for (let count = 0; count < 20_000; count++) {
    ms = count / 200;
    shown.push(...lines.of({ ...log, text: `spam ${count}` }));
  }
  expect(shown).toHaveLength(20);
  expect(lines.of(failed).slice(0, 1)).toEqual(["          hello.py logged 19980 more lines"]);
  // It never ends: nothing more is shown.
  const later = Array.from({ length: 2000 }, (_, count) => {
    ms = 100 + 5 * count;
    return lines.of({ ...log, text: "spam" });
  });
  expect(later.flat().length).toBeLessThanOrEqual(20);
  ms += 5000;
  expect(lines.of({ ...log, text: "calm" })).toEqual(["          hello.py unusual: calm"]);
});

it("colours by weight: broken red, unusual magenta, the place in the code underlined", () => {
  const paint = pc.createColors(true);
  const lines = open({ paint });
  const text = (level: string) => lines.of({ ...log, level, text: "x" })[0];
  expect(text("broken")).toContain(paint.red("x"));
  expect(text("unusual")).toContain(paint.magenta("x"));
  expect(lines.of(failed).join("\n")).toContain(
    paint.bold(paint.underline("/home/me/hello.py:12 in main")),
  );
  const every = table.flatMap(([event]) => lines.of(event)).join("\n");
  // Yellow and cyan cannot be read on white.
  expect(every).not.toMatch(new RegExp(`${String.fromCharCode(27)}\\[(?:33|36|9\\d)m`));
});

it("shows in ASCII where the locale has no more", () => {
  const lines = open({ marks: { good: "+", bad: "x", warn: "!", step: "-", arrow: "->" } });
  const all = table.flatMap(([event]) => lines.of(event)).join("\n");
  expect([...all].filter((char) => char > "~")).toEqual([]);
});

it("takes large and deep results in no time, and in few lines", () => {
  const deep = `${"[".repeat(20_000)}${"]".repeat(20_000)}`;
  const large = (n: number) =>
    JSON.stringify(Array.from({ length: 60_000 }, (_, i) => ({ a: i + n, b: "x".repeat(30) })));
  const lines = open();
  const begun = performance.now();
  expect(lines.of({ ...called, result: deep }).at(-1)).toMatch(/\.\.\. \(40 kB in all\)$/);
  expect(lines.of({ ...called, before: deep, result: `${deep} ` })).toHaveLength(1);
  expect(lines.of({ ...called, result: large(1) })).toHaveLength(202);
  expect(lines.of({ ...called, before: large(1), result: large(2) }).at(-1)).toMatch(
    /changed \(2\.9 MB, too large to compare\)$/,
  );
  expect(performance.now() - begun).toBeLessThan(2000);
});
