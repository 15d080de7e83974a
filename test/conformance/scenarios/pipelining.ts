/** Several calls on one connection, and connections that end too early. */
import { expect } from "vitest";
import { METHOD_NOT_FOUND } from "../harness/answers.js";
import { at, textAt } from "../harness/json.js";
import type { NodeUnderTest } from "../harness/node-under-test.js";
import { topic } from "../harness/scenario.js";
import { until } from "../harness/until.js";

function request(id: number, method: string, params: string = "[]"): string {
  return `{"jsonrpc":"2.0","id":${id},"method":"${method}","params":${params}}`;
}

topic("pipelining", (scenario) => {
  scenario("a hundred calls at once are answered in order", async (node) => {
    const client = node.connect();
    const ids = Array.from({ length: 100 }, (_, index) => index);
    client.send(ids.map((id) => request(id, "nosuch")).join(""));
    const answers = (await client.messages(100)).map((text) => node.readMessage(text));
    expect(answers.map(({ id }) => id)).toEqual(ids);
    expect(new Set(answers.map((answer) => at(answer, "error", "code")))).toEqual(
      new Set([METHOD_NOT_FOUND]),
    );
    return answers;
  });

  scenario("a quick call overtakes a slow one", async (node) => {
    const plugin = await slowPlugin(node);
    const client = node.connect();
    client.send(request(1, "slow") + request(2, "quick") + request(3, "nosuch"));
    await client.messages(2);
    plugin.open("go");
    const ids = (await client.messages(3)).map((text) => at(node.readMessage(text), "id"));
    expect(ids.at(-1)).toBe(1);
    return { last: ids.at(-1) ?? null };
  });

  scenario("calls on another connection are not held up by a slow one", async (node) => {
    const plugin = await slowPlugin(node);
    const client = node.connect();
    client.send(request(1, "slow"));
    await plugin.receives("slow");
    const answer = await node.call("quick");
    expect(answer).toEqual({ result: {} });
    expect(client.text).toBe("");
    return answer;
  });

  scenario("a plugin gets all calls at once, and answers in its own order", async (node) => {
    const plugin = await slowPlugin(node);
    const client = node.connect();
    client.send(request(1, "slow") + request(2, "slower"));
    await plugin.receives("slower");
    plugin.open("later");
    const [first = ""] = await client.messages(1);
    plugin.open("go");
    const [, second = ""] = await client.messages(2);
    const answers = [first, second].map((text) => node.readMessage(text));
    expect(answers).toEqual([
      { jsonrpc: "2.0", id: 2, result: { slow: 2 } },
      { jsonrpc: "2.0", id: 1, result: { slow: 1 } },
    ]);
    return answers;
  });

  scenario("the client's half-close ends a call that is still waited for", async (node) => {
    const plugin = await slowPlugin(node);
    const client = node.connect();
    client.send(request(1, "nosuch") + request(2, "slow"));
    await plugin.receives("slow");
    await client.messages(1);
    client.halfClose();
    await client.end();
    expect(client.count).toBe(1);
    plugin.open("go");
    return { answers: client.count };
  });

  scenario("a start whose client has gone is completed all the same", async (node) => {
    const plugin = node.plugin("p.py", {
      steps: {
        getmanifest: [
          { hold: "go" },
          { resultText: '{"dynamic":true,"options":[],"rpcmethods":[]}' },
        ],
      },
    });
    const client = node.connect();
    client.send(request(1, "plugin", JSON.stringify(["start", plugin.path])));
    await plugin.receives("getmanifest");
    client.close();
    plugin.open("go");
    await plugin.receives("init");
    const list = await until("the plugin is active", async () => {
      const plugins = await node.list();
      return at(plugins, 0, "active") === true && plugins;
    });
    expect(list).toEqual([{ name: "<folder>/p.py", active: true, dynamic: true }]);
    return list;
  });

  scenario("a plugin's answer to a client that has gone harms nobody", async (node) => {
    const plugin = await slowPlugin(node);
    const client = node.connect();
    client.send(request(1, "slow"));
    await plugin.receives("slow");
    client.close();
    // A node that answers somebody else has seen the end of that connection.
    await node.call("quick");
    plugin.open("go");
    await node.logs("Command returned result after jcon close");
    return node.call("quick");
  });

  scenario("a plugin's result is passed on unchanged", async (node) => {
    const text = '{ "a" :\n\n [1.50, "\\u00e9\\/",\t{"a":1,"a":2}] }';
    await node.started(
      node.plugin("p.py", { methods: ["verbatim"], steps: { verbatim: [{ resultText: text }] } }),
    );
    const client = node.connect();
    client.send(request(1, "verbatim"));
    await client.messages(1);
    expect(client.text).toBe(`{"jsonrpc":"2.0","id":1,"result":${text}}\n\n`);
    return { text: client.text };
  });

  scenario("so is a plugin's error, with whatever it holds", async (node) => {
    const error = { code: 4711, message: "no\nluck", data: { a: 1 }, more: true };
    await node.started(node.plugin("p.py", { methods: ["fail"], steps: { fail: [{ error }] } }));
    const answer = await node.call("fail");
    expect(answer).toEqual({ error });
    return answer;
  });

  scenario("an answer with neither result nor error is handed on too", async (node) => {
    await node.started(
      node.plugin("p.py", {
        methods: ["odd"],
        steps: { odd: [{ write: '{"jsonrpc":"2.0","id":$ID,"extra":true}' }] },
      }),
    );
    const answer = await node.call("odd");
    expect(answer).toEqual({ extra: true });
    return answer;
  });

  scenario("an answer to a request that nobody made is dropped", async (node) => {
    const plugin = await node.started(
      node.plugin("p.py", {
        methods: ["m"],
        steps: {
          m: [{ write: '{"jsonrpc":"2.0","id":"nobody","result":{}}' }, { result: { ok: true } }],
        },
      }),
    );
    const answer = await node.call("m");
    expect(answer).toEqual({ result: { ok: true } });
    return { answer, list: await node.list(), starts: plugin.starts().length };
  });

  scenario("a second answer to the same request is dropped", async (node) => {
    await node.started(
      node.plugin("p.py", {
        methods: ["m"],
        steps: { m: [{ result: { first: true } }, { result: { second: true } }] },
      }),
    );
    const client = node.connect();
    client.send(request(1, "m") + request(2, "m"));
    const texts = await client.messages(2);
    const answers = texts.map((text) => node.readMessage(text));
    expect(answers.map(({ result }) => result)).toEqual([{ first: true }, { first: true }]);
    return { answers, listed: textAt(await node.list(), 0, "name") };
  });
});

function slowPlugin(node: NodeUnderTest) {
  return node.started(
    node.plugin("slow.py", {
      methods: ["slow", "slower", "quick"],
      steps: {
        slow: [{ hold: "go" }, { result: { slow: 1 } }],
        slower: [{ hold: "later" }, { result: { slow: 2 } }],
      },
    }),
  );
}
