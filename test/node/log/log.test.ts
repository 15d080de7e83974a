import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { followLogs } from "../../../src/node/log/follow.js";
import {
  joinMessages,
  type NodeLogLine,
  parseLogLine,
  parseRing,
} from "../../../src/node/log/log-lines.js";
import { isAtLeast, parseLogLevel } from "../../../src/plugin/log-level.js";

const NODE_ID = `02${"ab".repeat(32)}`;

describe("a line of the log file", () => {
  test.each<[string, Partial<NodeLogLine>]>([
    [
      "2026-11-21T00:29:48.593Z INFO    plugin-x.js: text: with colon",
      {
        time: new Date("2026-11-21T00:29:48.593Z"),
        level: "info",
        source: "plugin-x.js",
        text: "text: with colon",
      },
    ],
    ["2026-11-21T00:29:48.593Z UNUSUAL plugin-x.js: ", { level: "unusual", text: "" }],
    ["2026-11-21T00:29:48.593Z **BROKEN** lightningd: FATAL SIGNAL 11", { level: "broken" }],
    ["2026-11-21T00:29:48.593Z TRACE   gossipd: x", { level: "trace", source: "gossipd" }],
    [
      `2026-11-21T00:29:48.593Z DEBUG   ${NODE_ID}-connectd: hi`,
      { source: `${NODE_ID}-connectd`, text: "hi" },
    ],
    [
      '2026-11-21T00:29:48.593Z INFO    plugin-a.py: Traceback (most recent call last):\\n  File \\"/a.py\\", line 1',
      { text: 'Traceback (most recent call last):\n  File "/a.py", line 1' },
    ],
    [
      '2026-11-21T00:29:48.593Z INFO    plugin-a.py: read C:\\new and "x"',
      { text: 'read C:\\new and "x"' },
    ],
    [
      '2026-11-21T00:29:48.593Z INFO    plugin-a.py: caf\\u00e9\\n\\"x\\"',
      { text: 'caf\u00e9\n"x"' },
    ],
    ["2026-11-21T00:29:48.593Z INFO    plugin-a.py: C:\\users\\new", { text: "C:\\users\\new" }],
    ["DEBUG   plugin-a.py: no timestamp", { time: undefined, text: "no timestamp" }],
    [
      "l1: 2026-11-21T00:29:48.593Z DEBUG   plugin-a.py: a log-prefix",
      { level: "debug", text: "a log-prefix" },
    ],
  ])("%s", (line, expected) => {
    expect(parseLogLine(line)).toMatchObject(expected);
  });

  test.each(["", "random words", "2026-11-21T00:29:48.593Z connectd: [IN] 7b7d"])("not %j", (l) => {
    expect(parseLogLine(l)).toBeUndefined();
  });
});

test("levels by all their names, in order", () => {
  expect(["WARN", "error", "Info", "loud"].map(parseLogLevel)).toEqual([
    "unusual",
    "broken",
    "info",
    undefined,
  ]);
  expect(isAtLeast("unusual", "info")).toBe(true);
  expect(isAtLeast("debug", "info")).toBe(false);
});

test("a message that was cut at its line ends is put together again", () => {
  const time = new Date();
  const line = (text: string, source = "plugin-a.py", ms = 0): NodeLogLine => ({
    time: new Date(time.getTime() + ms),
    level: "info",
    source,
    text,
  });
  const joined = joinMessages([
    line("Traceback (most recent call last):"),
    line('  File "a.py", line 1', "plugin-a.py", 40),
    line("    boom()", "plugin-a.py", 40),
    line("NameError: boom", "plugin-a.py", 80),
    line("another"),
    line("  indented, of another plugin", "plugin-b.py"),
    line("  indented, but later", "plugin-b.py", 500),
  ]);
  expect(joined.map((message) => message.text.split("\n").length)).toEqual([4, 1, 1, 1]);
});

test("getlog's answer", () => {
  const ring = parseRing({
    created_at: "1700000000.000000000",
    log: [
      { type: "SKIPPED", num_skipped: 4 },
      { type: "UNUSUAL", time: "1.000000002", source: "plugin-a.py", log: "m" },
      { type: "IO_IN", time: "1.5", source: "x", log: "", data: "00" },
    ],
  });
  expect(ring?.entries).toHaveLength(1);
  expect(ring?.entries[0]).toMatchObject({
    cursor: 1_000_000_002n,
    line: { level: "unusual", source: "plugin-a.py", text: "m" },
  });
  expect(parseRing([])).toBeUndefined();
});

