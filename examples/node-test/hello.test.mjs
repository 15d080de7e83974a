/** Tests of a plugin in Node's own test runner: `node --test`. No lightningd is needed. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { startEmbeddedNode } from "cln-dev";

const plugin = join(import.meta.dirname, "..", "hello.js");

test("greets by name", async (t) => {
  const node = await startEmbeddedNode({ plugins: [plugin] });
  t.after(() => node.close());
  assert.deepEqual(await node.call("hello", { name: "cln" }), { greeting: "Hello, cln!" });
});

test("calls the node", async (t) => {
  const node = await startEmbeddedNode({ plugins: [plugin] });
  t.after(() => node.close());
  const { id } = await node.call("getinfo");
  assert.deepEqual(await node.call("hello-node"), { id, network: "regtest" });
});
