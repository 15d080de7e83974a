/** What a node keeps from one start to the next, and what its files look like. */
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { runEmbeddedNode } from "../../../src/embedded/node.js";
import { call, failureOf, makeFolder, makePlugin, method, startNode, until } from "../support.js";

const OPTION = { name: "greeting", type: "string", description: "", dynamic: true };
const GREETER = { options: [OPTION], rpcmethods: [method("options")] };
const HANDLERS = "{ options: () => init.options, setconfig: () => ({}) }";

describe("the datastore", () => {
  it("outlives the node", async () => {
    const node = await startNode();
    await call(node, "datastore", { key: ["a", "b"], string: "1" });
    await call(node, "datastore", { key: ["a", "b"], string: "2", mode: "must-append" });
    await call(node, "datastore", { key: "gone", hex: "00" });
    await call(node, "deldatastore", { key: "gone" });
    await node.close();
    const again = await startNode({ lightningDir: node.lightningDir });
    expect(await call(again, "listdatastore", [["a"]])).toEqual({
      datastore: [{ key: ["a", "b"], generation: 1, hex: "3132", string: "12" }],
    });
    expect(await call(again, "listdatastore", ["gone"])).toEqual({ datastore: [] });
  });

  const journalOf = (lightningDir: string) => join(lightningDir, "regtest", "cln-dev-datastore");

  it("is written again without what has changed since when the node ends", async () => {
    const node = await startNode();
    await call(node, "datastore", { key: "a", string: "1" });
    await call(node, "datastore", { key: "a", string: "2", mode: "must-replace" });
    await node.close();
    expect(readFileSync(journalOf(node.lightningDir), "utf8")).toBe(
      '{"key":["a"],"hex":"32","generation":"1"}\n',
    );
  });

  it("loses the last line where that was cut off, and nothing else", async () => {
    const lightningDir = makeFolder();
    mkdirSync(join(lightningDir, "regtest"));
    const whole = '{"key":["a"],"hex":"31","generation":"0"}\n';
    writeFileSync(journalOf(lightningDir), `${whole}{"key":["b"],"he`);
    const node = await startNode({ lightningDir });
    await call(node, "datastore", { key: "c", string: "1" });
    await node.close();
    expect(readFileSync(journalOf(lightningDir), "utf8")).toBe(
      `${whole}{"key":["c"],"hex":"31","generation":"0"}\n`,
    );
  });

  it.each(['{"key":["a"],"hex":"00"}', '{"key":["a"],"hex":"0","generation":"0"}', "nonsense"])(
    "with the damaged line %s is refused",
    async (line) => {
      const lightningDir = makeFolder();
      mkdirSync(join(lightningDir, "regtest"));
      writeFileSync(journalOf(lightningDir), `${line}\n{"key":["b"],"hex":"","generation":"0"}\n`);
      await expect(runEmbeddedNode({ lightningDir })).rejects.toThrow(
        /cln-dev-datastore: line 1 is damaged/,
      );
    },
  );
});

describe("a directory that is taken away", () => {
  it("does not keep the node from ending", async () => {
    const node = await startNode();
    rmSync(node.networkDir, { recursive: true });
    await node.close();
  });

  it("is an error for anyone who writes there", async () => {
    const node = await startNode();
    rmSync(join(node.networkDir, "cln-dev-datastore"), { force: true });
    mkdirSync(join(node.networkDir, "cln-dev-datastore"));
    expect(await failureOf(call(node, "datastore", { key: "a", string: "b" }))).toEqual({
      code: -1,
      message: expect.stringMatching(/^datastore failed: EISDIR/),
    });
    expect(await call(node, "getinfo")).toBeTruthy();
  });
});

describe("options", () => {
  it("come from the config files, each with its line", async () => {
    const lightningDir = makeFolder();
    mkdirSync(join(lightningDir, "regtest"));
    writeFileSync(join(lightningDir, "config"), "# mine\nalias=BOB\ngreeting=base\n");
    writeFileSync(join(lightningDir, "regtest/config"), "greeting=network\ninclude more\n");
    writeFileSync(join(lightningDir, "regtest/more"), "rgb=010203\n");
    const node = await startNode({ lightningDir });
    expect(await call(node, "getinfo")).toMatchObject({ alias: "BOB", color: "010203" });
    await call(node, "plugin", ["start", makePlugin(makeFolder(), "p.js", GREETER, HANDLERS)]);
    expect(await call(node, "options")).toEqual({ greeting: "network" });
    const { configs } = (await call(node, "listconfigs")) as { configs: Record<string, object> };
    expect(configs.rgb).toMatchObject({ source: `${lightningDir}/regtest/more:1` });
    expect(configs.greeting).toMatchObject({ source: `${lightningDir}/regtest/config:1` });
  });

  it("set by setconfig hold until the node ends, and write no config", async () => {
    const node = await startNode();
    const plugin = makePlugin(makeFolder(), "p.js", GREETER, HANDLERS);
    await call(node, "plugin", ["start", plugin]);
    await call(node, "setconfig", ["greeting", "hello"]);
    await call(node, "plugin", ["stop", plugin]);
    await call(node, "plugin", ["start", plugin]);
    expect(await call(node, "options")).toEqual({ greeting: "hello" });
    expect(await call(node, "listconfigs", ["greeting"])).toMatchObject({
      configs: { greeting: { value_str: "hello", source: "setconfig transient" } },
    });
    expect(existsSync(join(node.networkDir, "config.setconfig"))).toBe(false);
  });

  it("may be given as on lightningd's command line", async () => {
    const node = await startNode({ options: ["alias=ALICE"] });
    expect(await call(node, "listconfigs", ["alias"])).toEqual({
      configs: { alias: { value_str: "ALICE", source: "cmdline" } },
    });
  });
});

