/** How `plugin` may be called, and how not. */
import { expect } from "vitest";
import { error, INVALID_PARAMS } from "../harness/answers.js";
import type { Json, JsonRecord } from "../harness/json.js";
import { topic } from "../harness/scenario.js";

function invalid(message: string): JsonRecord {
  return error(INVALID_PARAMS, message);
}

topic("plugin usage", (scenario) => {
  const calls: readonly [string, string, JsonRecord | undefined][] = [
    ["no subcommand by position", "[]", invalid("missing required parameter: subcommand")],
    ["no subcommand by keyword", "{}", invalid("missing required parameter: subcommand")],
    ["a plugin but no subcommand", '{"plugin":"x"}', undefined],
    ["an unknown subcommand", '["restart"]', invalid("Unknown subcommand 'restart'")],
    ["an unknown subcommand by keyword", '{"subcommand":"reload"}', undefined],
    ["a number as subcommand", "[1]", undefined],
    ["null as subcommand", "[null]", undefined],
    ["an array as subcommand", '[["list"]]', undefined],
    ["a subcommand with an escape", '["l\\u0069st"]', undefined],
    ["start without a plugin", '["start"]', invalid("missing required parameter: plugin")],
    [
      "start without a plugin by keyword",
      '{"subcommand":"start"}',
      invalid("missing required parameter: plugin"),
    ],
    ["start with null as plugin", '["start",null]', invalid("missing required parameter: plugin")],
    ["start with an option by position", '["start","/bin/false","a=b"]', undefined],
    ["start with an object as plugin", '["start",{}]', undefined],
    ["start with a number as plugin", '["start",5]', undefined],
    ["start with an empty name", '["start",""]', undefined],
    [
      "start with the plugin twice",
      '{"subcommand":"start","plugin":"/a","plugin":"/b"}',
      invalid("duplicate json names: plugin"),
    ],
    [
      "start with the subcommand twice",
      '{"subcommand":"start","subcommand":"start","plugin":"/a"}',
      undefined,
    ],
    ["stop without a plugin", '["stop"]', invalid("missing required parameter: plugin")],
    ["stop with too much", '["stop","x","y"]', invalid("too many parameters: got 3, expected 2")],
    [
      "stop with an unknown parameter",
      '{"subcommand":"stop","plugin":"x","force":true}',
      invalid(
        "unknown parameter: force, this may be caused by a failure to autodetect key=value-style parameters. Please try using the -k flag and explicit key=value pairs of parameters.",
      ),
    ],
    [
      "stop with two unknown parameters",
      '{"subcommand":"stop","a":1,"plugin":"x","b":2}',
      undefined,
    ],
    ["stop with the name twice", '{"subcommand":"stop","plugin":"x","plugin":"x"}', undefined],
    [
      "startdir without a directory",
      '["startdir"]',
      invalid("missing required parameter: directory"),
    ],
    ["startdir with a plugin", '{"subcommand":"startdir","plugin":"x"}', undefined],
    [
      "startdir of a folder that is not there",
      '["startdir","/no/such/folder"]',
      invalid("Could not open /no/such/folder"),
    ],
    ["rescan with too much", '["rescan","x"]', invalid("too many parameters: got 2, expected 1")],
    ["list with too much", '["list","x"]', invalid("too many parameters: got 2, expected 1")],
    ["list with an unknown parameter", '{"subcommand":"list","plugin":"x"}', undefined],
    ["list by keyword", '{"subcommand":"list"}', { result: { command: "list", plugins: [] } }],
  ];
  for (const [name, params, expected] of calls) {
    scenario(name, async (node) => {
      const answer = await node.callRaw("plugin", params);
      if (expected !== undefined) expect(answer).toEqual(expected);
      return answer;
    });
  }

  scenario("start by position", async (node) => {
    const answer = await node.start(node.plugin("p.py"));
    expect(answer).toEqual(listed("start"));
    return answer;
  });

  scenario("start by keyword", async (node) => {
    const plugin = node.plugin("p.py");
    const answer = await node.call("plugin", { plugin: plugin.path, subcommand: "start" });
    expect(answer).toEqual(listed("start"));
    return answer;
  });

  scenario("stop by position and by keyword", async (node) => {
    const plugin = await node.started(node.plugin("p.py"));
    const stopped = await node.call("plugin", ["stop", "p.py"]);
    expect(stopped).toEqual({
      result: { command: "stop", result: "Successfully stopped p.py." },
    });
    await node.started(plugin);
    const again = await node.call("plugin", { subcommand: "stop", plugin: plugin.path });
    expect(again).toEqual(stopped);
    expect(await node.list()).toEqual([]);
    return { stopped, again };
  });

  scenario("startdir starts every executable file of a folder", async (node) => {
    const folder = node.subfolder("dir");
    node.plugin("dir/one.py");
    node.file("dir/notes.txt", "no plugin", 0o644);
    node.file("dir/odd name!.py", "not even looked at: the name", 0o755);
    const answer = await node.call("plugin", ["startdir", folder]);
    expect(answer).toEqual({
      result: {
        command: "startdir",
        plugins: [{ name: "<folder>/dir/one.py", active: true, dynamic: true }],
      },
    });
    return answer;
  });

  scenario("startdir by keyword, of an empty folder", async (node) => {
    const directory = node.subfolder("empty");
    const answer = await node.call("plugin", { subcommand: "startdir", directory });
    expect(answer).toEqual({ result: { command: "startdir", plugins: [] } });
    return answer;
  });

  scenario("startdir of a file", async (node) => {
    const plugin = node.plugin("p.py");
    const answer = await node.call("plugin", ["startdir", plugin.path]);
    expect(answer).toEqual(invalid("Failed to open plugin-dir <folder>/p.py: Not a directory"));
    return answer;
  });

  scenario("rescan finds what is new in the folder for plugins", async (node) => {
    const fresh = await node.fresh();
    const nothing = await fresh.call("plugin", ["rescan"]);
    expect(nothing).toEqual({ result: { command: "rescan", plugins: [] } });
    const plugin = fresh.pluginInLightningDir("plugins", "found.py");
    const found = await fresh.call("plugin", { subcommand: "rescan" });
    expect(found).toEqual({
      result: {
        command: "rescan",
        plugins: [{ name: "<lightning-dir>/plugins/found.py", active: true, dynamic: true }],
      },
    });
    const again = await fresh.call("plugin", ["rescan"]);
    return { found, again, starts: plugin.starts().length };
  });

  scenario("rescan looks one folder deep", async (node) => {
    const fresh = await node.fresh();
    fresh.pluginInLightningDir("plugins/deep", "found.py");
    fresh.pluginInLightningDir("plugins/deep/deeper", "not-found.py");
    const answer = await fresh.call("plugin", ["rescan"]);
    return answer;
  });

  scenario(
    "a plugin that is still starting is listed as not active and not dynamic",
    async (node) => {
      const plugin = node.plugin("p.py", {
        steps: {
          getmanifest: [{ hold: "manifest" }, manifestAction()],
          init: [{ hold: "init" }, { result: {} }],
        },
      });
      const answer = node.start(plugin);
      await plugin.receives("getmanifest");
      const first = await node.list();
      plugin.open("manifest");
      await plugin.receives("init");
      const second = await node.list();
      plugin.open("init");
      expect([first, second]).toEqual([
        [{ name: "<folder>/p.py", active: false, dynamic: false }],
        [{ name: "<folder>/p.py", active: false, dynamic: true }],
      ]);
      return { first, second, answer: await answer };
    },
  );

  scenario("plugins are listed in the order in which they were started", async (node) => {
    for (const name of ["c.py", "a.py", "b.py"]) await node.started(node.plugin(name));
    await node.stop("a.py");
    await node.started(node.plugin("a.py"));
    const list = await node.list();
    expect(list).toEqual(
      ["c", "b", "a"].map((name) => ({ name: `<folder>/${name}.py`, active: true, dynamic: true })),
    );
    return list;
  });
});

function listed(command: string): Json {
  return {
    result: { command, plugins: [{ name: "<folder>/p.py", active: true, dynamic: true }] },
  };
}

function manifestAction() {
  return { result: { dynamic: true, options: [], rpcmethods: [] } };
}
