/** What the answer to `getmanifest` may hold, and what is said of it otherwise. */
import { expect } from "vitest";
import { error, PLUGIN_ERROR } from "../harness/answers.js";
import type { Json } from "../harness/json.js";
import { topic } from "../harness/scenario.js";

type Members = { readonly [key: string]: Json | undefined };

function option(members: Members): Members {
  const whole = { name: "m-opt", type: "string", description: "d", ...members };
  return { options: [defined(whole)] };
}

function defined(members: Members): Json {
  return JSON.parse(JSON.stringify(members)) as Json;
}

function method(members: Members): Members {
  return { rpcmethods: [defined({ name: "m-method", usage: "", ...members })] };
}

const MISSING = 'An option is missing either "name", "description" or "type"';

topic("manifest", (scenario) => {
  /** The members, and the reason of the refusal; none if the node takes it. */
  const cases: readonly [string, Members, string | undefined | "taken"][] = [
    ["no options", { options: undefined }, '"result.options" was not found in the manifest'],
    ["options that are no array", { options: {} }, '"result.options" is not an array'],
    ["null as options", { options: null }, '"result.options" is not an array'],
    ["an option that is no object", { options: ["x"] }, MISSING],
    ["an option without a name", option({ name: undefined }), MISSING],
    ["an option without a type", option({ type: undefined }), MISSING],
    ["an option without a description", option({ description: undefined }), MISSING],
    [
      "an option with a capital letter",
      option({ name: "Option" }),
      `Option "name" must be lowercase alphanumeric, plus _ or -'`,
    ],
    ["an option with a dot", option({ name: "a.b" }), undefined],
    ["a number as an option's name", option({ name: 5 }), undefined],
    ["a number as an option's description", option({ description: 5 }), undefined],
    [
      "an unknown type",
      option({ type: "float" }),
      'Only "string", "int", "bool", and "flag" options are supported',
    ],
    ["a type in capitals", option({ type: "STRING" }), undefined],
    ["a number as type", option({ type: 1 }), undefined],
    [
      "a default that is no int",
      option({ type: "int", default: "x" }),
      "Invalid default 'x': 'x' is not a number",
    ],
    ["an int's default in quotes", option({ type: "int", default: "5" }), "taken"],
    ["a fraction as an int's default", option({ type: "int", default: 1.5 }), undefined],
    ["a default that is no bool", option({ type: "bool", default: "maybe" }), undefined],
    ["a bool's default by 1", option({ type: "bool", default: 1 }), undefined],
    ["a bool's default in quotes", option({ type: "bool", default: "yes" }), "taken"],
    ["null as default", option({ type: "int", default: null }), "taken"],
    ["a number as a string's default", option({ default: 5 }), "taken"],
    ["an object as a string's default", option({ default: { a: 1 } }), "taken"],
    [
      "true as a flag's default",
      option({ type: "flag", default: true }),
      "--m-opt type flag default must be 'false' not true",
    ],
    ["false as a flag's default", option({ type: "flag", default: false }), "taken"],
    ["null as a flag's default", option({ type: "flag", default: null }), undefined],
    ["a multi flag", option({ type: "flag", multi: true }), "flag type cannot be multi"],
    ["a multi bool", option({ type: "bool", multi: true }), "bool type cannot be multi"],
    ["a multi int", option({ type: "int", multi: true }), "taken"],
    ["a word as multi", option({ multi: "yes" }), '--m-opt: invalid "multi" field yes'],
    ["a number as an option's dynamic", option({ dynamic: 1 }), undefined],
    ["a word as an option's deprecated", option({ deprecated: "yes" }), undefined],
    ["three versions as deprecated", option({ deprecated: ["v23.02", "v23.05", "x"] }), undefined],
    [
      "a wrong version as deprecated",
      option({ deprecated: ["then"] }),
      'invalid "deprecated" start version then',
    ],
    ["a wrong end as deprecated", option({ deprecated: ["v23.02", "then"] }), undefined],
    ["no versions as deprecated", option({ deprecated: [] }), undefined],
    ["unknown members of an option", option({ more: 1 }), "taken"],

    ["no rpcmethods", { rpcmethods: undefined }, '"result.rpcmethods" missing'],
    ["rpcmethods that are no array", { rpcmethods: {} }, '"result.rpcmethods" is not an array'],
    [
      "a method without a name",
      method({ name: undefined }),
      'rpcmethod does not have a string "name": {"usage":""}',
    ],
    ["a number as a method's name", method({ name: 5 }), undefined],
    ["a method without usage", method({ usage: undefined }), '"usage" not provided by plugin'],
    [
      "a number as usage",
      method({ usage: 5 }),
      '"usage" is not a string: {"name":"m-method","usage":5}',
    ],
    ["null as usage", method({ usage: null }), undefined],
    ["a method that is no object", { rpcmethods: ["m"] }, undefined],
    ["an empty name of a method", method({ name: "" }), undefined],
    ["a method's name with blanks", method({ name: "two words" }), undefined],
    [
      "a description of a method",
      method({ description: 1, category: [], long_description: {} }),
      "taken",
    ],
    ["a deprecated method", method({ deprecated: true }), undefined],
    ["a wrong deprecated of a method", method({ deprecated: 5 }), undefined],

    ["a word as dynamic", { dynamic: "true" }, 'getmanifest: invalid "dynamic" field true'],
    ["a number as dynamic", { dynamic: 1 }, 'getmanifest: invalid "dynamic" field 1'],
    ["null as dynamic", { dynamic: null }, undefined],

    ["no subscriptions", { subscriptions: undefined }, "taken"],
    [
      "subscriptions that are no array",
      { subscriptions: "connect" },
      '"result.subscriptions" is not an array',
    ],
    [
      "a subscription that is no string",
      { subscriptions: ["connect", 5] },
      "result.subscriptions[1] is not a string: '5'",
    ],
    ["an unknown topic", { subscriptions: ["nosuch"] }, "taken"],
    ["a topic twice", { subscriptions: ["connect", "connect"] }, "taken"],
    ["all topics", { subscriptions: ["*"] }, "taken"],

    ["an unknown hook", { hooks: ["nosuch"] }, "Unknown hook name nosuch"],
    [
      "a hook twice",
      { hooks: ["rpc_command", "rpc_command"] },
      "Registered for hook rpc_command multiple times",
    ],
    ["a hook without a name", { hooks: [{ before: [] }] }, undefined],
    ["a hook's name by an object", { hooks: [{ name: "peer_connected" }] }, "taken"],
    [
      "a filter for a hook that has none",
      { hooks: [{ name: "peer_connected", filters: ["a"] }] },
      "Hook peer_connected does not allow filters",
    ],
    [
      "a filter of strings that is no array",
      { hooks: [{ name: "rpc_command", filters: "getinfo" }] },
      "filters token must be an array",
    ],
    [
      "a filter of strings with a number",
      { hooks: [{ name: "rpc_command", filters: [5] }] },
      "filters must be array of strings, not '5'",
    ],
    [
      "a filter of numbers with a string",
      { hooks: [{ name: "custommsg", filters: ["x"] }] },
      undefined,
    ],
    ["a filter of numbers", { hooks: [{ name: "custommsg", filters: [77] }] }, "taken"],
    ["hooks that are no array", { hooks: "peer_connected" }, undefined],
    ["an object as hooks", { hooks: { name: "peer_connected" } }, undefined],

    [
      "notifications that are no array",
      { notifications: {} },
      '"result.notifications" is not an array',
    ],
    [
      "a notification that is no object",
      { notifications: ["topic"] },
      '"result.notifications[0]" is not an object',
    ],
    ["a notification without a method", { notifications: [{}] }, undefined],
    ["a number as a notification's method", { notifications: [{ method: 5 }] }, undefined],
    [
      "a native topic among the notifications",
      { notifications: [{ method: "connect" }] },
      'plugin attempted to register a native notification topic "connect", these may however only be sent by lightningd',
    ],
    ["log among the notifications", { notifications: [{ method: "log" }] }, undefined],
    ["a topic of one's own", { notifications: [{ method: "mine" }] }, "taken"],

    [
      "feature bits in a dynamic plugin",
      { featurebits: { init: "0200" } },
      'Custom featurebits only allows for non-dynamic plugins: dynamic=1, featurebits={"init":"0200"}',
    ],
    ["feature bits that are no hex", { featurebits: { node: "xyz" } }, undefined],
    ["empty feature bits", { featurebits: { node: "" } }, undefined],
    ["no feature bits at all", { featurebits: {} }, "taken"],
    ["feature bits of an unknown place", { featurebits: { elsewhere: "02" } }, undefined],

    [
      "custommessages that are no array",
      { custommessages: 1 },
      "custommessages must be array, not '1'",
    ],
    ["a custom message beyond 16 bits", { custommessages: [70000] }, undefined],
    ["a word as custom message", { custommessages: [1, "x"] }, undefined],
    ["custom messages", { custommessages: [77, 7777] }, "taken"],

    ["nonnumericids true", { nonnumericids: true }, "taken"],
    ["nonnumericids false", { nonnumericids: false }, "Plugin does not allow nonnumericids"],
    ["a word as nonnumericids", { nonnumericids: "yes" }, undefined],
    ["cancheck true", { cancheck: true }, "taken"],
    ["a word as cancheck", { cancheck: "yes" }, undefined],
    ["unknown members", { more: { a: 1 } }, "taken"],
    ["disable with a reason", { disable: "because" }, "disabled itself: because"],
    ["disable with false", { disable: false }, "disabled itself: false"],
    [
      "disable before everything else that is wrong",
      { disable: "d", dynamic: 5 },
      "disabled itself: d",
    ],
  ];
  for (const [name, members, reason] of cases) {
    scenario(name, async (node) => {
      const answer = await node.start(node.plugin("p.py", { manifest: members }));
      if (reason === "taken") {
        expect(answer).toEqual({
          result: {
            command: "start",
            plugins: [{ name: "<folder>/p.py", active: true, dynamic: true }],
          },
        });
      } else if (reason !== undefined) {
        expect(answer).toEqual(error(PLUGIN_ERROR, `<folder>/p.py: ${reason}`));
      }
      return { answer, log: node.logLines("plugin-p.py") };
    });
  }

  scenario("of several faults the first in lightningd's order is reported", async (node) => {
    const manifest: Members = {
      subscriptions: 5,
      rpcmethods: 5,
      options: 5,
      notifications: 5,
      cancheck: 5,
      nonnumericids: 5,
      custommessages: 5,
      dynamic: 5,
    };
    const told: string[] = [];
    const left = { ...manifest };
    const good: Members = {
      dynamic: true,
      options: [],
      rpcmethods: [],
    };
    for (let round = 0; round < 8; round++) {
      const answer = await node.start(node.plugin("p.py", { manifest: left }));
      const message = JSON.stringify(answer);
      told.push(message);
      const name = Object.keys(left).find(
        (key) =>
          left[key] === 5 && message.includes(key === "nonnumericids" ? "nonnumericids" : key),
      );
      if (name === undefined) break;
      left[name] = good[name];
    }
    return told;
  });

  scenario("options and methods of a refused manifest are gone", async (node) => {
    const bad = node.plugin("bad.py", {
      manifest: { ...option({}), ...method({}), hooks: ["nosuch"] },
    });
    const refused = await node.start(bad);
    const answer = await node.start(
      node.plugin("good.py", { manifest: { ...option({}), ...method({}) } }),
    );
    expect("result" in answer).toBe(true);
    return { refused, answer, call: await node.call("m-method") };
  });

  scenario("a manifest may be spread over lines, and hold escapes", async (node) => {
    const plugin = node.plugin("p.py", {
      manifestText: `{\n "dynamic" : true,\n\t"options":[],\r\n "rpcmethods": [ {"name":"m-method",
        "usage":"[a] \\"b\\" \\\\", "description":"\\u00e9"} ] }`,
    });
    const answer = await node.start(plugin);
    return { answer, help: await node.call("help", ["m-method"]) };
  });
});
