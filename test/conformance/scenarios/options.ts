/** Options at `plugin start`: what is taken, and what arrives. */
import { expect } from "vitest";
import { error, PLUGIN_ERROR } from "../harness/answers.js";
import { at, type Json, type JsonRecord } from "../harness/json.js";
import type { NodeUnderTest } from "../harness/node-under-test.js";
import { topic } from "../harness/scenario.js";
import type { ScriptedPlugin } from "../harness/scripted-plugin.js";

const OPTIONS: readonly Json[] = [
  { name: "c-string", type: "string", description: "d" },
  { name: "c-default", type: "string", description: "d", default: "as it was" },
  { name: "c-int", type: "int", description: "d" },
  { name: "c-int-default", type: "int", description: "d", default: 7 },
  { name: "c-bool", type: "bool", description: "d" },
  { name: "c-bool-default", type: "bool", description: "d", default: true },
  { name: "c-flag", type: "flag", description: "d" },
  { name: "c-multi", type: "string", description: "d", multi: true },
  { name: "c-multi-default", type: "string", description: "d", multi: true, default: "one" },
  { name: "c-multi-int", type: "int", description: "d", multi: true },
  { name: "c-conceal", type: "string-conceal", description: "d" },
];

const DEFAULTS: JsonRecord = {
  "c-default": "as it was",
  "c-int-default": 7,
  "c-bool-default": true,
  "c-multi-default": ["one"],
};

function startText(plugin: ScriptedPlugin, members: string): string {
  const head = `"subcommand":"start","plugin":${JSON.stringify(plugin.path)}`;
  return members === "" ? `{${head}}` : `{${head},${members}}`;
}

/** Starts a plugin with options that the node takes; gives what its init says of them. */
async function accepted(node: NodeUnderTest, members: string): Promise<Json> {
  const plugin = node.plugin("p.py", { options: OPTIONS });
  const answer = await node.callRaw("plugin", startText(plugin, members));
  if (!("result" in answer)) return answer;
  const init = await plugin.receives("init");
  return { options: at(init.params, "options"), text: optionsText(init.text) };
}

/** The options as the plugin got them, to the letter. */
function optionsText(init: string): string {
  return /"options":\s*(\{.*?\}),\s*"configuration"/s.exec(init)?.[1] ?? init;
}

