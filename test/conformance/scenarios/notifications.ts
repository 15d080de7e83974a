/** Notifications between the node and its plugins. */
import { expect } from "vitest";
import { isRecord, type Json } from "../harness/json.js";
import type { NodeUnderTest } from "../harness/node-under-test.js";
import { topic } from "../harness/scenario.js";
import type { PluginSpec, ScriptedPlugin } from "../harness/scripted-plugin.js";

/** A plugin whose method `send` sends a notification. */
function sender(node: NodeUnderTest, message: { [key: string]: Json }, topics: readonly string[]) {
  return node.started(
    node.plugin("sender.py", {
      methods: ["send"],
      manifest: { notifications: topics.map((method) => ({ method })) },
      steps: { send: [{ notify: message }, { result: {} }] },
    }),
  );
}

function listener(node: NodeUnderTest, topics: readonly string[], spec: PluginSpec = {}) {
  return node.started(
    node.plugin("listener.py", { methods: ["mark"], ...spec, subscriptions: topics }),
  );
}

/** What it has got when all before this moment has reached it. */
async function heard(node: NodeUnderTest, plugin: ScriptedPlugin): Promise<Json[]> {
  await node.call("mark");
  return plugin
    .received()
    .filter(({ id }) => id === undefined)
    .map(({ message }) => message);
}