describe("wrong settings", () => {
  it("are errors", async () => {
    const lightningDir = makeFolder();
    const withConfig = (text: string) => {
      writeFileSync(join(lightningDir, "config"), text);
      return runEmbeddedNode({ lightningDir });
    };
    await expect(withConfig("network=nope\n")).rejects.toThrow("no network nope");
    await expect(withConfig("log-level=loud\n")).rejects.toThrow("no log level loud");
    await expect(withConfig("include nowhere\n")).rejects.toThrow(/cannot include .*nowhere/);
    await expect(withConfig("plugin=/nowhere\n")).rejects.toThrow(/with the plugin \/nowhere/);
    const flag = { name: "loud", type: "flag", description: "" };
    const plugin = makePlugin(makeFolder(), "p.js", { options: [flag] });
    await expect(withConfig(`plugin=${plugin}\nloud=true\n`)).rejects.toThrow(
      /with loud=true in .*config:2: it takes no value/,
    );
    await expect(withConfig(`plugin=${plugin}\nloudd\n`)).rejects.toMatchObject({
      what: expect.stringMatching(/with loudd in .*config:2$/),
      why: expect.stringContaining("neither the node nor its plugins"),
      fix: "Did you mean loud?",
    });
    const another = makePlugin(makeFolder(), "q.js", { options: [flag] });
    await expect(withConfig(`plugin=${plugin}\nplugin=${another}\n`)).rejects.toThrow(
      /Option "loud" already registered/,
    );
  });

  it("do not let it touch the directory of a real node", async () => {
    const lightningDir = makeFolder();
    mkdirSync(join(lightningDir, "regtest"));
    writeFileSync(join(lightningDir, "regtest/lightningd.sqlite3"), "");
    await expect(runEmbeddedNode({ lightningDir })).rejects.toThrow(/wallet of a real lightningd/);
  });
});

describe("the log file", () => {
  it("has lightningd's format, and what its level lets through", async () => {
    const node = await startNode({ logLevel: "info" });
    const plugin = makePlugin(
      makeFolder(),
      "p.js",
      { rpcmethods: [method("go")] },
      `{ go: () => { log("no", "debug"); log("yes\\nand ü"); log("odd", "warn"); log("bad", "error"); return {}; } }`,
    );
    await call(node, "plugin", ["start", plugin]);
    await call(node, "go");
    const lines = () =>
      readFileSync(node.logFile, "utf8")
        .split("\n")
        .filter((line) => line.includes("plugin-p.js"));
    await until("all is there", () => lines().length === 4);
    const time = "\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z";
    expect(lines()).toEqual([
      expect.stringMatching(new RegExp(`^${time} INFO    plugin-p\\.js: yes$`)),
      expect.stringMatching(new RegExp(`^${time} INFO    plugin-p\\.js: and \\?\\?$`)),
      expect.stringMatching(new RegExp(`^${time} UNUSUAL plugin-p\\.js: odd$`)),
      expect.stringMatching(new RegExp(`^${time} \\*\\*BROKEN\\*\\* plugin-p\\.js: bad$`)),
    ]);
    const { log } = (await call(node, "getlog", ["debug"])) as { log: { log: string }[] };
    expect(log.map((entry) => entry.log)).toContain("no");
  });
});

describe("what a fresh lightningd has", () => {
  it("is there for the plugins that look for it", async () => {
    const node = await startNode({ network: "regtest" });
    expect(await call(node, "getchaininfo", [0])).toEqual({
      chain: "regtest",
      headercount: 0,
      blockcount: 0,
      ibd: false,
    });
    expect(await call(node, "staticbackup")).toEqual({ scb: [] });
    expect(await call(node, "listconfigs", ["network"])).toMatchObject({
      configs: { network: { value_str: "regtest" } },
    });
    expect(statSync(join(node.networkDir, "gossip_store")).size).toBe(47);
  });

  it("includes a network among its options where nobody has named one", async () => {
    const node = await startNode();
    expect(await call(node, "listconfigs", ["network"])).toEqual({
      configs: { network: { value_str: "regtest", source: "default" } },
    });
  });
});

describe("what the embedded node does not do", () => {
  it("is asked of the rpc_command hook first", async () => {
    const node = await startNode();
    const plugin = makePlugin(
      makeFolder(),
      "p.js",
      { hooks: [{ name: "rpc_command" }] },
      `{ rpc_command: ({ rpc_command: { method } }) =>
           method === "pay" ? { return: { result: { paid: true } } } : { result: "continue" } }`,
    );
    await call(node, "plugin", ["start", plugin]);
    expect(await call(node, "pay", ["lnbcrt1"])).toEqual({ paid: true });
    expect(await failureOf(call(node, "withdraw", ["x"]))).toMatchObject({ code: -32601 });
  });

  it("is an error that names what does", async () => {
    const node = await startNode();
    const refused = { code: -32601, message: expect.stringContaining("Use a real lightningd") };
    expect(await failureOf(call(node, "pay", ["lnbcrt1"]))).toEqual(refused);
    expect(await failureOf(call(node, "connect", ["x"]))).toEqual(refused);
    expect(await failureOf(call(node, "nope"))).toEqual({
      code: -32601,
      message: "Unknown command 'nope'",
    });
  });
});
