/** What `deprecations` does to a connection. */
import { expect } from "vitest";
import { error, METHOD_NOT_FOUND, PLUGIN_ERROR } from "../harness/answers.js";
import type { Json } from "../harness/json.js";
import type { NodeUnderTest } from "../harness/node-under-test.js";
import { topic } from "../harness/scenario.js";
import type { PluginSpec } from "../harness/scripted-plugin.js";

const OLD: PluginSpec = {
  manifest: {
    rpcmethods: [
      { name: "m-old", usage: "", deprecated: ["v22.11", "v90.01"] },
      { name: "m-over", usage: "", deprecated: ["v22.11", "v23.02"] },
      { name: "m-new", usage: "" },
    ],
  },
};

/** Calls one after the other on one connection that does not want what is deprecated. */
async function strictly(node: NodeUnderTest, methods: readonly string[]): Promise<Json[]> {
  const client = node.connect();
  client.send('{"jsonrpc":"2.0","id":0,"method":"deprecations","params":[false]}');
  for (const [index, method] of methods.entries()) {
    client.send(JSON.stringify({ jsonrpc: "2.0", id: index + 1, method, params: [] }));
  }
  return (await client.messages(methods.length + 1)).map((text) => node.readMessage(text));
}

topic("deprecations", (scenario) => {
  scenario("a deprecated method is unknown to who does not want it", async (node) => {
    await node.started(node.plugin("p.py", OLD));
    const answers = await strictly(node, ["m-old"]);
    expect(answers[1]).toEqual({
      jsonrpc: "2.0",
      id: 1,
      ...error(METHOD_NOT_FOUND, 'Command "m-old" is deprecated'),
    });
    return { answers, still: await node.call("m-old") };
  });

  scenario("a method whose time is over", async (node) => {
    await node.started(node.plugin("p.py", OLD));
    return {
      answer: await node.call("m-over"),
      log: node.logLines().filter((line) => line.includes("m-over")),
    };
  });

  scenario("help does not show them to who does not want them", async (node) => {
    await node.started(node.plugin("p.py", OLD));
    return [await node.call("help", ["m-old"]), await node.call("help", ["m-over"])];
  });

  scenario(
    "a plugin hears of a call that wants otherwise than the node",
    async (node) => {
      const plugin = await node.started(
        node.plugin("p.py", { methods: ["m"], subscriptions: ["deprecated_oneshot"] }),
      );
      await strictly(node, ["m"]);
      await node.call("m");
      const messages = plugin
        .received()
        .map(({ message }) => message)
        .slice(2);
      expect(messages.map(({ method }) => method)).toEqual(["deprecated_oneshot", "m", "m"]);
      return messages;
    },
    { since: "24.02" },
  );

  scenario(
    "an option whose time is over is refused at the start",
    async (node) => {
      const plugin = node.plugin("p.py", {
        options: [
          { name: "d-over", type: "string", description: "d", deprecated: ["v22.11", "v23.02"] },
        ],
      });
      const without = await node.start(plugin);
      await node.stop(plugin);
      const answer = await node.start(plugin, { "d-over": "x" });
      expect(answer).toEqual(
        error(PLUGIN_ERROR, "<folder>/p.py: deprecated option (will be removed!)"),
      );
      return { without, answer };
    },
    { since: "24.02" },
  );
});
