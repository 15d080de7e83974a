/** `setconfig`: options that are changed while the plugin runs. */
import { expect } from "vitest";
import { error } from "../harness/answers.js";
import { at, isRecord, type Json, type JsonRecord } from "../harness/json.js";
import { files, OPTIONS, shown, withPlugin } from "../harness/option-plugin.js";
import { topic } from "../harness/scenario.js";

topic("setconfig", (scenario) => {
  const values: readonly [string, Json][] = [
    ["a string", ["c-string", "new"]],
    ["an empty string", ["c-string", ""]],
    ["a string with a blank", ["c-string", "two words "]],
    ["a string with a quote by an escape", ["c-string", 'q"q']],
    ["a number for a string", ["c-string", 5]],
    ["null for a string", ["c-string", null]],
    ["an int", ["c-int", 42]],
    ["an int in quotes", ["c-int", "42"]],
    ["a bool", ["c-bool", true]],
    ["a bool in quotes", ["c-bool", "true"]],
    ["a word for a bool", ["c-bool", "perhaps"]],
    ["a flag", ["c-flag"]],
    ["a flag with a value", ["c-flag", true]],
    ["nothing for a string", ["c-string"]],
    ["an array for a string", { config: "c-string", val: ["a"] }],
    ["a concealed string", ["c-conceal", "secret"]],
  ];
  for (const [name, params] of values) {
    scenario(
      `setconfig, transient: ${name}`,
      async (node) => {
        const [fresh, plugin] = await withPlugin(node, []);
        const keyword = isRecord(params)
          ? { ...params, transient: true }
          : keywordParams(params as readonly Json[]);
        const answer = await fresh.call("setconfig", keyword);
        return {
          answer,
          asked: plugin.received("setconfig").map(({ message }) => message),
          configs: await shown(fresh),
          files: files(fresh),
        };
      },
      { since: "25.02" },
    );
  }

  scenario(
    "setconfig of a multi option takes an array",
    async (node) => {
      const [fresh, plugin] = await withPlugin(node, ["c-multi=file"]);
      const answer = await fresh.call("setconfig", {
        config: "c-multi",
        val: ["a", "b"],
        transient: true,
      });
      const configs = await shown(fresh);
      return {
        answer,
        asked: plugin.received("setconfig").map(({ message }) => message),
        configs,
      };
    },
    { since: "26.06" },
  );

  scenario(
    "setconfig of a multi option refuses one value",
    async (node) => {
      const [fresh] = await withPlugin(node, []);
      return fresh.call("setconfig", { config: "c-multi", val: "a", transient: true });
    },
    { since: "26.06" },
  );

  scenario("setconfig that the plugin refuses", async (node) => {
    const [fresh, plugin] = await withPlugin(node, [], {
      steps: { setconfig: [{ error: { code: 99, message: "not this one" } }] },
    });
    const answer = await fresh.call("setconfig", ["c-string", "new"]);
    expect(answer).toEqual(error(99, "not this one"));
    return {
      answer,
      asked: plugin.received("setconfig").length,
      configs: await shown(fresh),
      files: files(fresh),
    };
  });

  for (const [name, bad] of [
    ["no code", { message: "m" }],
    ["a word as code", { code: "x", message: "m" }],
    ["no message", { code: 1 }],
  ] as const) {
    scenario(`setconfig that the plugin refuses with ${name}`, async (node) => {
      const [fresh] = await withPlugin(node, [], {
        steps: { setconfig: [{ error: bad }] },
      });
      return fresh.call("setconfig", ["c-string", "new"]);
    });
  }

  scenario(
    "check of a setconfig asks a plugin that can check",
    async (node) => {
      const [fresh, plugin] = await withPlugin(node, [], { manifest: { cancheck: true } });
      const answer = await fresh.call("check", ["setconfig", "c-string", "new"]);
      return {
        answer,
        asked: plugin.received("check").map(({ message }) => message),
        configs: await shown(fresh),
      };
    },
    { since: "24.05" },
  );

  scenario(
    "a transient value comes back after a stop and a start",
    async (node) => {
      const [fresh, plugin] = await withPlugin(node, []);
      await fresh.call("setconfig", { config: "c-string", val: "t", transient: true });
      await fresh.stop(plugin);
      await fresh.started(plugin);
      const init = await plugin.receives("init", 2);
      return { options: at(init.params, "options"), configs: await shown(fresh) };
    },
    { since: "25.02" },
  );

  const refused: readonly [string, Json][] = [
    ["nothing", []],
    ["an unknown option", ["nosuch", "x"]],
    ["an option of the node that is not dynamic", ["network", "regtest"]],
    ["an option of a plugin that is not dynamic", ["c-string", "x"]],
    ["too much", ["min-capacity-sat", "1", false, "more"]],
    ["a word as transient", ["min-capacity-sat", "1", "perhaps"]],
    ["a word for the node's own number", ["min-capacity-sat", "many", true]],
  ];
  for (const [name, params] of refused) {
    scenario(
      `setconfig refuses ${name}`,
      async (node) => {
        await node.started(node.plugin("p.py", { options: OPTIONS }));
        return node.call("setconfig", params);
      },
      { since: "25.02" },
    );
  }

  scenario(
    "setconfig of the node's own option",
    async (node) => {
      const fresh = await node.fresh();
      const answer = await fresh.call("setconfig", ["min-capacity-sat", "20000", true]);
      return { answer, shown: await fresh.call("listconfigs", ["min-capacity-sat"]) };
    },
    { since: "25.02" },
  );
});

function keywordParams([config = null, val]: readonly Json[]): JsonRecord {
  return { config, ...(val === undefined ? {} : { val }), transient: true };
}
