/** The hook `rpc_command`, and hooks as such. */
import { expect } from "vitest";
import { at, type Json, listAt, textAt } from "../harness/json.js";
import type { NodeUnderTest } from "../harness/node-under-test.js";
import { topic } from "../harness/scenario.js";
import type { Action, ScriptedPlugin } from "../harness/scripted-plugin.js";

/** A plugin that decides over calls of `victim` only: another filter could lock the scenario out. */
function judge(
  node: NodeUnderTest,
  actions: readonly Action[],
  name = "judge.py",
): Promise<ScriptedPlugin> {
  return node.started(
    node.plugin(name, {
      hooks: [{ name: "rpc_command", filters: ["victim"] }],
      steps: { rpc_command: actions },
    }),
  );
}

/** Goes on, and leaves a trace of having been asked. */
const ASKED: readonly Action[] = [
  { log: { message: "was asked" } },
  { result: { result: "continue" } },
];

function victim(node: NodeUnderTest): Promise<ScriptedPlugin> {
  return node.started(
    node.plugin("victim.py", {
      methods: ["victim", "other"],
      steps: { victim: [{ result: { victim: true } }], other: [{ echo: true }] },
    }),
  );
}

topic("rpc_command", (scenario) => {
  scenario("continue: the call goes on as if nothing were", async (node) => {
    await victim(node);
    const plugin = await judge(node, [{ result: { result: "continue" } }]);
    const client = node.connect();
    client.send('{"jsonrpc":"2.0","id":"x","method":"victim","params":{"a":1.50},"more":true}');
    const [text = ""] = await client.messages(1);
    const { message, text: asked } = await plugin.receives("rpc_command");
    expect(message).toEqual({
      jsonrpc: "2.0",
      id: "x/cln:rpc_command#N",
      method: "rpc_command",
      params: {
        rpc_command: {
          jsonrpc: "2.0",
          id: "x",
          method: "victim",
          params: { a: 1.5 },
          more: true,
        },
      },
    });
    expect(node.readMessage(text)).toEqual({
      jsonrpc: "2.0",
      id: "x",
      result: { victim: true },
    });
    return { asked, answer: node.readMessage(text) };
  });

  const answers: readonly [string, Json][] = [
    ["return a result", { return: { result: { mine: [1, 2] } } }],
    ["return an error", { return: { error: { code: 77, message: "not today" } } }],
    [
      "return an error with data",
      { return: { error: { code: -1, message: "no", data: { why: 1 } } } },
    ],
    ["return neither", { return: {} }],
    [
      "replace by another method",
      { replace: { jsonrpc: "2.0", id: "y", method: "other", params: { b: 2 } } },
    ],
    [
      "replace by a method of the node",
      { replace: { jsonrpc: "2.0", id: "y", method: "plugin", params: ["stop", "nosuch"] } },
    ],
    [
      "replace by an unknown method",
      { replace: { jsonrpc: "2.0", id: "y", method: "nosuch", params: {} } },
    ],
    ["replace without jsonrpc", { replace: { id: "y", method: "other", params: {} } }],
    ["replace without an id", { replace: { jsonrpc: "2.0", method: "other", params: {} } }],
    ["replace without params", { replace: { jsonrpc: "2.0", id: "y", method: "other" } }],
    ["replace without a method", { replace: { jsonrpc: "2.0", id: "y", params: {} } }],
    ["an empty answer", {}],
    ["a word", "continue"],
    ["null", null],
    // Last: from here on lightningd repeats this complaint if it has no other.
    ["continue in another word", { result: "go on" }],
  ];
  for (const [name, result] of answers) {
    scenario(name, async (node) => {
      await victim(node);
      await judge(node, [{ result }]);
      const client = node.connect();
      client.send('{"jsonrpc":"2.0","id":"x","method":"victim","params":[]}');
      const [text = ""] = await client.messages(1);
      return { answer: node.readMessage(text), log: brokenLines(node) };
    });
  }

  scenario("replace by a word", async (node) => {
    await victim(node);
    await judge(node, [{ result: { replace: "other" } }]);
    const answer = await node.call("victim");
    const message = textAt(answer, "error", "message");
    expect(message).toMatch(/^Bad response to 'rpc_command' hook: 'replace' must be an object \("/);
    // What lightningd quotes then runs on into whatever is behind the word.
    return { code: at(answer, "error", "code") };
  });

  scenario("return a word as result", async (node) => {
    await victim(node);
    await judge(node, [{ result: { return: { result: "mine" } } }]);
    const client = node.connect();
    client.send('{"jsonrpc":"2.0","id":"x","method":"victim","params":[]}');
    await client.messages(1);
    return { text: client.text };
  });

  scenario(
    "a call of another method does not reach a filtered hook",
    async (node) => {
      await victim(node);
      const plugin = await judge(node, [{ result: { return: { result: 1 } } }]);
      const answer = await node.call("other");
      expect(plugin.received("rpc_command")).toEqual([]);
      return answer;
    },
    { since: "25.12" },
  );

  scenario("without a filter it is asked of everything", async (node) => {
    await victim(node);
    const plugin = await node.started(
      node.plugin("judge.py", { hooks: ["rpc_command"], methods: ["mark"] }),
    );
    await node.call("victim");
    await node.call("plugin", ["list"]);
    await node.call("mark");
    const methods = plugin
      .received("rpc_command")
      .map(({ params }) => at(params, "rpc_command", "method"));
    expect(methods).toEqual(["victim", "plugin", "mark"]);
    return methods;
  });

  scenario("of an unknown method it is not asked", async (node) => {
    const plugin = await node.started(node.plugin("judge.py", { hooks: ["rpc_command"] }));
    const answer = await node.call("nosuch");
    expect(plugin.received("rpc_command")).toEqual([]);
    return answer;
  });

  scenario("two in a row: the second is asked of the request as it came", async (node) => {
    await victim(node);
    const first = await judge(node, [{ result: { result: "continue" } }], "first.py");
    const second = await judge(node, [{ result: { return: { result: 2 } } }], "second.py");
    const answer = await node.call("victim", { a: 1 });
    expect(answer).toEqual({ result: 2 });
    return {
      answer,
      asked: [first, second].map((plugin) =>
        plugin.received("rpc_command").map((m) => m.params ?? null),
      ),
    };
  });

  scenario("`before` puts the later one first", async (node) => {
    await victim(node);
    await judge(node, ASKED, "first.py");
    await node.started(
      node.plugin("second.py", {
        hooks: [{ name: "rpc_command", filters: ["victim"], before: ["first.py"] }],
        steps: { rpc_command: ASKED },
      }),
    );
    await node.call("victim");
    const order = askedOrder(node);
    expect(order).toEqual(["second.py", "first.py"]);
    return order;
  });

  scenario("else they are asked in the order of their starts", async (node) => {
    await victim(node);
    for (const name of ["b.py", "a.py", "c.py"]) await judge(node, ASKED, name);
    await node.call("victim");
    const order = askedOrder(node);
    expect(order).toEqual(["b.py", "a.py", "c.py"]);
    return order;
  });

  scenario("`after` one that is not there counts for nothing", async (node) => {
    await victim(node);
    await node.started(
      node.plugin("judge.py", {
        hooks: [{ name: "rpc_command", filters: ["victim"], after: ["nosuch.py"] }],
      }),
    );
    return { answer: await node.call("victim"), log: node.logLines("plugin-judge.py") };
  });

  scenario("a circle of `before` is refused", async (node) => {
    await node.started(
      node.plugin("first.py", {
        hooks: [{ name: "rpc_command", filters: ["victim"], before: ["second.py"] }],
      }),
    );
    const answer = await node.start(
      node.plugin("second.py", {
        hooks: [{ name: "rpc_command", filters: ["victim"], before: ["first.py"] }],
      }),
    );
    expect(at(answer, "error", "message")).toBe(
      "<folder>/second.py: Cannot meet required hook dependencies",
    );
    return { answer, list: await node.list() };
  });

  scenario("a plugin that is stopped while it is asked: continue", async (node) => {
    await victim(node);
    const plugin = await judge(node, [{ hold: "never" }]);
    const call = node.call("victim");
    await plugin.receives("rpc_command");
    await node.stop(plugin);
    const answer = await call;
    expect(answer).toEqual({ result: { victim: true } });
    const log = node.logLines().filter((line) => line.includes("hook call"));
    return { answer, log };
  });

  scenario("so for one that exits while it is asked", async (node) => {
    await victim(node);
    await judge(node, [{ exit: 1 }]);
    const answer = await node.call("victim");
    expect(answer).toEqual({ result: { victim: true } });
    return { answer, log: node.logLines("plugin-judge.py") };
  });

  scenario("after a reload its place is the last", async (node) => {
    await victim(node);
    const first = await judge(node, ASKED, "first.py");
    await judge(node, ASKED, "second.py");
    await node.stop(first);
    await node.started(first);
    await node.call("victim");
    const order = askedOrder(node);
    expect(order).toEqual(["second.py", "first.py"]);
    return order;
  });

  scenario("a hook of its own calls the node", async (node) => {
    await victim(node);
    const plugin = await node.started(
      node.plugin("judge.py", {
        hooks: [{ name: "rpc_command", filters: ["victim"] }],
        steps: {
          rpc_command: [
            { rpc: { method: "plugin", params: ["list"] } },
            { result: { result: "continue" } },
          ],
        },
      }),
    );
    const answer = await node.call("victim");
    const own = await plugin.rpcAnswer();
    expect(listAt(own, "result", "plugins").length).toBeGreaterThan(1);
    return answer;
  });
});

/** The plugins that were asked, in that order. */
function askedOrder(node: NodeUnderTest): string[] {
  return node.logLines().flatMap((line) => /plugin-(\S+): was asked$/.exec(line)?.[1] ?? []);
}

function brokenLines(node: NodeUnderTest): string[] {
  return node.logLines().filter((line) => line.startsWith("**BROKEN**"));
}
