/** Raising what a real node would raise by itself. */
import { mkdirSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { finished } from "node:stream/promises";
import { describe, expect, it } from "vitest";
import type { Context } from "../../../src/cli/commands/context.js";
import { type EmitFlags, emit } from "../../../src/cli/commands/node/emit.js";
import type { RunningEmbeddedNode } from "../../../src/embedded/api.js";
import { Failure } from "../../../src/errors/failure.js";
import { HOOKS, NOTIFICATIONS } from "../../../src/plugin/release.js";
import { call, makeFolder, makePlugin, method, onCleanup, startNode } from "../support.js";

/** A node with a plugin that tells what it was notified of, and answers hooks as its handlers say. */
async function withPlugin(manifest: object, handlers = ""): Promise<RunningEmbeddedNode> {
  const node = await startNode();
  const whole = { rpcmethods: [method("seen")], ...manifest };
  const plugin = makePlugin(makeFolder(), "p.js", whole, `{ seen: () => ({ seen }), ${handlers} }`);
  await call(node, "plugin", ["start", plugin]);
  return node;
}

async function seen(node: RunningEmbeddedNode): Promise<unknown> {
  return ((await call(node, "seen")) as { seen: unknown }).seen;
}

/** Runs the command as the command line does, and gives what it prints. */
async function run(
  node: { readonly lightningDir: string },
  topic: string | undefined,
  values: readonly string[] = [],
  { json = false, ...flags }: EmitFlags & { json?: boolean } = {},
  waitingMs?: number,
): Promise<{ code: number; text: string }> {
  const stdout = new PassThrough();
  let text = "";
  stdout.setEncoding("utf8").on("data", (part: string) => {
    text += part;
  });
  const context = {
    flags: {
      lightningDir: [node.lightningDir],
      json,
      color: false,
      quiet: false,
      verbose: false,
    },
    io: { stdout, stderr: stdout, signal: new AbortController().signal },
    surroundings: { home: makeFolder(), cwd: makeFolder() },
  } as unknown as Context;
  const code = await emit(context, topic, values, flags, waitingMs);
  stdout.end();
  await finished(stdout);
  return { code, text };
}

describe("a notification", () => {
  it("goes to its subscribers with an example payload", async () => {
    const node = await withPlugin({ subscriptions: ["connect"] });
    expect(await run(node, "connect")).toEqual({
      code: 0,
      text: "notification connect: sent to p.js\n",
    });
    expect(await seen(node)).toEqual([
      {
        jsonrpc: "2.0",
        method: "connect",
        params: {
          connect: {
            id: expect.stringMatching(/^02/),
            direction: "in",
            address: { type: "ipv4", address: "127.0.0.1", port: 38012 },
          },
        },
      },
    ]);
  });

  it("may have members changed, or a payload of its own", async () => {
    const node = await withPlugin({ subscriptions: ["connect", "custommsg"] });
    await run(node, "connect", ["direction=out", "address.port=1"]);
    await run(node, "custommsg", ['{"peer_id":"me","payload":"ff"}']);
    expect(await seen(node)).toMatchObject([
      { params: { connect: { direction: "out", address: { port: 1, type: "ipv4" } } } },
      { params: { custommsg: { peer_id: "me", payload: "ff" } } },
    ]);
  });

  it("that a plugin has announced itself bears an origin", async () => {
    const node = await withPlugin({ subscriptions: ["mine"], notifications: [{ method: "mine" }] });
    await run(node, "mine", ['{"a":1}']);
    expect(await seen(node)).toEqual([
      { jsonrpc: "2.0", method: "mine", origin: "cln-dev", params: { a: 1 } },
    ]);
  });

  it("reports when nobody subscribes", async () => {
    const node = await startNode();
    expect((await run(node, "disconnect")).text).toMatch(/no plugin subscribes to it/);
  });

  it("of a block moves the node on, too", async () => {
    const node = await startNode();
    const waiting = call(node, "waitblockheight", [7]);
    await node.raise("block_added", { changes: { height: 7 } });
    expect(await waiting).toEqual({ blockheight: 7 });
    expect(await call(node, "getinfo")).toMatchObject({ blockheight: 7 });
  });
});

describe("a hook", () => {
  const hooks = { hooks: ["htlc_accepted"] };

  it("is called, and its answer shown", async () => {
    const node = await withPlugin(
      hooks,
      `htlc_accepted: ({ htlc }) => ({ result: "resolve", payment_key: "00".repeat(32), seen: htlc.amount_msat })`,
    );
    const { code, text } = await run(node, "htlc_accepted", ["htlc.amount_msat=5"]);
    expect(code).toBe(0);
    expect(text).toContain('hook htlc_accepted: p.js answered {\n   "result": "resolve",');
    expect(text).toContain('"seen": 5');
    expect(text).not.toContain("goes on");
  });

  it("goes down the chain until a plugin objects", async () => {
    const node = await withPlugin(hooks, `htlc_accepted: () => ({ result: "continue" })`);
    const second = makePlugin(
      makeFolder(),
      "second.js",
      hooks,
      `{ htlc_accepted: () => ({ result: "fail" }) }`,
    );
    const third = makePlugin(
      makeFolder(),
      "third.js",
      hooks,
      `{ htlc_accepted: () => ({ result: "continue" }) }`,
    );
    await call(node, "plugin", ["start", second]);
    await call(node, "plugin", ["start", third]);
    const { hook } = await node.raise("htlc_accepted");
    expect(hook).toMatchObject({
      continued: false,
      answers: [{ plugin: "p.js" }, { plugin: "second.js" }],
    });
  });

  it("reports what lightningd does with a bad answer", async () => {
    const odd = await withPlugin(hooks, `htlc_accepted: () => ({ result: "fail" })`);
    expect(await run(odd, "htlc_accepted")).toMatchObject({
      code: 1,
      text: expect.stringContaining(
        'lightningd would exit on this answer: "fail" requires failure_message or failure_onion',
      ),
    });
    expect(await run(odd, "htlc_accepted", [], { json: true })).toMatchObject({ code: 1 });
    const dies = await withPlugin(hooks, "htlc_accepted: () => process.exit(1)");
    expect(await run(dies, "htlc_accepted")).toMatchObject({
      code: 1,
      text: expect.stringContaining("p.js died over it"),
    });
    const errs = await withPlugin(
      hooks,
      "htlc_accepted: (_, { id }) => { write({ id, error: { code: 1, message: 'no' } }); }",
    );
    expect(await run(errs, "htlc_accepted")).toMatchObject({
      code: 1,
      text: expect.stringContaining("lightningd would exit on an error"),
    });
    expect(await call(errs, "plugin", ["list"])).toEqual({ command: "list", plugins: [] });
  });

  it("names the plugin that has not answered yet", async () => {
    const node = await withPlugin(
      { hooks: ["invoice_payment"] },
      `invoice_payment: (_, { id }) => void setTimeout(() => write({ id, result: { result: "continue" } }), 300)`,
    );
    const { text } = await run(node, "invoice_payment", [], {}, 20);
    expect(text).toMatch(/^hook invoice_payment: waiting for p\.js to answer/);
    expect(text).toContain("p.js answered");
  });

  it("asks only those whose filter fits", async () => {
    const node = await withPlugin(
      { hooks: [{ name: "custommsg", filters: [0x1337] }] },
      `custommsg: () => ({ result: "continue" })`,
    );
    expect((await node.raise("custommsg")).hook?.answers).toHaveLength(1);
    const changes = { payload: "1339" };
    expect((await node.raise("custommsg", { changes })).hook?.answers).toHaveLength(0);
  });

  it("comes before the notification of the same name, which needs its consent", async () => {
    const node = await withPlugin(
      { hooks: ["invoice_payment"], subscriptions: ["invoice_payment"] },
      `invoice_payment: ({ payment }) => payment && { result: payment.msat > 5 ? "reject" : "continue" }`,
    );
    expect(await run(node, "invoice_payment", ["msat=3"])).toMatchObject({
      text: expect.stringContaining("notification invoice_payment: sent to p.js"),
    });
    const { notification } = await node.raise("invoice_payment", {
      changes: { msat: 9 },
    });
    expect(notification).toBeUndefined();
    const alone = await node.raise("invoice_payment", { only: "notification" });
    expect(alone).toMatchObject({ notification: { receivers: ["p.js"] } });
    expect(alone.hook).toBeUndefined();
  });
});

describe("the list", () => {
  it("has an example for everything that lightningd has", async () => {
    const node = await startNode();
    const { topics } = (await call(node, "cln-dev-emit")) as {
      topics: { topic: string; kind: string; example: object }[];
    };
    const names = (kind: string) => topics.filter((t) => t.kind === kind).map((t) => t.topic);
    expect(names("hook")).toEqual([...HOOKS.keys()]);
    expect(names("notification")).toEqual(expect.arrayContaining([...NOTIFICATIONS]));
    const empty = topics.filter(({ example }) => Object.keys(example).length === 0);
    expect(empty.map(({ topic }) => topic)).toEqual(["shutdown"]);
  });

  it("shows who would get what, and one topic's example", async () => {
    const node = await withPlugin({ hooks: ["openchannel"] });
    const all = await run(node, undefined, [], { list: true });
    expect(all.text).toMatch(/^hook +openchannel +p\.js$/m);
    const one = await run(node, "openchannel", [], { list: true });
    expect(one.text).toContain('"max_htlc_value_in_flight_msat": 18446744073709551615');
  });

  it("is not part of `help`", async () => {
    const node = await startNode();
    expect(JSON.stringify(await call(node, "help"))).not.toContain("cln-dev");
  });
});

describe("wrong use", () => {
  it("is an error", async () => {
    const node = await startNode();
    await expect(run(node, "nope")).rejects.toThrow("Unknown topic 'nope'");
    await expect(run(node, undefined)).rejects.toThrow("emit needs a topic");
    await expect(run(node, "connect", ["{bad"])).rejects.toThrow("the payload is not JSON");
    await expect(run(node, "connect", ["{}", "{}"])).rejects.toThrow("one JSON object");
  });

  it("on a real lightningd is an error: only the embedded node can do this", async () => {
    const lightningDir = makeFolder();
    mkdirSync(join(lightningDir, "regtest"));
    const server = createServer((socket) => {
      socket.on("data", (chunk) => {
        const { id } = JSON.parse(String(chunk));
        const error = { code: -32601, message: "Unknown command 'cln-dev-emit'" };
        socket.end(`${JSON.stringify({ jsonrpc: "2.0", id, error })}\n\n`);
      });
    });
    onCleanup(() => new Promise((done) => server.close(() => done())));
    await new Promise<void>((done) =>
      server.listen(join(lightningDir, "regtest/lightning-rpc"), done),
    );
    const { writeFileSync } = await import("node:fs");
    writeFileSync(join(lightningDir, "config"), "network=regtest\n");
    const failing = run({ lightningDir }, "connect");
    await expect(failing).rejects.toThrow(/real lightningd/);
    await expect(failing).rejects.toBeInstanceOf(Failure);
  });
});
