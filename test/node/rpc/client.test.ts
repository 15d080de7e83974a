/** One call to a node: whatever the bytes on the socket look like. */
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { RawJson } from "../../../src/jsonrpc/json.js";
import { callNode, callNodeText, callOn } from "../../../src/node/rpc/client.js";
import { NodeUnreachable, RpcError } from "../../../src/node/rpc/errors.js";
import { connectUnix } from "../../../src/node/rpc/unix-socket.js";
import { type FakeRequest, fakeNode } from "../../support/fake-node.js";
import { sandbox } from "../../support/sandbox.js";
import { until } from "../../support/until.js";

type Answer = (socket: Socket, request: FakeRequest) => void;

/** A socket that answers the method `m` so. */
async function socketThat(answer: Answer, name = "rpc"): Promise<string> {
  const node = await fakeNode(join(sandbox().root, name), { m: answer });
  onTestFinished(() => node.close());
  return node.rpcFile;
}

const envelope = ({ id }: FakeRequest, result: string) =>
  `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":${result}}`;

async function reasonOf(call: Promise<unknown>): Promise<string> {
  const error = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof NodeUnreachable)) throw new Error(`not unreachable: ${error}`);
  expect(error.exitCode).toBe(3);
  expect(error.fix).toBeTruthy();
  return `${error.reason}: ${error.why}`;
}

describe("an answer", () => {
  const result = { text: "zwölf → 12 \u{1F600}", nested: [{ a: "}\n\n{" }, "\\", '"'] };

  it("is read wherever it is split, also within a character", async () => {
    const whole = JSON.stringify(result);
    let at = 0;
    const path = await socketThat((socket, request) => {
      const bytes = Buffer.from(`${envelope(request, whole)}\n\n`);
      socket.write(bytes.subarray(0, at));
      setImmediate(() => socket.write(bytes.subarray(at)));
    });
    const length = Buffer.byteLength(whole) + 60;
    for (at = 1; at < length; at++) expect(await callNode(path, "m")).toEqual(result);
  });

  it("is read byte by byte", async () => {
    const path = await socketThat(async (socket, request) => {
      for (const byte of Buffer.from(`${envelope(request, JSON.stringify(result))}\n\n`)) {
        socket.write(Buffer.from([byte]));
        await new Promise(setImmediate);
      }
    });
    expect(await callNode(path, "m")).toEqual(result);
  });

  it("may be indented, have blank lines in it, and no end but its last brace", async () => {
    const path = await socketThat((socket, request) => {
      const text = JSON.stringify(JSON.parse(envelope(request, JSON.stringify(result))), null, 3);
      socket.write(`\n\n${text.replaceAll("\n", "\n\n")}`);
    });
    expect(await callNode(path, "m")).toEqual(result);
  });

  it("of more than 10 MB is read whole, and its numbers stay as they are", async () => {
    const big = `{"n":12345678901234567890,"s":"${"ä".repeat(5_500_000)}"}`;
    const path = await socketThat((socket, request) =>
      socket.write(`${envelope(request, big)}\n\n`),
    );
    expect((await callNodeText(path, "m")) === big).toBe(true);
  });

  it("comes after notifications", async () => {
    const path = await socketThat((socket, request) => {
      socket.write('{"jsonrpc":"2.0","method":"message","params":{}}\n\n');
      socket.write(`${envelope(request, "2")}\n\n`);
    });
    expect(await callNode(path, "m")).toBe(2);
  });

  it("that comes twice, or late, is not taken for that of the next call on the connection", async () => {
    let before = "";
    const path = await socketThat((socket, request) => {
      const answer = `${envelope(request, String(node.count++))}\n\n`;
      // The first is answered, the second given up; the third sees what is left of both.
      if (node.count === 1) socket.write(answer);
      if (node.count === 3) socket.write(before + answer);
      before += answer;
    });
    const node = { count: 0 };
    const socket = connectUnix(path);
    onTestFinished(() => void socket.destroy());
    expect(await callOn(socket, path, "m")).toBe(0);
    expect(await reasonOf(callOn(socket, path, "m", {}, { timeoutMs: 50 }))).toMatch(/^silent: /);
    expect(await callOn(socket, path, "m")).toBe(2);
  });

  it("that is an error is thrown with its code, message and data", async () => {
    const path = await socketThat((socket, { id }) => {
      socket.write(
        JSON.stringify({ jsonrpc: "2.0", id, error: { code: -3, message: "no", data: [1] } }),
      );
    });
    const error = await callNode(path, "m").catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(RpcError);
    expect(error).toMatchObject({ method: "m", code: -3, message: "no", data: [1] });
  });

  it("that is an error whose message is no text is thrown with its JSON", async () => {
    const path = await socketThat((socket, { id }) => {
      socket.write(JSON.stringify({ jsonrpc: "2.0", id, error: { code: 1, message: { a: [1] } } }));
    });
    const error = await callNode(path, "m").catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 1, message: '{"a":[1]}' });
  });
});

