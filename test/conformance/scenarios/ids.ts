/** Ids of each type: given back as they came, and put before those that plugins see. */
import { expect } from "vitest";
import { topic } from "../harness/scenario.js";

topic("ids", (scenario) => {
  /** The text of the id, and what a plugin's id begins with. */
  const ids: readonly [string, string, string][] = [
    ["a string", '"cln-dev:start#7"', "cln-dev:start#7"],
    ["an empty string", '""', ""],
    ["a string of one letter", '"x"', "x"],
    ["a string with a slash", '"a/b"', "a/b"],
    ["a string in UTF-8", '"é⚡"', "é⚡"],
    ["a string with escapes", '"q\\"q\\n"', "weird-id"],
    ["a number", "7", "7"],
    ["zero", "0", "0"],
    ["a negative number", "-3", "-3"],
    ["a fraction", "1.50", "1.50"],
    ["an exponent", "1e3", "1e3"],
    ["a number beyond 64 bits", "123456789012345678901234567890", "123456789012345678901234567890"],
    ["null", "null", "null"],
    ["true", "true", "true"],
    ["false", "false", "false"],
  ];
  for (const [name, id, prefix] of ids) {
    scenario(`${name}: ${id}`, async (node) => {
      const plugin = await node.started(node.plugin("p.py", { methods: ["m"] }));
      const client = node.connect();
      client.send(`{"jsonrpc":"2.0","id":${id},"method":"nosuch","params":[]}`);
      client.send(`{"jsonrpc":"2.0","id":${id},"method":"m","params":[]}`);
      const texts = await client.messages(2);
      expect(texts[0]).toContain(`"id":${id},`);
      expect(texts[1]).toContain(`"id": ${id},`);
      const { id: seen } = await plugin.receives("m");
      expect(seen).toBe(`${prefix}/cln:m#N`);
      return { texts, seen: seen ?? null };
    });
  }

  scenario("the request that starts a plugin is named to it, init is not", async (node) => {
    const plugin = node.plugin("p.py");
    const client = node.connect();
    client.send(
      `{"jsonrpc":"2.0","id":"me","method":"plugin","params":["start",${JSON.stringify(plugin.path)}]}`,
    );
    await client.messages(1);
    const [manifest, init] = plugin.received();
    expect(manifest?.id).toBe("me/cln:getmanifest#N");
    expect(init?.id).toBe("cln:init#N");
    return { manifest: manifest?.id ?? null, init: init?.id ?? null };
  });
});
