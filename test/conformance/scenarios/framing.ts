/** Requests on the socket, good and bad, and what becomes of the connection. */
import { expect } from "vitest";
import {
  error,
  INVALID_PARAMS,
  INVALID_REQUEST,
  METHOD_NOT_FOUND,
  malformed,
} from "../harness/answers.js";
import type { Json, JsonRecord } from "../harness/json.js";
import type { NodeUnderTest } from "../harness/node-under-test.js";
import type { RawClient } from "../harness/raw-client.js";
import { topic } from "../harness/scenario.js";

const LIST = { jsonrpc: "2.0", id: "next", method: "plugin", params: ["list"] };
const LIST_ANSWER = { jsonrpc: "2.0", id: "next", result: { command: "list", plugins: [] } };

topic("framing", (scenario) => {
  const refused: readonly [string, Json, JsonRecord][] = [
    ["no id", { jsonrpc: "2.0", method: "plugin", params: ["list"] }, malformed("No id")],
    ["an object as id", { ...LIST, id: {} }, malformed("Expected string/primitive for id")],
    ["an array as id", { ...LIST, id: [1] }, malformed("Expected string/primitive for id")],
    [
      "another version of jsonrpc",
      { ...LIST, jsonrpc: "1.0" },
      malformed('jsonrpc: "2.0" must be specified in the request'),
    ],
    [
      "a number as jsonrpc",
      { ...LIST, jsonrpc: 2 },
      malformed('jsonrpc: "2.0" must be specified in the request'),
    ],
    ["no params", omit(LIST, "params"), answered(error(INVALID_REQUEST, "No params"))],
    ["no method", omit(LIST, "method"), answered(error(INVALID_REQUEST, "No method"))],
    [
      "neither method nor params",
      omit(omit(LIST, "method"), "params"),
      answered(error(INVALID_REQUEST, "No method")),
    ],
    [
      "a number as method",
      { ...LIST, method: 5 },
      answered(error(INVALID_REQUEST, "Expected string for method")),
    ],
    [
      "an unknown method",
      { ...LIST, method: "nosuch" },
      answered(error(METHOD_NOT_FOUND, "Unknown command 'nosuch'")),
    ],
    [
      "an empty method",
      { ...LIST, method: "" },
      answered(error(METHOD_NOT_FOUND, "Unknown command ''")),
    ],
    [
      "null as params",
      { ...LIST, params: null },
      answered(error(INVALID_PARAMS, "Expected array or object for params")),
    ],
    [
      "a string as params",
      { ...LIST, params: "list" },
      answered(error(INVALID_PARAMS, "Expected array or object for params")),
    ],
    [
      "a number as params",
      { ...LIST, params: 1 },
      answered(error(INVALID_PARAMS, "Expected array or object for params")),
    ],
  ];
  for (const [name, request, answer] of refused) {
    scenario(`${name} is refused, and the connection goes on`, async (node) => {
      const client = node.connect();
      client.send(JSON.stringify(request));
      const [first = ""] = await client.messages(1);
      expect(node.readMessage(first)).toEqual(answer);
      expect(await nextAnswer(node, client)).toEqual(LIST_ANSWER);
      return node.readMessage(first);
    });
  }

  scenario("members that nobody knows are ignored", async (node) => {
    const client = node.connect();
    client.send(JSON.stringify({ ...LIST, extra: { a: [1] }, result: 5 }));
    const [text = ""] = await client.messages(1);
    expect(node.readMessage(text)).toEqual(LIST_ANSWER);
    return node.readMessage(text);
  });

  scenario("of repeated members the first counts", async (node) => {
    const client = node.connect();
    client.send(
      '{"jsonrpc":"2.0","id":"next","method":"plugin","method":"nosuch","id":2,"params":["list"],"params":5}',
    );
    const [text = ""] = await client.messages(1);
    expect(node.readMessage(text)).toEqual(LIST_ANSWER);
    return node.readMessage(text);
  });

  scenario("a method's name is compared without decoding it", async (node) => {
    const client = node.connect();
    client.send('{"jsonrpc":"2.0","id":1,"method":"pl\\u0075gin","params":["list"]}');
    const [text = ""] = await client.messages(1);
    const answer = node.readMessage(text);
    expect(answer).toEqual({
      jsonrpc: "2.0",
      id: 1,
      ...error(METHOD_NOT_FOUND, "Unknown command 'pl\\u0075gin'"),
    });
    return answer;
  });

  const deadly: readonly [string, string, string][] = [
    [
      "malformed JSON",
      '{"jsonrpc":"2.0","id":1]}',
      `Failed to parse RPC JSON response '{"jsonrpc":"2.0","id":1]}'`,
    ],
    [
      "a word without quotes",
      '{"jsonrpc":"2.0","id":1,"method":plugin,"params":[]}',
      `Failed to parse RPC JSON response '{"jsonrpc":"2.0","id":1,"method":plugin,"params":[]}'`,
    ],
    [
      "no jsonrpc",
      '{"id":1,"method":"plugin","params":["list"]}',
      `JSON-RPC message does not contain "jsonrpc" field: '{"id":1,"method":"plugin","params":["list"]}'`,
    ],
    [
      "a batch",
      `[${JSON.stringify(LIST)}]`,
      `JSON-RPC message does not contain "jsonrpc" field: '[${JSON.stringify(LIST)}]'`,
    ],
    [
      "text that is no JSON, with a brace in it",
      "GET / HTTP/1.1 {}",
      "Failed to parse RPC JSON response 'GET / HTTP/1.1 {}'",
    ],
    ["a brace too many", `}${JSON.stringify(LIST)}`, ""],
  ];
  for (const [name, bytes, message] of deadly) {
    scenario(
      `${name}: an error without an id, then the connection is dead but open`,
      async (node) => {
        const client = node.connect();
        client.send(bytes);
        const [text = ""] = await client.messages(1);
        const answer = node.readMessage(text);
        if (message !== "") expect(answer).toEqual(malformed(message));
        await seemsDead(node, client);
        return answer;
      },
    );
  }

  scenario("garbage without a brace waits for more", async (node) => {
    const client = node.connect();
    client.send("hello, is anybody there?\n");
    await node.list();
    expect(client.text).toBe("");
    client.send("}");
    const [text = ""] = await client.messages(1);
    const answer = node.readMessage(text);
    expect(answer).toEqual(
      malformed("Failed to parse RPC JSON response 'hello, is anybody there?\n}'"),
    );
    return answer;
  });

  scenario("a request may come byte by byte", async (node) => {
    const client = node.connect();
    for (const byte of JSON.stringify(LIST)) {
      client.send(byte);
      await new Promise((resolve) => setImmediate(resolve));
    }
    const [text = ""] = await client.messages(1);
    expect(node.readMessage(text)).toEqual(LIST_ANSWER);
    return node.readMessage(text);
  });

  scenario("white space may stand anywhere between requests, or not at all", async (node) => {
    const client = node.connect();
    const request = JSON.stringify(LIST);
    client.send(` \n\t\r${request}${request}\n\n\n${JSON.stringify(LIST, null, 2)}`);
    const texts = await client.messages(3);
    const answers = texts.map((text) => node.readMessage(text));
    expect(answers).toEqual([LIST_ANSWER, LIST_ANSWER, LIST_ANSWER]);
    return answers;
  });

  scenario("an answer is compact and ends with an empty line", async (node) => {
    const client = node.connect();
    client.send(JSON.stringify({ ...LIST, method: "nosuch" }));
    await client.messages(1);
    await nextAnswer(node, client);
    expect(client.text).toBe(
      `{"jsonrpc":"2.0","id":"next","error":{"code":-32601,"message":"Unknown command 'nosuch'"}}\n\n` +
        client.text.slice(client.text.indexOf("\n\n") + 2),
    );
    expect(client.text.endsWith("}\n\n")).toBe(true);
    return { first: client.text.slice(0, client.text.indexOf("\n\n")) };
  });

  scenario("UTF-8 passes as it is, also where a character is cut in two", async (node) => {
    const plugin = await node.started(
      node.plugin("echo.py", { methods: ["echo"], steps: { echo: [{ echo: true }] } }),
    );
    const client = node.connect();
    const bytes = Buffer.from(
      '{"jsonrpc":"2.0","id":"ü","method":"echo","params":{"text":"naïve ⚡ 🦀"}}',
    );
    const cut = bytes.indexOf(0xe2) + 1;
    client.send(bytes.subarray(0, cut));
    await node.list();
    client.send(bytes.subarray(cut));
    const [text = ""] = await client.messages(1);
    const answer = node.readMessage(text);
    expect(answer).toEqual({
      jsonrpc: "2.0",
      id: "ü",
      result: { got: { text: "naïve ⚡ 🦀" } },
    });
    return { answer, id: plugin.received("echo")[0]?.id ?? null };
  });

  scenario("invalid UTF-8 is malformed", async (node) => {
    const client = node.connect();
    client.send(
      Buffer.concat([
        Buffer.from('{"jsonrpc":"2.0","id":1,"method":"'),
        Buffer.from([0xff, 0xfe]),
        Buffer.from('","params":[]}'),
      ]),
    );
    const [text = ""] = await client.messages(1);
    return { begins: text.slice(0, 90) };
  });

  scenario("a request of 4 MB goes through to a plugin and back", async (node) => {
    await node.started(
      node.plugin("echo.py", { methods: ["echo"], steps: { echo: [{ echo: true }] } }),
    );
    const long = "0123456789abcdef".repeat(250_000);
    const answer = await node.call("echo", [long]);
    expect(answer).toEqual({ result: { got: [long] } });
    return { bytes: long.length };
  });

  scenario("params nested a thousand deep go through to a plugin", async (node) => {
    const plugin = await node.started(node.plugin("deep.py", { methods: ["deep"] }));
    const depth = 400;
    const params = `[${"[".repeat(depth)}${"]".repeat(depth)}]`;
    const answer = await node.callRaw("deep", params);
    expect(answer).toEqual({ result: {} });
    const got = await plugin.receives("deep");
    expect(got.text).toContain(params);
    return answer;
  });
});

function omit(record: JsonRecord, key: string): JsonRecord {
  const { [key]: _, ...rest } = record;
  return rest;
}

function answered(answer: JsonRecord): JsonRecord {
  return { jsonrpc: "2.0", id: "next", ...answer };
}

async function nextAnswer(node: NodeUnderTest, client: RawClient): Promise<JsonRecord> {
  const before = client.count;
  client.send(JSON.stringify(LIST));
  const texts = await client.messages(before + 1);
  return node.readMessage(texts[before] ?? "");
}

/** Neither closed nor answering, while another connection is served. */
async function seemsDead(node: NodeUnderTest, client: RawClient): Promise<void> {
  const before = client.count;
  client.send(JSON.stringify(LIST));
  await node.list();
  await node.list();
  expect(client.count).toBe(before);
  expect(client.ended).toBe(false);
}
