/** `listconfigs`: the options of the node and of its plugins. */
import { expect } from "vitest";
import { error, INVALID_PARAMS } from "../harness/answers.js";
import { at, isRecord, type Json, type JsonRecord } from "../harness/json.js";
import { DYNAMIC, OPTIONS, shown, withPlugin } from "../harness/option-plugin.js";
import { topic } from "../harness/scenario.js";

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
});
