import { describe, expect, test } from "vitest";
import { lintManifest } from "../../../src/plugin/manifest/lint.js";

const option = { name: "o", type: "string", description: "d" };
const method = { name: "m", usage: "" };
const GOOD = { options: [option], rpcmethods: [method], dynamic: true };

function lint(manifest: unknown): string[] {
  const text = typeof manifest === "string" ? manifest : JSON.stringify(manifest);
  return lintManifest(text).map(
    ({ severity, field, message, fix }) =>
      `${severity} ${field}: ${message}${fix ? ` | ${fix}` : ""}`,
  );
}

test("a good manifest has no findings", () => {
  expect(lint(GOOD)).toEqual([]);
  expect(lint({ disable: "not here" })).toEqual([]);
  expect(
    lint({
      ...GOOD,
      options: [option, { ...option, name: "p", default: null, multi: true, deprecated: true }],
      hooks: ["peer_connected", { name: "rpc_command", before: ["x"], filters: ["pay"] }],
      subscriptions: ["*", "connect", "somebody_elses_topic", "mine"],
      notifications: [{ method: "mine" }],
      custommessages: [1],
      nonnumericids: true,
      cancheck: true,
    }),
  ).toEqual([]);
});

test("every fault is found, each with its place and lightningd's words", () => {
  expect(
    lint({
      dynamic: "yes",
      options: [
        option,
        { name: "Bad", type: "string", description: "d" },
        { name: "q", type: "int" },
      ],
      rpcmethods: [method, { name: "n" }, { usage: "" }],
      hooks: ["no_such_hook"],
      subscriptions: ["connect", 5],
      notifications: [{ method: "connect" }],
      custommessages: [70000],
      cancheck: 1,
    }),
  ).toEqual([
    'error dynamic: getmanifest: invalid "dynamic" field yes',
    `error options[1]: Option "name" must be lowercase alphanumeric, plus _ or -'`,
    'error options[2]: An option is missing either "name", "description" or "type"',
    'error rpcmethods[1]: "usage" not provided by plugin',
    'error rpcmethods[2]: rpcmethod does not have a string "name": {"usage":""}',
    "error hooks[0]: Unknown hook name no_such_hook",
    "error subscriptions[1]: result.subscriptions[1] is not a string: '5'",
    expect.stringMatching(/^error notifications\[0\]: plugin attempted to register a native/),
    "error custommessages: custommessages 0 not a u16: '70000'",
    "error cancheck: Invalid cancheck: 1",
    expect.stringMatching(/^warning dynamic: it is not true/),
  ]);
});

describe("faults between parts", () => {
  test.each([
    [{ ...GOOD, options: [option, option] }, 'error : Option "o" already registered'],
    [
      { ...GOOD, rpcmethods: [method, method] },
      expect.stringMatching(/^error : Could not register method "m"/),
    ],
    [
      { ...GOOD, hooks: ["custommsg", "custommsg"] },
      "error : Registered for hook custommsg multiple times",
    ],
    [
      { ...GOOD, featurebits: { init: "08" } },
      expect.stringMatching(/^error : Custom featurebits only allows for non-dynamic/),
    ],
  ])("%j", (manifest, expected) => {
    expect(lint(manifest)).toEqual([expected]);
  });
});

test("what is missing, and what has another name", () => {
  expect(lint({ dynamic: true })).toEqual([
    'error options: "result.options" was not found in the manifest | Add "options": []',
    'error rpcmethods: "result.rpcmethods" missing | Add "rpcmethods": []',
  ]);
  expect(lint({ dynamic: true, rpcmethods: [], optiones: [] })).toEqual([
    expect.stringMatching(/Did you mean options where it says optiones\?$/),
    "warning optiones: lightningd does not know this member | Did you mean options?",
  ]);
});

describe("what lightningd takes, but not as meant", () => {
  test.each<[string, unknown, string]>([
    ["not dynamic", { ...GOOD, dynamic: false }, 'warning dynamic: .* \\| Add "dynamic": true'],
    [
      "a member misspelt",
      { ...GOOD, subscription: [] },
      "warning subscription: .*mean subscriptions",
    ],
    ["a member unknown", { ...GOOD, author: "me" }, "hint author: lightningd does not know"],
    [
      "an option's member misspelt",
      { ...GOOD, options: [{ ...option, defualt: "x" }] },
      "warning options\\[0\\]\\.defualt: .*mean default",
    ],
    [
      "a member twice",
      '{"options":[],"options":[],"rpcmethods":[],"dynamic":true}',
      "warning options: it appears twice",
    ],
    [
      "a topic misspelt",
      { ...GOOD, subscriptions: ["disconect"] },
      "warning subscriptions\\[0\\]: .*mean disconnect\\?",
    ],
    [
      "a secret that is shown",
      { ...GOOD, options: [{ ...option, name: "api-token" }] },
      "hint options\\[0\\]\\.type: .*string-conceal",
    ],
    [
      "not dynamic, with the empty featurebits that pyln-client writes",
      { ...GOOD, dynamic: false, featurebits: { node: "" } },
      'warning dynamic: .* cannot be reloaded \\| Add "dynamic": true',
    ],
    [
      "not dynamic, and it cannot be",
      { ...GOOD, dynamic: false, featurebits: { node: "02" } },
      "warning dynamic: .*with featurebits it cannot be dynamic.* \\| Remove featurebits",
    ],
    [
      "an option that plugin start cannot set",
      { ...GOOD, options: [{ ...option, name: "options" }] },
      "warning options\\[0\\]\\.name: from v26\\.09 on plugin start cannot set it",
    ],
    [
      "a method name that nobody can type",
      { ...GOOD, rpcmethods: [{ name: "my method", usage: "" }] },
      'warning rpcmethods\\[0\\]\\.name: "my method"',
    ],
  ])("%s", (_, manifest, expected) => {
    const found = lint(manifest);
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(new RegExp(`^${expected}`));
  });

  test("a description is no fault: releases before v24.08 insist on one", () => {
    expect(lint({ ...GOOD, rpcmethods: [{ ...method, description: "d" }] })).toEqual([]);
  });
});
