/** Messages between node and plugin as values: what is asked, how long it took, what is secret. */
import { describe, expect, it } from "vitest";
import { MessageTrace, traceFilter } from "../../src/events/message-trace.js";

const name = { plugin: "a.py", path: "/p/a.py", node: "/n/lightning-rpc" };

function tracer() {
  const trace = new MessageTrace(name);
  let at = 1_000;
  const pass = (direction: "to-plugin" | "to-node", message: unknown, ms = 5) => {
    at += ms;
    const text = typeof message === "string" ? message : JSON.stringify(message);
    return trace.take({ direction, text, bytes: Buffer.byteLength(text), at });
  };
  return { trace, pass, now: () => at };
}

describe("MessageTrace", () => {
  it("gives an answer the name of its request and the time that it took", () => {
    const { pass } = tracer();
    const id = "cli:hello#1/cln:hello#7";
    expect(pass("to-plugin", { jsonrpc: "2.0", id, method: "hello", params: {} })).toMatchObject({
      kind: "request",
      method: "hello",
      id,
      payload: "{}",
      ms: undefined,
    });
    expect(pass("to-node", { jsonrpc: "2.0", id, result: { a: 1 } }, 12)).toMatchObject({
      kind: "answer",
      method: "hello",
      payload: '{"a":1}',
      ms: 12,
    });
    // Answered once.
    expect(pass("to-node", { jsonrpc: "2.0", id, error: { code: 1 } })).toMatchObject({
      kind: "error",
      method: undefined,
    });
  });

  it("masks secrets by their names, also those that the manifest declares", () => {
    const { pass } = tracer();
    const ask = (method: string, params: unknown) =>
      pass("to-plugin", { jsonrpc: "2.0", id: method, method, params }).payload;
    ask("getmanifest", {});
    const options = [
      { name: "seed", type: "string-conceal" },
      { name: "plain", type: "string" },
    ];
    pass("to-node", { jsonrpc: "2.0", id: "getmanifest", result: { options } });
    expect(ask("init", { options: { "api-token": "T", seed: "S", plain: "P" } })).toBe(
      '{"options":{"api-token":"***","seed":"***","plain":"P"}}',
    );
    expect(ask("setconfig", { config: "seed", val: "S" })).toBe('{"config":"seed","val":"***"}');
    const cut = '{"jsonrpc":"2.0","id":"x","method":"m","params":{"password": "abc';
    expect(pass("to-plugin", cut).payload).toContain("abc");
    const trace = new MessageTrace(name);
    const taken = trace.take({ direction: "to-plugin", text: cut, bytes: 500, at: 1 });
    expect(taken).toMatchObject({ cut: true, payload: '{"password": "***"' });
  });

  it("names a request without an answer once", () => {
    const { trace, pass, now } = tracer();
    pass("to-plugin", { jsonrpc: "2.0", id: "1", method: "slow", params: [] });
    expect(trace.overdue(now() + 999, 1_000)).toEqual([]);
    expect(trace.overdue(now() + 1_000, 1_000)).toMatchObject([
      { kind: "pending", method: "slow", ms: 1_000 },
    ]);
    expect(trace.overdue(now() + 2_000, 1_000)).toEqual([]);
    const text = '{"jsonrpc":"2.0","id":"2","method":"getmanifest","params":{}}';
    trace.take({ direction: "to-plugin", text, bytes: text.length, at: now(), version: 3 });
    trace.ended(3);
    expect(trace.overdue(now() + 2_000, 1_000)).toEqual([]);
  });
});

describe("traceFilter", () => {
  const { pass } = tracer();
  const call = pass("to-plugin", { jsonrpc: "2.0", id: "1", method: "hello", params: {} });
  const hook = pass("to-plugin", { jsonrpc: "2.0", id: "2", method: "rpc_command", params: {} });
  const note = pass("to-node", { jsonrpc: "2.0", method: "log", params: {} });
  const all = { call, hook, note };
  const shown = (filter: string) =>
    Object.entries(all).flatMap(([key, event]) => (traceFilter(filter)(event) ? [key] : []));

  it.each([
    ["", ["call", "hook", "note"]],
    ["calls", ["call"]],
    ["hooks", ["hook"]],
    ["notifications", ["note"]],
    ["hello,log", ["call", "note"]],
    ["rpc_*", ["hook"]],
    ["!log", ["call", "hook"]],
    ["errors", []],
  ])("%j shows %j", (filter, expected) => expect(shown(filter)).toEqual(expected));
});
