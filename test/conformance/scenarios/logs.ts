/** What plugins log, the log file, and `getlog`. */
import { readFileSync } from "node:fs";
import { expect } from "vitest";
import { at, isRecord, type Json, listAt, textAt } from "../harness/json.js";
import type { NodeUnderTest } from "../harness/node-under-test.js";
import { topic } from "../harness/scenario.js";
import type { Action } from "../harness/scripted-plugin.js";
import { until } from "../harness/until.js";

/** A plugin that logs, then is still there; gives its lines. */
async function logged(
  node: NodeUnderTest,
  actions: readonly Action[],
  name = "p.py",
): Promise<string[]> {
  await node.started(
    node.plugin(name, { methods: ["talk"], steps: { talk: [...actions, { result: {} }] } }),
  );
  const answer = await node.call("talk");
  expect(answer).toEqual({ result: {} });
  return node.logLines(`plugin-${name}`);
}

function log(message: Json, level?: Json): Action {
  return { log: level === undefined ? { message } : { level, message } };
}

topic("logs", (scenario) => {
  const levels: readonly [string, string][] = [
    ["debug", "DEBUG   "],
    ["info", "INFO    "],
    ["unusual", "UNUSUAL "],
    ["warn", "UNUSUAL "],
    ["broken", "**BROKEN** "],
    ["error", "**BROKEN** "],
    ["INFO", "INFO    "],
    ["Error", "**BROKEN** "],
  ];
  for (const [level, prefix] of levels) {
    scenario(`the level ${level}`, async (node) => {
      await logged(node, [log("a word", level)]);
      const lines = allOf(node);
      expect(lines).toEqual([`${prefix}plugin-p.py: a word`]);
      return lines;
    });
  }

  scenario(
    "the level trace is below the file's",
    async (node) => {
      const lines = await logged(node, [log("a word", "trace"), log("another", "info")]);
      expect(lines).toEqual(["INFO    plugin-p.py: another"]);
      return lines;
    },
    { since: "24.05" },
  );

  scenario("without a level it is info", async (node) => {
    const lines = await logged(node, [log("a word")]);
    expect(lines).toEqual(["INFO    plugin-p.py: a word"]);
    return lines;
  });

  const killed: readonly [string, Json, string | undefined][] = [
    [
      "an unknown level",
      { level: "loud", message: "a word" },
      'Unknown log-level "loud", valid values are "trace", "debug", "info", "warn", or "error".',
    ],
    ["the level io", { level: "io", message: "a word" }, undefined],
    ["an empty level", { level: "", message: "a word" }, undefined],
    ["a number as level", { level: 3, message: "a word" }, undefined],
    ["null as level", { level: null, message: "a word" }, undefined],
    [
      "no message",
      { level: "info" },
      `Log notification from plugin doesn't have a string "message" field`,
    ],
    [
      "a number as message",
      { message: 5 },
      `Log notification from plugin doesn't have a string "message" field`,
    ],
    ["an array as params", ["info", "a word"], undefined],
    ["a string as params", "a word", undefined],
  ];
  for (const [name, params, reason] of killed) {
    scenario(`${name} kills the plugin`, async (node) => {
      await node.started(
        node.plugin("p.py", { methods: ["talk"], steps: { talk: [{ log: params }] } }),
      );
      const answer = await node.call("talk");
      expect(at(answer, "error", "code")).toBe(-4);
      const lines = node.logLines("plugin-p.py");
      if (reason !== undefined) {
        expect(lines).toEqual([`UNUSUAL plugin-p.py: Killing plugin: ${reason}`]);
      }
      return { answer, lines, list: await node.list() };
    });
  }

  const texts: readonly [string, string][] = [
    ["several lines", "one\ntwo\n\nthree"],
    ["a newline at the end", "one\n"],
    ["two newlines at the end", "one\n\n"],
    ["nothing but a newline", "\n"],
    ["a newline at the beginning", "\none"],
    ["an empty message", ""],
    ["UTF-8", "né ⚡ 🦀"],
    ["a tab", "a\tb"],
    ["a carriage return", "a\rb"],
    ["an escape character", "a\u001b[31mb"],
    ["quotes and backslashes", 'say "hello" \\ goodbye'],
    ["a slash", "a/b"],
    ["per cent signs", "100% %s %n"],
    ["a long line", "0123456789".repeat(1000)],
    ["blanks around", "  a  "],
  ];
  for (const [name, text] of texts) {
    scenario(`a message with ${name}`, async (node) => {
      const lines = await logged(node, [log(text)]);
      return { lines };
    });
  }

  scenario("a message with an escaped slash and an escaped letter", async (node) => {
    const write = '{"jsonrpc":"2.0","method":"log","params":{"message":"a\\/b \\u0041 c"}}';
    return { lines: await logged(node, [{ write }]) };
  });

  scenario("the file's format: time, level in seven columns, source, text", async (node) => {
    await logged(node, [log("a word", "info")]);
    const text = readFileSync(node.running.logFile, "utf8");
    expect(text).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z INFO {4}plugin-p\.py: a word$/m);
    return {};
  });

  scenario("the file shows when a plugin is started, with its pid", async (node) => {
    await node.started(node.plugin("p.py"));
    const line = await node.logs("started(PID) <folder>/p.py");
    expect(line).toBe("DEBUG   plugin-manager: started(PID) <folder>/p.py");
    return { line };
  });

  scenario("a thousand lines come in order", async (node) => {
    const actions = Array.from({ length: 1000 }, (_, index) => log(`line ${index}`));
    const lines = await logged(node, actions);
    const numbered = lines.filter((line) => /line \d+$/.test(line));
    expect(numbered).toEqual(actions.map((_, index) => `INFO    plugin-p.py: line ${index}`));
    return { count: numbered.length };
  });

  scenario("getlog, to the field", async (node) => {
    await logged(node, [log("at info", "info"), log("at debug", "debug")], "ring-0.py");
    const result = await node.result("getlog");
    expect(isRecord(result) ? Object.keys(result) : []).toEqual([
      "created_at",
      "bytes_used",
      "bytes_max",
      "log",
    ]);
    expect(textAt(result, "created_at")).toMatch(/^\d+\.\d{9}$/);
    const entries = ownEntries(result, "ring-0.py");
    expect(entries).toEqual([
      { type: "INFO", time: "TIME", source: "plugin-ring-0.py", log: "at info" },
    ]);
    return { max: at(result, "bytes_max"), entries };
  });

  for (const level of ["debug", "info", "unusual", "broken", "warn", "error", "DEBUG"]) {
    scenario(`getlog ${level}`, async (node) => {
      await logged(
        node,
        [
          log("at debug", "debug"),
          log("at info", "info"),
          log("at unusual", "unusual"),
          log("at broken", "broken"),
        ],
        `ring-${level}.py`,
      );
      return ownEntries(await node.result("getlog", [level]), `ring-${level}.py`);
    });
  }

  scenario("getlog by keyword", async (node) => {
    await logged(node, [log("at unusual", "unusual")], "ring-2.py");
    return ownEntries(await node.result("getlog", { level: "unusual" }), "ring-2.py");
  });

  scenario(
    "getlog holds what was too low for the file",
    async (node) => {
      await logged(node, [log("at trace", "trace")], "ring-3.py");
      const entries = ownEntries(await node.result("getlog", ["trace"]), "ring-3.py");
      expect(entries).toContainEqual({
        type: "TRACE",
        time: "TIME",
        source: "plugin-ring-3.py",
        log: "at trace",
      });
      return { trace: entries.filter((entry) => at(entry, "type") === "TRACE") };
    },
    { since: "24.05" },
  );

  scenario("getlog shows what went over the pipes at the level io", async (node) => {
    await logged(node, [log("a word")], "ring-4.py");
    const entries = ownEntries(await node.result("getlog", ["io"]), "ring-4.py");
    return [...new Set(entries.map((entry) => textAt(entry, "type")))].sort();
  });

  scenario("getlog with a wrong level", (node) => node.call("getlog", ["loud"]));
  scenario("getlog with a number as level", (node) => node.call("getlog", [5]));
  scenario("getlog with too much", (node) => node.call("getlog", ["info", "more"]));

  scenario(
    "a plugin that subscribes to the log hears of others",
    async (node) => {
      const listener = await node.started(node.plugin("listener.py", { subscriptions: ["log"] }));
      await logged(node, [log("heard", "unusual")]);
      // What others log meanwhile may come first.
      const message = await until("the listener has heard it", () =>
        listenersEntry(listener.received("log").map(({ message }) => message)),
      );
      expect(message).toEqual({
        jsonrpc: "2.0",
        method: "log",
        params: {
          log: {
            level: "unusual",
            time: "TIME",
            timestamp: "TIMESTAMP",
            source: "plugin-p.py",
            log: "heard",
          },
        },
      });
      return message;
    },
    { since: "24.05" },
  );

  scenario("a warning is sent as the notification `warning`", async (node) => {
    const listener = await node.started(node.plugin("listener.py", { subscriptions: ["warning"] }));
    await logged(node, [log("quiet"), log("loud", "warn"), log("louder", "error")]);
    await listener.receives("warning", 2);
    const messages = listener.received("warning").map(({ message }) => withoutTimes(message));
    return messages;
  });
});

/** The lines of the plugin, whatever the width of their level. */
function allOf(node: NodeUnderTest): string[] {
  return node.logLines().filter((line) => line.includes("plugin-p.py: "));
}

/** The entries of a plugin whose name no other scenario uses: the ring remembers them all. */
function ownEntries(result: Json, name: string): Json[] {
  return listAt(result, "log")
    .filter((entry) => isRecord(entry) && entry.source === `plugin-${name}`)
    .map(withoutTimes);
}

function listenersEntry(messages: readonly Json[]): Json | undefined {
  const found = messages.find((message) => JSON.stringify(message).includes('"heard"'));
  return found === undefined ? undefined : withoutTimes(found);
}

function withoutTimes(value: Json): Json {
  const text = JSON.stringify(value)
    .replace(/"time":"\d+\.\d+"/g, '"time":"TIME"')
    .replace(/"timestamp":"[^"]*Z"/g, '"timestamp":"TIMESTAMP"');
  return JSON.parse(text) as Json;
}
