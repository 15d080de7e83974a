/** `listconfigs` and `setconfig`: the options of the node and of its plugins: cln-contract 6. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { error, INVALID_PARAMS } from "../harness/answers.js";
import { at, isRecord, type Json, type JsonRecord } from "../harness/json.js";
import type { NodeUnderTest } from "../harness/node-under-test.js";
import { topic } from "../harness/scenario.js";
import type { PluginSpec, ScriptedPlugin } from "../harness/scripted-plugin.js";

const OPTIONS: readonly Json[] = [
  { name: "c-string", type: "string", description: "d" },
  { name: "c-default", type: "string", description: "d", default: "as it was" },
  { name: "c-int", type: "int", description: "d", default: 7 },
  { name: "c-bool", type: "bool", description: "d", default: false },
  { name: "c-flag", type: "flag", description: "d" },
  { name: "c-multi", type: "string", description: "d", multi: true },
  { name: "c-multi-default", type: "string", description: "d", multi: true, default: "one" },
  { name: "c-multi-int", type: "int", description: "d", multi: true },
  { name: "c-conceal", type: "string-conceal", description: "d", default: "hush" },
  { name: "c-old", type: "string", description: "d", default: "x", deprecated: true },
];

const DYNAMIC: readonly Json[] = OPTIONS.map((option) =>
  isRecord(option) ? { ...option, dynamic: true } : option,
);

/** The options of the plugins of the scenario, as `listconfigs` shows them. */
async function shown(node: NodeUnderTest): Promise<JsonRecord> {
  const configs = at(await node.result("listconfigs"), "configs");
  const entries = isRecord(configs) ? Object.entries(configs) : [];
  return Object.fromEntries(entries.filter(([name]) => name.startsWith("c-")));
}

/** Config files of the lightning-dir, without what changes from run to run. */
function files(node: NodeUnderTest): JsonRecord {
  const { lightningDir, networkDir } = node.running;
  const paths = {
    config: join(lightningDir, "config"),
    network: join(networkDir, "config"),
    setconfig: join(networkDir, "config.setconfig"),
  };
  const read = (path: string) =>
    existsSync(path)
      ? node
          .normalise(readFileSync(path, "utf8"))
          .replace(/setconfig \w{3} \w{3} [ \d]\d [\d:]{8} \d{4}/, "setconfig DATE")
      : null;
  return Object.fromEntries(Object.entries(paths).map(([name, path]) => [name, read(path)]));
}

/** A node of its own, with a plugin that started with it: what is set would harm other scenarios. */
async function withPlugin(
  node: NodeUnderTest,
  config: readonly string[],
  spec: PluginSpec = {},
  networkConfig: readonly string[] = [],
): Promise<[NodeUnderTest, ScriptedPlugin]> {
  const plugin = node.plugin("p.py", { options: DYNAMIC, ...spec });
  const fresh = await node.fresh({ plugins: [plugin.path], config, networkConfig });
  return [fresh, plugin];
}