topic("options", (scenario) => {
  const taken: readonly [string, string, JsonRecord | undefined][] = [
    ["none", "", {}],
    ["a string", '"c-string":"text"', { "c-string": "text" }],
    ["an empty string", '"c-string":""', { "c-string": "" }],
    ["a number for a string", '"c-string":12', { "c-string": "12" }],
    ["a fraction for a string", '"c-string":1.50', { "c-string": "1.50" }],
    ["true for a string", '"c-string":true', { "c-string": "true" }],
    ["null for a string", '"c-string":null', { "c-string": "null" }],
    ["an array for a string", '"c-string":[1, "two"]', { "c-string": '[1, "two"]' }],
    ["an object for a string", '"c-string":{"a" : 1}', { "c-string": '{"a" : 1}' }],
    ["blanks behind a string", '"c-string":"  both  "', { "c-string": "  both" }],
    ["a string with an equals sign", '"c-string":"a=b=c"', { "c-string": "a=b=c" }],
    ["a string with a hash", '"c-string":"# no comment"', { "c-string": "# no comment" }],
    ["UTF-8 as it is", '"c-string":"né⚡"', { "c-string": "né⚡" }],
    ["a quote by an escape: kept as written", '"c-string":"q\\"q"', undefined],
    ["a backslash by an escape: kept as written", '"c-string":"b\\\\b"', undefined],
    ["a newline by an escape: kept as written", '"c-string":"n\\nn"', undefined],
    ["a slash by an escape: kept as written", '"c-string":"s\\/s"', undefined],
    ["UTF-8 by an escape: kept as written", '"c-string":"\\u00e9"', undefined],
    ["a string in the place of a default", '"c-default":"other"', { "c-default": "other" }],
    ["an int", '"c-int":42', { "c-int": 42 }],
    ["an int in quotes", '"c-int":"42"', { "c-int": 42 }],
    ["a negative int", '"c-int":-1', { "c-int": -1 }],
    ["zero", '"c-int":0', { "c-int": 0 }],
    ["an int with blanks behind", '"c-int":"5  "', { "c-int": 5 }],
    ["the greatest int", '"c-int":9223372036854775807', undefined],
    ["the least int", '"c-int":-9223372036854775808', undefined],
    ["true", '"c-bool":true', { "c-bool": true }],
    ["false", '"c-bool":false', { "c-bool": false }],
    ["true in quotes", '"c-bool":"true"', { "c-bool": true }],
    ["yes", '"c-bool":"yes"', { "c-bool": true }],
    ["NO", '"c-bool":"NO"', { "c-bool": false }],
    ["False", '"c-bool":"False"', { "c-bool": false }],
    ["false in the place of true", '"c-bool-default":false', { "c-bool-default": false }],
    ["a flag by true", '"c-flag":true', { "c-flag": true }],
    ["a flag by false: it is set", '"c-flag":false', { "c-flag": true }],
    ["a flag by null: it is set", '"c-flag":null', { "c-flag": true }],
    ["a flag by a word: it is set", '"c-flag":"no"', { "c-flag": true }],
    ["a multi option once", '"c-multi":"a"', { "c-multi": ["a"] }],
    [
      "a multi option three times",
      '"c-multi":"a","c-multi":"b","c-multi":"a"',
      { "c-multi": ["a", "b", "a"] },
    ],
    ["an array for a multi option: one value", '"c-multi":["a","b"]', { "c-multi": ['["a","b"]'] }],
    [
      "a multi option in the place of its default",
      '"c-multi-default":"x"',
      { "c-multi-default": ["x"] },
    ],
    ["a multi int", '"c-multi-int":1,"c-multi-int":"2"', { "c-multi-int": [1, 2] }],
    [
      "a scalar twice: the last counts",
      '"c-string":"first","c-string":"last"',
      { "c-string": "last" },
    ],
    ["a concealed string", '"c-conceal":"secret"', { "c-conceal": "secret" }],
    [
      "several of all kinds",
      '"c-flag":1,"c-int":1,"c-multi":"m","c-string":"s","c-bool":false',
      { "c-flag": true, "c-int": 1, "c-multi": ["m"], "c-string": "s", "c-bool": false },
    ],
  ];
  for (const [name, members, given] of taken) {
    scenario(`takes ${name}`, async (node) => {
      const seen = await accepted(node, members);
      if (given !== undefined) expect(at(seen, "options")).toEqual({ ...DEFAULTS, ...given });
      return seen;
    });
  }

  const refused: readonly [string, string, string | undefined][] = [
    ["an unknown option", '"nosuch":1', "unknown parameter nosuch"],
    ["an option of the node's own", '"log-level":"debug"', "unknown parameter log-level"],
    ["the key `options`", '"options":["c-string=x"]', "unknown parameter options"],
    ["an empty name", '"":1', "unknown parameter "],
    ["dashes before the name", '"--c-string":"x"', "unknown parameter --c-string"],
    ["an int in words", '"c-int":"many"', "'many' is not a number"],
    ["an empty int", '"c-int":""', undefined],
    ["a fraction for an int", '"c-int":1.5', "'1.5' is not a number"],
    ["an exponent for an int", '"c-int":1e3', "'1e3' is not a number"],
    ["null for an int", '"c-int":null', "'null' is not a number"],
    [
      "an int that is too great",
      '"c-int":9223372036854775808',
      "'9223372036854775808' is out of range",
    ],
    ["a bool by 1", '"c-bool":1', "Invalid argument '1'"],
    ["a bool by 0", '"c-bool":0', undefined],
    ["a bool by on", '"c-bool":"on"', undefined],
    ["an empty bool", '"c-bool":""', undefined],
    ["an array for an int", '"c-int":[1]', undefined],
    ["a wrong one among multi ints", '"c-multi-int":1,"c-multi-int":"x"', undefined],
    ["a wrong one after a right one", '"c-string":"x","c-int":"y"', undefined],
  ];
  for (const [name, members, reason] of refused) {
    scenario(`refuses ${name}`, async (node) => {
      const plugin = node.plugin("p.py", { options: OPTIONS });
      const answer = await node.callRaw("plugin", startText(plugin, members));
      if (reason !== undefined) {
        expect(answer).toEqual(error(PLUGIN_ERROR, `<folder>/p.py: ${reason}`));
      }
      expect(plugin.received("init")).toEqual([]);
      expect(await node.list()).toEqual([]);
      // What was wrong is forgotten: the next start is a good one.
      const again = await node.start(plugin, {});
      expect("result" in again).toBe(true);
      const init = await plugin.receives("init");
      expect(at(init.params, "options")).toEqual(DEFAULTS);
      return { answer, log: node.logLines("plugin-p.py") };
    });
  }

  scenario("an option's name with an escape is not decoded", async (node) => {
    const plugin = node.plugin("p.py", { options: OPTIONS });
    return node.callRaw("plugin", startText(plugin, '"c\\u002dstring":"x"'));
  });

  scenario("start options are gone after the stop", async (node) => {
    const plugin = await node.started(node.plugin("p.py", { options: OPTIONS }), {
      "c-string": "once",
      "c-default": "once",
    });
    await node.stop(plugin);
    await node.started(plugin, {});
    const seen = plugin.received("init").map(({ params }) => at(params, "options"));
    expect(seen).toEqual([{ ...DEFAULTS, "c-string": "once", "c-default": "once" }, DEFAULTS]);
    return seen;
  });

  scenario("so are those of a start that failed", async (node) => {
    const plugin = node.plugin("p.py", {
      options: OPTIONS,
      steps: { init: [{ result: { disable: "not now" } }] },
    });
    const answer = await node.start(plugin, { "c-string": "once" });
    plugin.rewrite({ options: OPTIONS });
    await node.started(plugin);
    const init = await plugin.receives("init", 2);
    expect(at(init.params, "options")).toEqual(DEFAULTS);
    return { answer, options: at(init.params, "options") };
  });

  scenario("an option of another plugin is unknown", async (node) => {
    await node.started(node.plugin("first.py", { options: OPTIONS }));
    const answer = await node.start(node.plugin("second.py"), { "c-string": "x" });
    expect(answer).toEqual(error(PLUGIN_ERROR, "<folder>/second.py: unknown parameter c-string"));
    return answer;
  });

  scenario("a deprecated option is taken while old APIs are allowed", async (node) => {
    const options = [{ name: "c-old", type: "string", description: "d", deprecated: true }];
    const plugin = node.plugin("p.py", { options });
    const answer = await node.start(plugin, { "c-old": "x" });
    return { answer, log: node.logLines("plugin-p.py") };
  });

  scenario("an int in hexadecimal is taken, and then is no JSON", async (node) => {
    // The plugin does not understand its init: it would be killed after 120 s. Nothing may ask a
    // lightningd for its options meanwhile: it would end itself.
    const plugin = node.plugin("p.py", { options: OPTIONS, end: [{ hang: "end" }] });
    const client = node.connect();
    const params = startText(plugin, '"c-int":"0x10"');
    client.send(`{"jsonrpc":"2.0","id":1,"method":"plugin","params":${params}}`);
    await node.untilListed("p.py", { active: false, dynamic: true });
    plugin.end();
    const [text = ""] = await client.messages(1);
    return node.readMessage(text);
  });
});
