/** Tests of a plugin in vitest: each starts the plugin on an embedded node. No lightningd is needed. */
import { join } from "node:path";
import { startEmbeddedNode, watch } from "cln-dev";
import { expect, test } from "vitest";

const plugin = join(import.meta.dirname, "..", "hello.js");

test("greets by the name in its option", async () => {
  await using node = await startEmbeddedNode({
    plugins: [plugin],
    options: { "hello-name": "cln" },
  });
  const { greeting } = await node.call<{ greeting: string }>("hello");
  expect(greeting).toBe("Hello, cln!");
});

test("rejects an option that it does not have", async () => {
  await using node = await startEmbeddedNode();
  const start = node.startPlugin(plugin, { "hello-nam": "cln" });
  await expect(start).rejects.toThrow("hello-nam");
});

test("reloads on a node that is running", async () => {
  await using node = await startEmbeddedNode();
  await using session = await watch({ plugin, node });
  expect(await session.ready).toMatchObject({ event: "reloaded" });
  expect(await session.restart()).toMatchObject({ event: "reloaded" });
});