topic("configs", (scenario) => {
  scenario("defaults of each type", async (node) => {
    await node.started(node.plugin("p.py", { options: OPTIONS }));
    const configs = await shown(node);
    expect(configs["c-int"]).toEqual({
      value_int: 7,
      source: "default",
      plugin: "<folder>/p.py",
    });
    expect(configs["c-flag"]).toEqual({
      set: false,
      source: "default",
      plugin: "<folder>/p.py",
    });
    expect(configs["c-multi-default"]).toEqual({
      values_str: [],
      sources: [],
      plugin: "<folder>/p.py",
    });
    return configs;
  });

  scenario("dynamic options say so", async (node) => {
    await node.started(node.plugin("p.py", { options: DYNAMIC }));
    const configs = await shown(node);
    expect(configs["c-bool"]).toEqual({
      value_bool: false,
      source: "default",
      plugin: "<folder>/p.py",
      dynamic: true,
    });
    return configs;
  });

  scenario("start options have the source pluginstart", async (node) => {
    const plugin = node.plugin("p.py", { options: OPTIONS });
    const answer = await node.callRaw(
      "plugin",
      `{"subcommand":"start","plugin":${JSON.stringify(plugin.path)},"c-string":"a","c-int":-5,
          "c-bool":"YES","c-flag":1,"c-multi":"m","c-multi":"n","c-multi-int":3,"c-conceal":"s",
          "c-default":"b"}`,
    );
    expect("result" in answer).toBe(true);
    const configs = await shown(node);
    expect(configs["c-multi"]).toEqual({
      values_str: ["m", "n"],
      sources: ["pluginstart", "pluginstart"],
      plugin: "<folder>/p.py",
    });
    expect(configs["c-conceal"]).toEqual({
      value_str: "...",
      source: "pluginstart",
      plugin: "<folder>/p.py",
    });
    return configs;
  });

  scenario("raw text of start options is what is shown", async (node) => {
    const plugin = node.plugin("p.py", { options: OPTIONS });
    await node.callRaw(
      "plugin",
      `{"subcommand":"start","plugin":${JSON.stringify(plugin.path)},"c-string":"q\\"q\\\\","c-default":[1, 2],"c-multi":null}`,
    );
    return shown(node);
  });

  scenario("a scalar given twice is shown once", async (node) => {
    const plugin = node.plugin("p.py", { options: OPTIONS });
    await node.callRaw(
      "plugin",
      `{"subcommand":"start","plugin":${JSON.stringify(plugin.path)},"c-string":"a","c-string":"b"}`,
    );
    const configs = await shown(node);
    expect(at(configs, "c-string", "value_str")).toBe("b");
    return configs;
  });

  scenario("options are gone with their plugin", async (node) => {
    const plugin = await node.started(node.plugin("p.py", { options: OPTIONS }));
    await node.stop(plugin);
    expect(await shown(node)).toEqual({});
    const answer = await node.call("listconfigs", ["c-string"]);
    expect(answer).toEqual(
      error(INVALID_PARAMS, "config: Unknown config option: invalid token (see logs for details)"),
    );
    return answer;
  });

  scenario("one option by name", async (node) => {
    await node.started(node.plugin("p.py", { options: OPTIONS }));
    return [
      await node.call("listconfigs", ["c-int"]),
      await node.call("listconfigs", { config: "c-flag" }),
      await node.call("listconfigs", ["c-old"]),
      await node.call("listconfigs", ["c-string"]),
    ];
  });

  const wrong: readonly [string, Json][] = [
    ["an unknown option", ["nosuch"]],
    ["a number", [5]],
    ["too much", ["network", "regtest"]],
    ["an unknown keyword", { option: "network" }],
    ["null", [null]],
    ["dashes before the name", ["--network"]],
  ];
  for (const [name, params] of wrong.filter(([title]) => title !== "null")) {
    scenario(`listconfigs of ${name}`, (node) => node.call("listconfigs", params));
  }

  scenario("options of the node itself", async (node) => {
    const names = [
      "network",
      "rpc-file",
      "lightning-dir",
      "log-timestamps",
      "rescan",
      "allow-deprecated-apis",
      "offline-not-there",
      "cltv-delta",
      "htlc-minimum-msat",
      "min-capacity-sat",
      "developer",
      "rpc-file-mode",
      "i-promise-to-fix-broken-api-user",
    ];
    const answers: [string, Json][] = [];
    for (const name of names) answers.push([name, await node.call("listconfigs", [name])]);
    return Object.fromEntries(answers);
  });

  scenario("the whole list has the same options with the same types", async (node) => {
    const configs = at(await node.result("listconfigs"), "configs");
    const own = Object.entries(isRecord(configs) ? configs : {}).filter(
      ([, option]) => isRecord(option) && !("plugin" in option),
    );
    return own.map(([name, option]) => [name, ...Object.keys(option as JsonRecord)]);
  });

  scenario("values of the config file have it as source, with the line", async (node) => {
    const [fresh, plugin] = await withPlugin(node, [
      "c-string=from the file  ",
      "# a comment",
      "c-flag",
      "c-int=-3",
      "c-multi=a",
      "c-multi=b",
      "c-bool=true",
    ]);
    const configs = await shown(fresh);
    expect(configs["c-string"]).toMatchObject({
      value_str: "from the file",
      source: "<lightning-dir>/config:2",
    });
    expect(configs["c-multi"]).toMatchObject({
      values_str: ["a", "b"],
      sources: ["<lightning-dir>/config:6", "<lightning-dir>/config:7"],
    });
    const init = await plugin.receives("init");
    return { configs, options: at(init.params, "options") };
  });

  scenario("values of the config file come back after a stop and a start", async (node) => {
    const [fresh, plugin] = await withPlugin(node, ["c-string=file", "c-multi=file"]);
    const before = await shown(fresh);
    await fresh.stop(plugin);
    await fresh.started(plugin);
    expect(await shown(fresh)).toEqual(before);
    const init = await plugin.receives("init", 2);
    expect(at(init.params, "options", "c-string")).toBe("file");
    return { before, options: at(init.params, "options") };
  });

  scenario(
    "start options come over those of the file, and multi ones beside them",
    async (node) => {
      const [fresh, plugin] = await withPlugin(node, ["c-string=file", "c-multi=file", "c-int=1"]);
      await fresh.stop(plugin);
      await fresh.started(plugin, { "c-string": "start", "c-multi": "start" });
      const during = await shown(fresh);
      expect(during["c-string"]).toMatchObject({ value_str: "start", source: "pluginstart" });
      expect(during["c-multi"]).toMatchObject({
        values_str: ["file", "start"],
        sources: ["<lightning-dir>/config:3", "pluginstart"],
      });
      await fresh.stop(plugin);
      await fresh.started(plugin);
      const after = await shown(fresh);
      expect(after["c-string"]).toMatchObject({ value_str: "file" });
      return { during, after };
    },
  );

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

  scenario(
    "setconfig writes what is to last into a file that the config includes",
    async (node) => {
      const [fresh, plugin] = await withPlugin(node, ["c-string=first"]);
      const first = await fresh.call("setconfig", ["c-string", "second"]);
      const filesFirst = files(fresh);
      const second = await fresh.call("setconfig", ["c-string", "third"]);
      const flag = await fresh.call("setconfig", ["c-flag"]);
      return {
        first,
        filesFirst,
        second,
        flag,
        files: files(fresh),
        asked: plugin.received("setconfig").map(({ message }) => message),
        configs: await shown(fresh),
      };
    },
    { since: "25.02" },
  );

  scenario(
    "setconfig of a multi option writes each value",
    async (node) => {
      const [fresh] = await withPlugin(node, [], {}, ["c-multi=file"]);
      const answer = await fresh.call("setconfig", { config: "c-multi", val: ["a", "b"] });
      const less = await fresh.call("setconfig", { config: "c-multi", val: ["c"] });
      const none = await fresh.call("setconfig", { config: "c-multi", val: [] });
      return { answer, less, none, files: files(fresh), configs: await shown(fresh) };
    },
    { since: "26.06" },
  );

  scenario(
    "setconfig of a multi option that the base config sets",
    async (node) => {
      const [fresh] = await withPlugin(node, ["c-multi=file"]);
      const answer = await fresh.call("setconfig", { config: "c-multi", val: ["a"] });
      return { answer, files: files(fresh) };
    },
    { since: "26.06" },
  );

  scenario(
    "setconfig over a file that somebody has changed meanwhile",
    async (node) => {
      const [fresh] = await withPlugin(node, ["c-string=first"]);
      fresh.writeConfig(["c-string=by hand"]);
      const answer = await fresh.call("setconfig", ["c-string", "second"]);
      return { answer, files: files(fresh) };
    },
    { since: "25.02" },
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
