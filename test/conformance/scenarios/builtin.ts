/** What a fresh node answers by itself: methods that plugins under development call. */
import { expect } from "vitest";
import { at, isRecord, type Json, listAt, textAt } from "../harness/json.js";
import { topic } from "../harness/scenario.js";

const NODE_ID = `02${"a1".repeat(32)}`;
const HASH = "ab".repeat(32);

topic("built-in", (scenario) => {
  scenario("getinfo", async (node) => {
    const info = await node.result("getinfo");
    expect(textAt(info, "id")).toMatch(/^0[23][0-9a-f]{64}$/);
    expect(textAt(info, "color")).toBe(textAt(info, "id").slice(0, 6));
    expect(info).toMatchObject({
      num_peers: 0,
      blockheight: 0,
      network: "regtest",
      version: "<version>",
      "lightning-dir": "<network-dir>",
    });
    return {
      info: isRecord(info) ? { ...info, id: "ID", alias: "ALIAS", color: "COLOR" } : null,
      keys: isRecord(info) ? Object.keys(info) : [],
    };
  });

  scenario("getinfo with too much", (node) => node.call("getinfo", ["now"]));
  scenario("getinfo with an unknown keyword", (node) => node.call("getinfo", { verbose: true }));

  scenario("help of a plugin's method", async (node) => {
    await node.started(
      node.plugin("p.py", {
        manifest: {
          rpcmethods: [
            { name: "m-one", usage: "first [second]", description: "d" },
            { name: "m-two", usage: "" },
            { name: "m-old", usage: "x", deprecated: true },
            { name: "m-odd", usage: 'a\tb "c" \\ \n d' },
          ],
        },
      }),
    );
    const one = await node.call("help", ["m-one"]);
    expect(one).toEqual({
      result: { help: [{ command: "m-one first [second]" }], "format-hint": "simple" },
    });
    return [
      one,
      await node.call("help", { command: "m-two" }),
      await node.call("help", ["m-old"]),
      await node.call("help", ["m-odd"]),
    ];
  });

  scenario("help of everything holds the plugin's methods in their order", async (node) => {
    await node.started(node.plugin("p.py", { methods: ["zz-last", "aa-first", "getinfo-more"] }));
    const help = listAt(await node.result("help"), "help").map((entry) => textAt(entry, "command"));
    const own = help.filter((line) => /^(zz-last|aa-first|getinfo)/.test(line));
    expect(own).toEqual(["aa-first ", "getinfo ", "getinfo-more ", "zz-last "]);
    return own;
  });

  scenario("help after the plugin is gone", async (node) => {
    const plugin = await node.started(node.plugin("p.py", { methods: ["m"] }));
    await node.stop(plugin);
    return node.call("help", ["m"]);
  });

  scenario("usage of the methods that both have", async (node) => {
    const names = `batching check datastore datastoreusage deldatastore deprecations getinfo
        getlog help listchannels listclosedchannels listconfigs listdatastore listforwards
        listfunds listhtlcs listinvoices listnodes listoffers listpays listpeerchannels listpeers
        listsendpays listtransactions makesecret notifications plugin setconfig stop
        waitblockheight`;
    const answers: [string, Json][] = [];
    for (const name of names.split(/\s+/)) answers.push([name, await node.call("help", [name])]);
    return Object.fromEntries(answers);
  });

  for (const params of [["nosuch"], [5], ["help", "more"], { command: "x", more: 1 }, [""]]) {
    scenario(`help ${JSON.stringify(params)}`, (node) => node.call("help", params as Json));
  }

  scenario("a deprecated method of a plugin can be called", async (node) => {
    await node.started(
      node.plugin("p.py", {
        manifest: { rpcmethods: [{ name: "m-old", usage: "", deprecated: true }] },
      }),
    );
    return { answer: await node.call("m-old"), log: node.logLines("plugin-p.py") };
  });

  const lists: readonly [string, Json][] = [
    ["listaddresses", []],
    ["listchannels", []],
    ["listchannels", ["1x2x3"]],
    ["listchannels", { source: NODE_ID }],
    ["listclosedchannels", []],
    ["listforwards", []],
    ["listforwards", ["settled"]],
    ["listfunds", []],
    ["listfunds", [true]],
    ["listhtlcs", []],
    ["listinvoices", []],
    ["listinvoices", ["label"]],
    ["listinvoices", { payment_hash: HASH }],
    ["listinvoices", { index: "created", start: 0, limit: 5 }],
    ["listnodes", []],
    ["listnodes", [NODE_ID]],
    ["listoffers", []],
    ["listpays", []],
    ["listpays", { payment_hash: HASH }],
    ["listpays", { status: "complete" }],
    ["listpeerchannels", []],
    ["listpeerchannels", [NODE_ID]],
    ["listpeers", []],
    ["listpeers", [NODE_ID]],
    ["listpeers", [NODE_ID, "info"]],
    ["listpeers", { id: NODE_ID, more: 1 }],
    ["listsendpays", []],
    ["listtransactions", []],
    ["listtransactions", ["more"]],
  ];
  for (const [method, params] of lists) {
    scenario(`${method} ${JSON.stringify(params)}`, (node) => node.call(method, params));
  }

  scenario("waitblockheight at the height that there is", async (node) => {
    const answer = await node.call("waitblockheight", [0]);
    expect(answer).toEqual({ result: { blockheight: 0 } });
    return answer;
  });
  scenario("waitblockheight of a height to come, without patience", (node) =>
    node.call("waitblockheight", [1, 0]),
  );
  scenario("waitblockheight of nonsense", async (node) => [
    await node.call("waitblockheight"),
    await node.call("waitblockheight", ["high"]),
    await node.call("waitblockheight", [0, "long"]),
    await node.call("waitblockheight", [-1]),
    await node.call("waitblockheight", { blockheight: 0, more: 1 }),
  ]);

  scenario("makesecret", async (node) => {
    const first = await node.result("makesecret", { string: "mine" });
    expect(textAt(first, "secret")).toMatch(/^[0-9a-f]{64}$/);
    expect(await node.result("makesecret", ["6d696e65"])).toEqual(first);
    const other = await node.result("makesecret", { string: "other" });
    expect(at(other, "secret")).not.toBe(at(first, "secret"));
    return isRecord(first) ? Object.keys(first) : [];
  });
  scenario("makesecret with nonsense", async (node) => [
    await node.call("makesecret"),
    await node.call("makesecret", ["zz"]),
    await node.call("makesecret", { hex: "00", string: "x" }),
  ]);

  scenario("deprecations and batching", async (node) => [
    await node.call("deprecations", [true]),
    await node.call("deprecations", { enable: false }),
    await node.call("deprecations"),
    await node.call("batching", [true]),
    await node.call("batching", ["perhaps"]),
  ]);

  scenario("a developer's method", (node) => node.call("dev-memdump"));
});
