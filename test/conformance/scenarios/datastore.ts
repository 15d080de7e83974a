/** The datastore, where plugins keep their state. */
import { expect } from "vitest";
import type { Json } from "../harness/json.js";
import type { NodeUnderTest } from "../harness/node-under-test.js";
import { topic } from "../harness/scenario.js";

/** Runs one call after the other; each is a method and its params. */
async function all(
  node: NodeUnderTest,
  calls: readonly (readonly [string, Json?])[],
): Promise<Json[]> {
  const answers: Json[] = [];
  for (const [method, params] of calls) answers.push(await node.call(method, params));
  return answers;
}

topic("datastore", (scenario) => {
  scenario("create, list, delete", async (node) => {
    const answers = await all(node, [
      ["datastore", ["ds-a", "hello"]],
      ["listdatastore", ["ds-a"]],
      ["deldatastore", ["ds-a"]],
      ["listdatastore", ["ds-a"]],
    ]);
    const entry = { key: ["ds-a"], generation: 0, hex: "68656c6c6f", string: "hello" };
    expect(answers).toEqual([
      { result: entry },
      { result: { datastore: [entry] } },
      { result: entry },
      { result: { datastore: [] } },
    ]);
    return answers;
  });

  scenario("a key may be a path; what is above it is listed without a value", (node) =>
    all(node, [
      ["datastore", { key: ["ds-b", "x", "y"], string: "1" }],
      ["datastore", { key: ["ds-b", "x", "z"], string: "2" }],
      ["datastore", { key: ["ds-b", "w"], string: "3" }],
      ["listdatastore", ["ds-b"]],
      ["listdatastore", [["ds-b", "x"]]],
      ["listdatastore", { key: ["ds-b", "x", "y"] }],
      ["listdatastore", [["ds-b", "nosuch"]]],
    ]),
  );

  scenario("a key with a value has no children, and the other way round", (node) =>
    all(node, [
      ["datastore", { key: ["ds-c", "a"], string: "1" }],
      ["datastore", { key: ["ds-c"], string: "2" }],
      ["datastore", { key: ["ds-c", "a", "b"], string: "3" }],
      ["datastore", { key: ["ds-c", "a", "b", "c"], string: "3" }],
    ]),
  );

  scenario("modes", (node) =>
    all(node, [
      ["datastore", { key: "ds-d", string: "1", mode: "must-replace" }],
      ["datastore", { key: "ds-d", string: "1", mode: "must-append" }],
      ["datastore", { key: "ds-d", string: "1", mode: "create-or-append" }],
      ["datastore", { key: "ds-d", string: "2", mode: "must-create" }],
      ["datastore", { key: "ds-d", string: "2" }],
      ["datastore", { key: "ds-d", string: "2", mode: "create-or-append" }],
      ["datastore", { key: "ds-d", string: "3", mode: "must-append" }],
      ["datastore", { key: "ds-d", string: "4", mode: "must-replace" }],
      ["datastore", { key: "ds-d", hex: "ff00", mode: "create-or-replace" }],
      ["datastore", { key: "ds-d", string: "x", mode: "replace" }],
      ["listdatastore", ["ds-d"]],
    ]),
  );

  scenario("generations", (node) =>
    all(node, [
      ["datastore", { key: "ds-e", string: "1" }],
      ["datastore", { key: "ds-e", string: "2", mode: "must-replace", generation: 0 }],
      ["datastore", { key: "ds-e", string: "3", mode: "must-replace", generation: 0 }],
      ["datastore", { key: "ds-e", string: "3", mode: "must-append", generation: 1 }],
      ["datastore", { key: "ds-e", string: "4", mode: "create-or-replace", generation: 2 }],
      ["datastore", { key: "ds-e", string: "4", generation: 2 }],
      ["datastore", { key: "ds-e", string: "4", mode: "must-replace", generation: "x" }],
      ["deldatastore", { key: "ds-e", generation: 1 }],
      ["deldatastore", { key: "ds-e", generation: 2 }],
      ["deldatastore", { key: "ds-e" }],
    ]),
  );

  scenario("values", (node) =>
    all(node, [
      ["datastore", { key: "ds-f", string: "" }],
      ["datastore", { key: "ds-g", hex: "" }],
      ["datastore", { key: "ds-h", hex: "FFfe" }],
      ["datastore", { key: "ds-i", hex: "abc" }],
      ["datastore", { key: "ds-j", hex: "zz" }],
      ["datastore", { key: "ds-k", string: 'é⚡\n"\\' }],
      ["datastore", { key: "ds-l", string: "\u0000" }],
      ["datastore", { key: "ds-m", string: 5 }],
      ["datastore", { key: "ds-n", string: null, hex: "00" }],
      ["datastore", { key: "ds-o", string: "a", hex: "00" }],
      ["datastore", { key: "ds-p" }],
      ["datastore", { key: "ds-q", string: { a: 1 } }],
      ["datastore", { key: "ds-r", hex: "c3a9" }],
      ["datastore", { key: "ds-s", hex: "610062" }],
    ]),
  );

  scenario("keys", (node) =>
    all(node, [
      ["datastore", { key: [], string: "x" }],
      ["datastore", { key: "", string: "x" }],
      ["datastore", { key: 5, string: "x" }],
      ["datastore", { key: ["ds-t", 5, true], string: "x" }],
      ["datastore", { key: ["ds-u", ["a"]], string: "x" }],
      ["datastore", { key: { a: 1 }, string: "x" }],
      ["datastore", { key: null, string: "x" }],
      ["datastore", { key: ["ds-v", ""], string: "x" }],
      ["datastore", { key: "ds-w⚡", string: "x" }],
      ["datastore", { key: "ds-x\n", string: "x" }],
      ["datastore", { string: "x" }],
      ["datastore", ["ds-y", "a", "00", "must-create", 1, 2]],
      ["listdatastore", [[]]],
      ["listdatastore", [5]],
      ["listdatastore", [{}]],
      ["listdatastore", ["ds-t"]],
      ["listdatastore", ["ds-x\n"]],
      ["deldatastore", []],
      ["deldatastore", ["nosuch"]],
      ["deldatastore", [[]]],
      ["deldatastore", { key: ["ds-t"] }],
    ]),
  );

  scenario("keys are listed in the order of their bytes", async (node) => {
    for (const key of ["b", "a", "B", "aa", "é", "a/b", "10", "9"]) {
      await node.call("datastore", { key: ["ds-order", key], string: key });
    }
    return node.call("listdatastore", ["ds-order"]);
  });

  scenario(
    "usage",
    (node) =>
      all(node, [
        ["datastoreusage", ["ds-usage"]],
        ["datastore", { key: ["ds-usage", "a"], string: "12345" }],
        ["datastore", { key: ["ds-usage", "b", "c"], hex: "0000" }],
        ["datastoreusage", ["ds-usage"]],
        ["datastoreusage", [["ds-usage", "b"]]],
        ["datastoreusage", { key: ["ds-usage", "b", "c"] }],
        ["datastoreusage", [["ds-usage", "nosuch"]]],
        ["datastoreusage", [{}]],
      ]),
    { since: "23.11" },
  );

  scenario("check does not write", (node) =>
    all(node, [
      ["check", { command_to_check: "datastore", key: "ds-check", string: "x" }],
      ["listdatastore", ["ds-check"]],
    ]),
  );

  scenario("a plugin keeps its state there over a reload", async (node) => {
    const plugin = await node.started(
      node.plugin("p.py", {
        methods: ["save", "load"],
        steps: {
          save: [
            { rpc: { method: "datastore", params: { key: ["ds-plugin", "state"], string: "42" } } },
            { result: {} },
          ],
          load: [
            { rpc: { method: "listdatastore", params: { key: ["ds-plugin", "state"] } } },
            { result: {} },
          ],
        },
      }),
    );
    await node.call("save");
    await node.stop(plugin);
    await node.started(plugin);
    await node.call("load");
    return plugin.rpcAnswer(2);
  });
});
