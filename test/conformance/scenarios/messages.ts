/** `message` and `progress`: what a plugin sends the client during a call. */
import { expect } from "vitest";
import { topic } from "../harness/scenario.js";

topic("messages", (scenario) => {
  scenario("reaches the client that asked for notifications", async (node) => {
    await node.started(
      node.plugin("p.py", {
        methods: ["work"],
        steps: {
          work: [
            { message: { params: { level: "info", message: "half way" } } },
            { message: { method: "progress", params: { num: 1, total: 2 } } },
            { result: { done: true } },
          ],
        },
      }),
    );
    const client = node.connect();
    client.send('{"jsonrpc":"2.0","id":1,"method":"notifications","params":{"enable":true}}');
    client.send('{"jsonrpc":"2.0","id":"w","method":"work","params":[]}');
    const messages = (await client.messages(4)).map((text) => node.readMessage(text));
    expect(messages).toEqual([
      { jsonrpc: "2.0", id: 1, result: {} },
      {
        jsonrpc: "2.0",
        method: "message",
        params: { id: "w", level: "info", message: "half way" },
      },
      { jsonrpc: "2.0", method: "progress", params: { id: "w", num: 1, total: 2 } },
      { jsonrpc: "2.0", id: "w", result: { done: true } },
    ]);
    return messages;
  });

  scenario("nobody else gets it", async (node) => {
    await node.started(
      node.plugin("p.py", {
        methods: ["work"],
        steps: {
          work: [{ message: { params: { message: "half way" } } }, { result: { done: true } }],
        },
      }),
    );
    const other = node.connect();
    other.send('{"jsonrpc":"2.0","id":1,"method":"notifications","params":[true]}');
    await other.messages(1);
    const answer = await node.call("work");
    expect(answer).toEqual({ result: { done: true } });
    expect(other.count).toBe(1);
    return answer;
  });

  scenario("switched off again", async (node) => {
    await node.started(
      node.plugin("p.py", {
        methods: ["work"],
        steps: { work: [{ message: { params: { message: "half way" } } }, { result: {} }] },
      }),
    );
    const client = node.connect();
    client.send('{"jsonrpc":"2.0","id":1,"method":"notifications","params":[true]}');
    client.send('{"jsonrpc":"2.0","id":2,"method":"notifications","params":[false]}');
    client.send('{"jsonrpc":"2.0","id":3,"method":"work","params":[]}');
    return (await client.messages(3)).map((text) => node.readMessage(text));
  });

  scenario("without an id kills the plugin", async (node) => {
    await node.started(
      node.plugin("p.py", {
        methods: ["work"],
        steps: { work: [{ notify: { method: "message", params: { message: "to whom?" } } }] },
      }),
    );
    const answer = await node.call("work");
    return { answer, log: node.logLines("plugin-p.py") };
  });

  scenario("for a request that there is not is dropped", async (node) => {
    await node.started(
      node.plugin("p.py", {
        methods: ["work"],
        steps: {
          work: [
            { notify: { method: "message", params: { id: "nobody", message: "?" } } },
            { result: {} },
          ],
        },
      }),
    );
    return node.call("work");
  });

  scenario("notifications wants to know", async (node) => [
    await node.call("notifications"),
    await node.call("notifications", ["yes"]),
    await node.call("notifications", [1]),
    await node.call("notifications", ["true"]),
    await node.call("notifications", { enable: false, more: 1 }),
  ]);
});
