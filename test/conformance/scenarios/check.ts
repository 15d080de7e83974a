/** `check`: would it work? */
import { expect } from "vitest";
import { error, INVALID_PARAMS, METHOD_NOT_FOUND } from "../harness/answers.js";
import type { Json } from "../harness/json.js";
import { topic } from "../harness/scenario.js";

topic("check", (scenario) => {
  const calls: readonly [string, Json][] = [
    ["nothing", []],
    ["an unknown method", ["nosuch"]],
    ["a number", [5]],
    ["a method without parameters", ["getinfo"]],
    ["a method with too many", ["getinfo", 1]],
    ["plugin list", ["plugin", "list"]],
    ["plugin with an unknown subcommand", ["plugin", "reload"]],
    ["plugin without a subcommand", ["plugin"]],
    ["plugin stop of one that there is not", ["plugin", "stop", "nosuch"]],
    ["plugin start of a file that is not there", ["plugin", "start", "/no/such/file"]],
    ["plugin start of a program", ["plugin", "start", "/bin/true"]],
    ["plugin start of a program twice", ["plugin", "start", "/bin/true", "x"]],
    ["plugin startdir of a folder that is not there", ["plugin", "startdir", "/no/such"]],
    ["plugin startdir of a folder", ["plugin", "startdir", "/"]],
    ["help of an unknown method", ["help", "nosuch"]],
    ["help of a method", ["help", "getinfo"]],
    ["listconfigs of an unknown option", ["listconfigs", "nosuch"]],
    ["listconfigs of an option", ["listconfigs", "network"]],
    ["setconfig of an unknown option", ["setconfig", "nosuch", "1"]],
    ["setconfig of an option that is not dynamic", ["setconfig", "network", "regtest"]],
    ["setconfig of a dynamic one", ["setconfig", "min-capacity-sat", "20000"]],
    ["setconfig with a wrong value", ["setconfig", "min-capacity-sat", "many"]],
    ["datastore without a value", ["datastore", "a"]],
    ["datastore", ["datastore", "a", "b"]],
    ["deldatastore of what there is not", ["deldatastore", "a"]],
    ["getlog with a wrong level", ["getlog", "loud"]],
    ["notifications", ["notifications", true]],
    ["check itself", ["check", "getinfo"]],
    ["waitblockheight", ["waitblockheight", 0]],
    ["stop", ["stop"]],
    ["stop with too much", ["stop", "now"]],
  ];
  for (const [name, params] of calls) {
    scenario(name, async (node) => {
      const answer = await node.call("check", params);
      expect(await node.list()).toEqual([]);
      return answer;
    });
  }

  scenario("by keyword", async (node) => [
    await node.call("check", { command_to_check: "plugin", subcommand: "list" }),
    await node.call("check", { subcommand: "list", command_to_check: "plugin" }),
    await node.call("check", { command_to_check: "plugin", subcommand: "stop" }),
    await node.call("check", { command_to_check: "plugin", more: 1, subcommand: "list" }),
  ]);

  scenario("the words for an unknown method and for a missing one", async (node) => {
    const unknown = await node.call("check", ["nosuch"]);
    expect(unknown).toEqual(error(METHOD_NOT_FOUND, "Unknown command 'nosuch'"));
    const missing = await node.call("check");
    expect(missing).toEqual(error(INVALID_PARAMS, "missing required parameter: command_to_check"));
    return { unknown, missing };
  });

  scenario("a plugin's method passes, whatever its parameters", async (node) => {
    const plugin = await node.started(node.plugin("p.py", { methods: ["m"] }));
    const answer = await node.call("check", { command_to_check: "m", anything: [1] });
    expect(answer).toEqual({ result: { command_to_check: "m" } });
    expect(plugin.received("check")).toEqual([]);
    return { answer, log: node.logLines("plugin-p.py") };
  });

  scenario(
    "a plugin that can check is asked",
    async (node) => {
      const plugin = await node.started(
        node.plugin("p.py", {
          methods: ["m"],
          manifest: { cancheck: true },
          steps: { check: [{ result: { command_to_check: "m", mine: true } }] },
        }),
      );
      const client = node.connect();
      client.send(
        '{"jsonrpc":"2.0","id":"x","method":"check","params":{"command_to_check":"m","a":1}}',
      );
      const [text = ""] = await client.messages(1);
      const { text: asked, id } = await plugin.receives("check");
      expect(id).toBe("x/cln:check#N");
      return { answer: node.readMessage(text), asked };
    },
    { since: "24.05" },
  );

  scenario(
    "what it has against it is the answer",
    async (node) => {
      await node.started(
        node.plugin("p.py", {
          methods: ["m"],
          manifest: { cancheck: true },
          steps: { check: [{ error: { code: -32602, message: "m wants a number" } }] },
        }),
      );
      const answer = await node.call("check", ["m", "x"]);
      expect(answer).toEqual(error(INVALID_PARAMS, "m wants a number"));
      return answer;
    },
    { since: "24.05" },
  );

  scenario("a start is not made", async (node) => {
    const plugin = node.plugin("p.py");
    const answer = await node.call("check", ["plugin", "start", plugin.path]);
    expect(answer).toEqual({ result: { command_to_check: "plugin" } });
    expect(plugin.starts()).toEqual([]);
    return answer;
  });

  scenario("a stop is made all the same", async (node) => {
    await node.started(node.plugin("p.py"));
    const answer = await node.call("check", ["plugin", "stop", "p.py"]);
    return { answer, list: await node.list() };
  });
});