describe("a request", () => {
  it("has an id of its own, and params as they were given", async () => {
    const box = sandbox();
    const node = await fakeNode(join(box.root, "rpc"), { m: 1 });
    onTestFinished(() => node.close());
    await callNode(node.rpcFile, "m");
    await callNode(node.rpcFile, "m", ["a", 1]);
    await callNode(node.rpcFile, "m", { a: { b: null } });
    await callNode(node.rpcFile, "m", new RawJson('{"o":"1","o":"2"}'));
    expect(node.requests.map(({ params }) => params)).toEqual([
      {},
      ["a", 1],
      { a: { b: null } },
      { o: "2" },
    ]);
    const ids = node.requests.map(({ id }) => id);
    expect(new Set(ids).size).toBe(4);
    for (const id of ids) expect(id).toMatch(/^cln-dev:m#/);
  });
});

describe("no answer", () => {
  it.each([
    ["", "closed: it closed the connection before it answered m"],
    ['{"jsonrpc":"2.0","id":"x","res', "closed: it closed the connection before it answered m"],
  ])("because the node ended after %j", async (text, reason) => {
    const path = await socketThat((socket) => socket.end(text));
    expect(await reasonOf(callNode(path, "m"))).toBe(reason);
  });

  it("because the node hung up before it had read all of it", async () => {
    const path = await socketThat(() => {});
    const server = createServer({ pauseOnConnect: true }, (socket) => socket.destroy());
    await new Promise<void>((resolve) => server.listen({ path: `${path}2` }, resolve));
    onTestFinished(() => new Promise((resolve) => server.close(() => resolve())));
    const params = ["x".repeat(1_000_000)];
    expect(await reasonOf(callNode(`${path}2`, "m", params))).toMatch(/^closed: /);
  });

  it.each([
    "HTTP/1.1 400 Bad Request\r\n\r\n",
    '{"id":1}\n\n',
    "[1,2,3]\n\n",
    '{"jsonrpc":"2.0","id":\n\n}',
    "\u0000\u0001\u0002\n\n",
    '"}}}}"',
    '{"jsonrpc":"2.0","id":null}\n\n',
    '{"jsonrpc":"2.0","id":null,"result":{}}\n\n',
  ])("because %j is no JSON-RPC", async (text) => {
    const path = await socketThat((socket) => socket.write(text));
    expect(await reasonOf(callNode(path, "m", {}, { timeoutMs: 5_000 }))).toMatch(/^garbage: /);
  });

  it.each(['"another"', "7", "{}"])(
    "because it answers %s, which nobody has asked: at once, not in the time that it has",
    async (id) => {
      const path = await socketThat((socket) =>
        socket.write(`{"jsonrpc":"2.0","id":${id},"result":1}\n\n`),
      );
      const why = `garbage: it answered ${id}, which was not asked here`;
      expect(await reasonOf(callNode(path, "m"))).toBe(why);
    },
  );

  it("because the answer holds neither a result nor an error", async () => {
    const path = await socketThat((socket, { id }) =>
      socket.write(`{"jsonrpc":"2.0","id":${JSON.stringify(id)}}\n\n`),
    );
    expect(await reasonOf(callNode(path, "m"))).toMatch(/^garbage: /);
  });

  it("in time", async () => {
    const path = await socketThat(() => {});
    const call = callNode(path, "m", {}, { timeoutMs: 50 });
    expect(await reasonOf(call)).toBe("silent: no answer to m within 0.05 s");
  });

  it("because it was given up, before or after it was sent", async () => {
    const ending = new AbortController();
    const path = await socketThat(() => ending.abort());
    const call = () => callNode(path, "m", {}, { signal: ending.signal });
    expect(await reasonOf(call())).toMatch(/^cut: /);
    expect(await reasonOf(call())).toMatch(/^cut: /);
  });

  it("because there is no such socket, or a file, a folder, or nobody behind it", async () => {
    const { root } = sandbox();
    const file = join(root, "file");
    writeFileSync(file, "");
    mkdirSync(join(root, "folder"));
    expect(await reasonOf(callNode(join(root, "none"), "m"))).toMatch(/^missing: /);
    expect(await reasonOf(callNode(join(file, "below"), "m"))).toMatch(/^missing: /);
    expect(await reasonOf(callNode(file, "m"))).toMatch(/^not-a-socket: it is a file/);
    expect(await reasonOf(callNode(join(root, "folder"), "m"))).toMatch(/^not-a-socket: /);
  });

  it.skipIf(process.getuid?.() === 0)("because it is not for this user", async () => {
    const path = await socketThat(() => {});
    chmodSync(path, 0o000);
    expect(await reasonOf(callNode(path, "m"))).toMatch(/^denied: /);
  });
});

it("reaches a socket whose path is longer than an address may be", async () => {
  const long = join("deep".repeat(20), "deeper".repeat(15), "rpc");
  const path = await socketThat((socket, request) => socket.write(envelope(request, "1")), long);
  expect(Buffer.byteLength(path)).toBeGreaterThan(150);
  const before = process.cwd();
  expect(await callNode(path, "m")).toBe(1);
  expect(process.cwd()).toBe(before);
  expect(await reasonOf(callNode(`${path}-not`, "m"))).toMatch(/^missing: /);
  expect(await reasonOf(callNode(join("/", "nowhere".repeat(30), "rpc"), "m"))).toMatch(
    /^missing: /,
  );
});

it("leaves no connection open", async () => {
  const box = sandbox();
  const open = new Set<Socket>();
  const node = await fakeNode(join(box.root, "rpc"), {
    m: (socket: Socket, request: FakeRequest) => {
      open.add(socket);
      socket.on("close", () => open.delete(socket));
      socket.write(envelope(request, "1"));
    },
  });
  onTestFinished(() => node.close());
  await Promise.all(Array.from({ length: 20 }, () => callNode(node.rpcFile, "m")));
  await until("the end of every connection", () => open.size === 0);
});