topic("notifications", (scenario) => {
  scenario(
    "one of a plugin's own reaches those that subscribe, with its origin",
    async (node) => {
      const ear = await listener(node, ["mine"]);
      await sender(node, { method: "mine", params: { a: [1, "two"] } }, ["mine"]);
      await node.call("send");
      const messages = await heard(node, ear);
      expect(messages).toEqual([
        { jsonrpc: "2.0", method: "mine", origin: "sender.py", params: { a: [1, "two"] } },
      ]);
      return messages;
    },
    { since: "25.09" },
  );

  for (const params of ["a word", 5, null, [1, 2], []] as const) {
    scenario(
      `params of it may be ${JSON.stringify(params)}`,
      async (node) => {
        const ear = await listener(node, ["mine"]);
        await sender(node, { method: "mine", params: params as Json, more: 1 }, ["mine"]);
        await node.call("send");
        return heard(node, ear);
      },
      { since: "25.09" },
    );
  }

  scenario("without params it kills the sender", async (node) => {
    await sender(node, { method: "mine" }, ["mine"]);
    const answer = await node.call("send");
    return { answer, log: node.logLines("plugin-sender.py") };
  });

  scenario("one that was not declared is not passed on", async (node) => {
    const ear = await listener(node, ["undeclared"]);
    await sender(node, { method: "undeclared", params: {} }, ["mine"]);
    const answer = await node.call("send");
    expect(answer).toEqual({ result: {} });
    const log = node.logLines("plugin-sender.py");
    expect(log).toEqual([
      'UNUSUAL plugin-sender.py: Plugin attempted to send a notification to topic "undeclared" it hasn\'t declared in its manifest, not forwarding to subscribers.',
    ]);
    return { messages: await heard(node, ear), log };
  });

  scenario("one of lightningd's topics cannot be sent by a plugin", async (node) => {
    const ear = await listener(node, ["connect"]);
    await sender(node, { method: "connect", params: {} }, []);
    await node.call("send");
    return { messages: await heard(node, ear), log: node.logLines("plugin-sender.py") };
  });

  scenario("nobody needs to listen", async (node) => {
    await sender(node, { method: "mine", params: {} }, ["mine"]);
    const answer = await node.call("send");
    return { answer, log: node.logLines("plugin-sender.py") };
  });

  scenario(
    "the sender gets its own, if it subscribes",
    async (node) => {
      const plugin = await node.started(
        node.plugin("sender.py", {
          methods: ["send", "mark"],
          subscriptions: ["mine"],
          manifest: { notifications: [{ method: "mine" }] },
          steps: { send: [{ notify: { method: "mine", params: {} } }, { result: {} }] },
        }),
      );
      await node.call("send");
      const { message } = await plugin.receives("mine");
      return message;
    },
    { since: "25.09" },
  );

  scenario("a topic that is subscribed to twice comes twice", async (node) => {
    const ear = await listener(node, ["mine", "mine"]);
    await sender(node, { method: "mine", params: {} }, ["mine"]);
    await node.call("send");
    const messages = await heard(node, ear);
    expect(messages).toHaveLength(2);
    return messages;
  });

  scenario("a topic that nobody has announced is warned of", async (node) => {
    await listener(node, ["nosuch"]);
    const log = node.logLines("plugin-listener.py");
    expect(log).toContain(
      "UNUSUAL plugin-listener.py: topic 'nosuch' is not a known notification topic",
    );
    return log;
  });

  scenario("a topic that another plugin has announced is not", async (node) => {
    await sender(node, { method: "mine", params: {} }, ["mine"]);
    await listener(node, ["mine"]);
    expect(node.logLines("plugin-listener.py")).toEqual([]);
    return {};
  });

  scenario("the warning comes again with each start of any plugin", async (node) => {
    await listener(node, ["nosuch"]);
    await node.started(node.plugin("other.py"));
    return node.logLines("plugin-listener.py");
  });

  scenario(
    "a plugin's start and end are told to the others",
    async (node) => {
      const ear = await listener(node, ["plugin_started", "plugin_stopped"]);
      const plugin = await node.started(node.plugin("p.py", { methods: ["b-method", "a-method"] }));
      await node.stop(plugin);
      const messages = await heard(node, ear);
      const payload = {
        plugin_name: "p.py",
        plugin_path: "<folder>/p.py",
        methods: ["b-method", "a-method"],
      };
      expect(messages.slice(-2)).toEqual([
        { jsonrpc: "2.0", method: "plugin_started", params: { plugin_started: payload } },
        { jsonrpc: "2.0", method: "plugin_stopped", params: { plugin_stopped: payload } },
      ]);
      return messages;
    },
    { since: "25.02" },
  );

  scenario(
    "a plugin hears of its own start",
    async (node) => {
      const ear = await listener(node, ["plugin_started"]);
      return heard(node, ear);
    },
    { since: "25.02" },
  );

  scenario(
    "of a start that failed in its manifest",
    async (node) => {
      const ear = await listener(node, ["plugin_started", "plugin_stopped"]);
      await node.start(node.plugin("p.py", { methods: ["m"], hooks: ["nosuch"] }));
      return heard(node, ear);
    },
    { since: "25.02" },
  );

  scenario(
    "of a plugin that exits before its manifest",
    async (node) => {
      const ear = await listener(node, ["plugin_started", "plugin_stopped"]);
      await node.start(node.plugin("p.py", { begin: [{ exit: 1 }] }));
      return heard(node, ear);
    },
    { since: "25.02" },
  );

  scenario(
    "of a plugin that disables itself at init",
    async (node) => {
      const ear = await listener(node, ["plugin_started", "plugin_stopped"]);
      await node.start(
        node.plugin("p.py", { methods: ["m"], steps: { init: [{ result: { disable: "no" } }] } }),
      );
      return heard(node, ear);
    },
    { since: "25.02" },
  );

  scenario(
    "`*` is all of them",
    async (node) => {
      const ear = await listener(node, ["*"]);
      await sender(node, { method: "mine", params: { a: 1 } }, ["mine"]);
      await node.call("send");
      await node.stop("sender.py");
      const messages = await heard(node, ear);
      const topics = messages.map((message) =>
        isRecord(message) ? (message.method ?? null) : null,
      );
      expect(topics).toEqual(["plugin_started", "plugin_started", "mine", "plugin_stopped"]);
      return messages;
    },
    { since: "25.09" },
  );

  scenario(
    "`*` and a topic by name: both",
    async (node) => {
      const ear = await listener(node, ["*", "mine"]);
      await sender(node, { method: "mine", params: {} }, ["mine"]);
      await node.call("send");
      const messages = await heard(node, ear);
      return messages.filter((message) => isRecord(message) && message.method === "mine");
    },
    { since: "25.09" },
  );

  scenario("`*` is not the log", async (node) => {
    const ear = await listener(node, ["*"]);
    await node.started(
      node.plugin("p.py", {
        methods: ["talk"],
        steps: { talk: [{ log: { message: "a word" } }, { result: {} }] },
      }),
    );
    await node.call("talk");
    const messages = await heard(node, ear);
    expect(messages.some((message) => isRecord(message) && message.method === "log")).toBe(false);
    return messages;
  });

  scenario(
    "a plugin that has not initialised gets none",
    async (node) => {
      const plugin = node.plugin("late.py", {
        subscriptions: ["mine"],
        steps: { init: [{ hold: "go" }, { result: {} }] },
      });
      await sender(node, { method: "mine", params: { at: "init" } }, ["mine"]);
      const start = node.start(plugin);
      await plugin.receives("init");
      await node.call("send");
      plugin.open("go");
      await start;
      await node.call("send");
      await plugin.receives("mine");
      expect(plugin.received("mine")).toHaveLength(1);
      return plugin.received("mine").map(({ message }) => message);
    },
    { since: "25.09" },
  );
});