describe("following", () => {
  let folder: string;
  let stop: AbortController;
  let running: Promise<void> | undefined;
  let server: ReturnType<typeof createServer> | undefined;
  let configs: Record<string, unknown>;
  let ring: { time: string; text: string }[];
  let asked: string[];
  const seen: string[] = [];
  const sources: string[] = [];

  /** A socket that answers the two calls that following makes. */
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "cln-dev-log-"));
    stop = new AbortController();
    seen.length = 0;
    sources.length = 0;
    ring = [];
    asked = [];
    configs = { "log-file": { values_str: ["log"] }, "log-level": { value_str: "debug" } };
    server = createServer((socket) => {
      socket.on("error", () => {});
      socket.on("data", (chunk) => {
        const { id, method, params } = JSON.parse(String(chunk));
        asked.push(`${method} ${params.level ?? ""}`.trim());
        const log = ring.map(({ time, text }) => ({
          type: "INFO",
          time,
          source: "plugin-a.py",
          log: text,
        }));
        const result = method === "getlog" ? { created_at: "1.0", log } : { configs };
        socket.write(`${JSON.stringify({ jsonrpc: "2.0", id, result })}\n\n`);
      });
    });
    await new Promise<void>((resolve) => server?.listen(join(folder, "rpc"), resolve));
  });
  afterEach(async () => {
    stop.abort();
    await running;
    await new Promise((resolve) => server?.close(resolve));
    rmSync(folder, { recursive: true, force: true });
  });

  const log = () => join(folder, "log");
  const line = (text: string, source = "plugin-a.py", level = "INFO   ", time = new Date()) =>
    `${time.toISOString()} ${level} ${source}: ${text}\n`;
  function follow(
    options: { level?: "debug" | "info" | "unusual"; since?: Date; last?: number } = {},
  ) {
    running = followLogs({
      rpcFile: join(folder, "rpc"),
      networkDir: folder,
      pluginNames: ["a.py"],
      level: "info",
      signal: stop.signal,
      onLine: ({ text }) => seen.push(text),
      onSource: (source) => sources.push(source.kind === "file" ? source.path : source.why),
      ...options,
    });
  }
  const sees = (...texts: string[]) =>
    vi.waitFor(() => expect(seen).toEqual(texts), { timeout: 5000, interval: 10 });

  test("a file that grows, is rotated, and is cut", async () => {
    writeFileSync(log(), line("old one") + line("old two"));
    follow({ last: 1 });
    await sees("old two");
    appendFileSync(
      log(),
      line("new") + line("other", "plugin-b.py") + line("low", "plugin-a.py", "DEBUG  "),
    );
    await sees("old two", "new");
    appendFileSync(log(), line("in halves").slice(0, 30));
    appendFileSync(log(), line("in halves").slice(30));
    await vi.waitFor(() => expect(seen.at(-1)).toBe("in halves"), 5000);
    renameSync(log(), join(folder, "log.1"));
    writeFileSync(log(), line("after rotation"));
    await vi.waitFor(() => expect(seen.at(-1)).toBe("after rotation"), 5000);
    truncateSync(log());
    await vi.waitFor(() => {
      writeFileSync(log(), line("after cutting"));
      expect(seen.at(-1)).toBe("after cutting");
    }, 5000);
    expect(sources).toEqual([log()]);
  });

  test.skipIf(!existsSync("/proc/self/io"))(
    "a large file is not read where nothing of what stands in it is asked for",
    async () => {
      const bytesRead = () =>
        Number(/^rchar: (\d+)/.exec(readFileSync("/proc/self/io", "utf8"))?.[1]);
      writeFileSync(log(), line("old".repeat(100)).repeat(20_000) + line("half").slice(0, 30));
      const before = bytesRead();
      follow();
      await vi.waitFor(() => expect(sources).toEqual([log()]), 5000);
      appendFileSync(log(), line("half").slice(30) + line("new"));
      await sees("half", "new");
      expect(bytesRead() - before).toBeLessThan(1024 * 1024);
    },
  );

  test("a message that is read while it is being written is given as one", async () => {
    writeFileSync(log(), line("old"));
    follow({ last: 1 });
    await sees("old");
    const at = new Date();
    const [first, ...others] = ["Traceback:", "  File x", "Error: z"].map((text) =>
      line(text, "plugin-a.py", "INFO   ", at),
    );
    const handle = await open(log());
    const type: FileHandle = Object.getPrototypeOf(handle);
    await handle.close();
    const { read } = type;
    const reads = vi.spyOn(type, "read").mockImplementation(async function (
      this: FileHandle,
      ...of
    ) {
      const done = await read.apply(this, of);
      // All of the first line has been read: only now come the others.
      if (done.bytesRead === 0) for (const other of others.splice(0)) appendFileSync(log(), other);
      return done;
    });
    appendFileSync(log(), first ?? "");
    await sees("old", "Traceback:\n  File x\nError: z");
    reads.mockRestore();
  });

  test("since a moment", async () => {
    const then = new Date(Date.now() - 60_000);
    writeFileSync(log(), line("long ago", "plugin-a.py", "INFO   ", then) + line("just now"));
    follow({ since: new Date(Date.now() - 1000) });
    await sees("just now");
  });

  test("the node's memory, asked seldom, where there is no file", async () => {
    configs = {};
    ring = [{ time: "5.0", text: "before" }];
    follow({ last: 10, level: "debug" });
    await sees("before");
    ring = [...ring, { time: "6.0", text: "after" }];
    await sees("before", "after");
    expect(sources).toEqual(["the node has no log-file"]);
    expect(asked).toEqual(["listconfigs", "getlog debug", "getlog info"]);
  });

  test("the file is not enough where the node writes only higher levels to it", async () => {
    writeFileSync(log(), "");
    configs = { "log-file": { values_str: [log()] }, "log-level": { value_str: "unusual" } };
    follow();
    await vi.waitFor(() => expect(sources).toEqual(["the node's log-level is unusual"]), 5000);
  });
});
