/** The `filter` of a request. */
import { expect } from "vitest";
import type { Json } from "../harness/json.js";
import type { NodeUnderTest } from "../harness/node-under-test.js";
import { topic } from "../harness/scenario.js";

async function filtered(
  node: NodeUnderTest,
  method: string,
  params: Json,
  filter: Json,
): Promise<Json> {
  const client = node.connect();
  client.send(JSON.stringify({ jsonrpc: "2.0", id: 1, method, params, filter }));
  const [text = ""] = await client.messages(1);
  return node.readMessage(text);
}

topic("filter", (scenario) => {
  const cases: readonly [string, Json, Json | undefined][] = [
    [
      "one field of the entries of an array",
      { plugins: [{ name: true }] },
      { plugins: [{ name: "<folder>/p.py" }] },
    ],
    ["a field at the top", { command: true }, { command: "list" }],
    [
      "a whole array by true",
      { plugins: true },
      { plugins: [{ name: "<folder>/p.py", active: true, dynamic: true }] },
    ],
    ["a field that there is not", { nosuch: true }, {}],
    ["false instead of true", { command: false }, undefined],
    ["a number", { command: 1 }, undefined],
    ["an array where there is a string", { command: [{ a: true }] }, undefined],
    ["an array of two", { plugins: [{ name: true }, { active: true }] }, undefined],
    ["an empty array", { plugins: [] }, undefined],
    ["a string as filter", "plugins", undefined],
    ["an array as filter", [{ plugins: true }], undefined],
    ["null as filter", null, undefined],
  ];
  for (const [name, filter, result] of cases) {
    scenario(name, async (node) => {
      await node.started(node.plugin("p.py"));
      const answer = await filtered(node, "plugin", ["list"], filter);
      if (result !== undefined) expect(answer).toEqual({ jsonrpc: "2.0", id: 1, result });
      return answer;
    });
  }

  scenario("is passed on to a plugin, which has to do it itself", async (node) => {
    const plugin = await node.started(
      node.plugin("p.py", { methods: ["m"], steps: { m: [{ result: { a: 1, b: 2 } }] } }),
    );
    const answer = await filtered(node, "m", {}, { a: true });
    expect(answer).toEqual({ jsonrpc: "2.0", id: 1, result: { a: 1, b: 2 } });
    const { message } = await plugin.receives("m");
    expect(message.filter).toEqual({ a: true });
    return { answer, message };
  });
});
