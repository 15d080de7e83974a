/**
 * Mistakes of plugins and clients that end a lightningd, each on a node of
 * its own. The embedded node must live on and say what is wrong: a wanted difference, each listed in
 * known-differences.ts, so that a release that mends one is noticed.
 */
import { expect } from "vitest";
import type { Json } from "../harness/json.js";
import type { NodeUnderTest } from "../harness/node-under-test.js";
import { topic } from "../harness/scenario.js";

const STRING_OPTION = { name: "k-opt", type: "string", description: "d" };

/** Does something that may end the node: what was answered, if anything, and whether it lives. */
async function survives(node: NodeUnderTest, act: () => Promise<Json>): Promise<Json> {
  let answer: Json = "no answer";
  try {
    answer = await act();
  } catch (problem) {
    if (!/closed after 0/.test(String(problem))) throw problem;
  }
  const isUp = await node.list().then(
    () => true,
    () => false,
  );
  if (!isUp) await node.ends();
  expect(isUp || node.kind === "lightningd").toBe(true);
  return { answer, isUp };
}

topic("killers", (scenario) => {
  scenario("a method named like one of the node's own", async (node) => {
    const fresh = await node.fresh();
    const plugin = node.plugin("p.py", { methods: ["getinfo"] });
    return survives(fresh, () => fresh.start(plugin));
  });

  scenario("a \\u escape in a method's usage", async (node) => {
    const fresh = await node.fresh();
    const plugin = node.plugin("p.py", {
      manifestText:
        '{"dynamic":true,"options":[],"rpcmethods":[{"name":"m","usage":"\\u00e9","description":"d"}]}',
    });
    return survives(fresh, () => fresh.start(plugin));
  });

  scenario("a hook that answers with an error", async (node) => {
    const fresh = await node.fresh();
    await fresh.started(
      node.plugin("p.py", {
        hooks: ["rpc_command"],
        steps: { rpc_command: [{ error: { code: 1, message: "no" } }] },
      }),
    );
    return survives(fresh, () => fresh.call("getinfo").then(() => "answered"));
  });

  for (const [name, bad] of [
    ["without a code", { message: "no" }],
    ["without a message", { code: 1 }],
  ] as const) {
    scenario(`rpc_command returns an error ${name}`, async (node) => {
      const fresh = await node.fresh();
      await fresh.started(
        node.plugin("p.py", {
          hooks: ["rpc_command"],
          steps: { rpc_command: [{ result: { return: { error: bad } } }] },
        }),
      );
      return survives(fresh, () => fresh.call("getinfo").then(() => "answered"));
    });
  }

  scenario(
    "two plugins change the same call",
    async (node) => {
      const fresh = await node.fresh();
      for (const name of ["one.py", "two.py"]) {
        await fresh.started(
          node.plugin(name, {
            hooks: [{ name: "rpc_command", filters: ["getinfo"] }],
            steps: { rpc_command: [{ result: { return: { result: { by: name } } } }] },
          }),
        );
      }
      return survives(fresh, () => fresh.call("getinfo"));
    },
    { since: "25.12" },
  );

  scenario(
    "a log message of more than 256 KiB",
    async (node) => {
      const fresh = await node.fresh();
      await fresh.started(
        node.plugin("p.py", {
          methods: ["talk"],
          steps: { talk: [{ log: { message: "x".repeat(300_000) } }, { result: {} }] },
        }),
      );
      return survives(fresh, () => fresh.call("talk"));
    },
    { since: "26.04" },
  );

  scenario("an option with an empty name", async (node) => {
    const fresh = await node.fresh();
    const plugin = node.plugin("p.py", { options: [{ ...STRING_OPTION, name: "" }] });
    return survives(fresh, () => fresh.start(plugin));
  });

  scenario(
    "a start by keyword while a value of a stopped plugin's option is set",
    async (node) => {
      const first = node.plugin("first.py", { options: [STRING_OPTION] });
      const fresh = await node.fresh({ plugins: [first.path], config: ["k-opt=x"] });
      await fresh.stop(first);
      return survives(fresh, () => fresh.start(node.plugin("second.py"), {}));
    },
    { since: "23.08" },
  );

  scenario("so by position, which is safe", async (node) => {
    const first = node.plugin("first.py", { options: [STRING_OPTION] });
    const fresh = await node.fresh({ plugins: [first.path], config: ["k-opt=x"] });
    await fresh.stop(first);
    return survives(fresh, () => fresh.start(node.plugin("second.py")));
  });

  scenario(
    "a reload by keyword of a plugin that has dropped an option that is set",
    async (node) => {
      const plugin = node.plugin("p.py", { options: [STRING_OPTION] });
      const fresh = await node.fresh({ plugins: [plugin.path], config: ["k-opt=x"] });
      await fresh.stop(plugin);
      plugin.rewrite({});
      return survives(fresh, () => fresh.start(plugin, {}));
    },
    { since: "23.08" },
  );

  scenario(
    "setconfig while a value of a stopped plugin's option is set",
    async (node) => {
      const first = node.plugin("first.py", { options: [STRING_OPTION] });
      const fresh = await node.fresh({ plugins: [first.path], config: ["k-opt=x"] });
      await fresh.stop(first);
      return survives(fresh, () =>
        fresh.call("setconfig", { config: "min-capacity-sat", val: "20000", transient: true }),
      );
    },
    { since: "25.02" },
  );

  scenario(
    "setconfig of an int to a word that the plugin takes",
    async (node) => {
      const plugin = node.plugin("p.py", {
        options: [{ name: "k-int", type: "int", description: "d", dynamic: true }],
      });
      const fresh = await node.fresh();
      await fresh.started(plugin);
      return survives(fresh, () =>
        fresh.call("setconfig", { config: "k-int", val: "many", transient: true }),
      );
    },
    { since: "25.02" },
  );

  scenario(
    "listconfigs while an int is set in hexadecimal",
    async (node) => {
      const plugin = node.plugin("p.py", {
        options: [{ name: "k-int", type: "int", description: "d" }],
      });
      const fresh = await node.fresh();
      const client = fresh.connect();
      const params = JSON.stringify({ subcommand: "start", plugin: plugin.path, "k-int": "0x10" });
      client.send(`{"jsonrpc":"2.0","id":1,"method":"plugin","params":${params}}`);
      await fresh.untilListed("p.py", { active: false, dynamic: true });
      return survives(fresh, () => fresh.call("listconfigs", ["k-int"]));
    },
    { since: "23.08" },
  );
});
