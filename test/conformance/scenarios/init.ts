/** How a plugin's process is started, and what `init` holds. */
import { realpathSync } from "node:fs";
import { expect } from "vitest";
import { EMBEDDED_VERSION } from "../../../src/embedded/node.js";
import { at, isRecord, type Json, listAt, textAt } from "../harness/json.js";
import { topic } from "../harness/scenario.js";

topic("init", (scenario) => {
  scenario("the request for the manifest, to the field", async (node) => {
    const plugin = await node.started(node.plugin("p.py"));
    const { message, text } = await plugin.receives("getmanifest");
    expect(message).toEqual({
      jsonrpc: "2.0",
      id: "conf:plugin/cln:getmanifest#N",
      method: "getmanifest",
      params: { "allow-deprecated-apis": true },
    });
    return { text };
  });

  scenario("init, to the field", async (node) => {
    const plugin = await node.started(node.plugin("p.py"));
    const { message } = await plugin.receives("init");
    const features = at(message, "params", "configuration", "feature_set");
    expect(message).toEqual({
      jsonrpc: "2.0",
      id: "cln:init#N",
      method: "init",
      params: {
        options: {},
        configuration: {
          "lightning-dir": "<network-dir>",
          "rpc-file": "lightning-rpc",
          startup: false,
          network: "regtest",
          feature_set: features,
        },
      },
    });
    const places = isRecord(features) ? Object.keys(features) : [];
    expect(places).toEqual(
      expect.arrayContaining(["init", "node", "channel", "invoice", "bolt12_invoice"]),
    );
    return { message: withComparableFeatures(message, node.running.version) };
  });

  scenario("a plugin that starts with the node sees that", async (node) => {
    const plugin = node.plugin("p.py", { manifest: { dynamic: false } });
    const fresh = await node.fresh({ plugins: [plugin.path] });
    const init = await plugin.receives("init");
    expect(at(init.params, "configuration", "startup")).toBe(true);
    const manifest = await plugin.receives("getmanifest");
    expect(manifest.id).toBe("cln:getmanifest#N");
    return { manifest: manifest.message, list: await fresh.list() };
  });

  scenario("an error from init is in the ring alone, with the bytes as they came", async (node) => {
    const error = { code: -32600, message: "no port" };
    const plugin = node.plugin("p.py", { steps: { init: [{ error }] } });
    await node.started(plugin);
    const answer = await node.call("getlog", ["io"]);
    const read = listAt(answer, "result", "log").filter(
      (entry) => at(entry, "source") === "plugin-p.py" && at(entry, "type") === "IO_IN",
    );
    const texts = read.map((entry) => Buffer.from(textAt(entry, "data"), "hex").toString());
    const told = texts.filter((text) => text.includes("no port")).map(node.normalise, node);
    expect(told).toHaveLength(1);
    expect(node.logLines("plugin-p.py")).toEqual([]);
    return { told, list: await node.list() };
  });

  scenario("the process: argv, folder, environment, process group", async (node) => {
    const plugin = await node.started(node.plugin("p.py"));
    const [start] = plugin.starts();
    const { argv, cwd, environment, sameGroup } = start ?? {};
    expect(argv).toEqual([plugin.path]);
    expect(cwd).toBe(realpathSync(node.running.networkDir));
    expect(environment).toEqual({
      LIGHTNINGD_PLUGIN: "1",
      LIGHTNINGD_VERSION: node.running.version,
      CLN_CONFORMANCE: null,
    });
    expect(sameGroup).toBe(true);
    return { sameGroup: sameGroup ?? null };
  });

  scenario("its socket can be reached by what init holds", async (node) => {
    const plugin = await node.started(
      node.plugin("p.py", {
        methods: ["ask"],
        steps: { ask: [{ rpc: { method: "plugin", params: ["list"] } }, { result: {} }] },
      }),
    );
    await node.call("ask");
    const answer = await plugin.rpcAnswer();
    expect(answer.id).toBe("of-plugin");
    return { error: answer.error ?? null };
  });

  scenario("a plugin may call the node while it initialises", async (node) => {
    const plugin = await node.started(
      node.plugin("p.py", {
        steps: {
          init: [{ rpc: { method: "nosuch", params: [] } }, { result: {} }],
        },
      }),
    );
    const answer = await plugin.rpcAnswer();
    expect(at(answer, "error", "message")).toBe("Unknown command 'nosuch'");
    return answer;
  });

  scenario("its methods can be called before it has initialised", async (node) => {
    const plugin = node.plugin("p.py", {
      methods: ["early"],
      steps: { init: [{ hold: "go" }, { result: {} }] },
    });
    const start = node.start(plugin);
    await plugin.receives("init");
    const call = await node.call("early");
    expect(call).toEqual({ result: {} });
    plugin.open("go");
    return { call, start: await start };
  });

  scenario("its own method, called by itself while it initialises, waits", async (node) => {
    const plugin = await node.started(
      node.plugin("p.py", { methods: ["m"], steps: { init: [{ result: { anything: [1] } }] } }),
    );
    return { call: await node.call("m"), received: plugin.received().map(({ method }) => method) };
  });

  scenario("what it writes to stderr goes to the node's, and not to the log", async (node) => {
    await node.started(node.plugin("p.py", { begin: [{ stderr: "a word on stderr\n" }] }));
    expect(node.running.stderr()).toContain("a word on stderr\n");
    expect(node.logLines("plugin-p.py")).toEqual([]);
    return {};
  });

  scenario("a call's params and unknown members reach the plugin as they were", async (node) => {
    const plugin = await node.started(node.plugin("p.py", { methods: ["m"] }));
    const client = node.connect();
    const request =
      '{ "id":"x",\n "params":{"a":1.50,"a":[ ],"b":"\\u00e9\\/"}, "more":{ }, "method":"m", "jsonrpc":"2.0" }';
    client.send(request);
    await client.messages(1);
    const { text } = await plugin.receives("m");
    expect(text).toBe(request.replace('"x"', '"x/cln:m#N"'));
    return { text };
  });

  scenario("stdin ends when the plugin is stopped", async (node) => {
    const plugin = await node.started(
      node.plugin("p.py", {
        subscriptions: ["shutdown"],
        steps: { shutdown: [{ closeStdout: true }] },
        begin: [{ child: "child" }],
      }),
    );
    const answer = node.stop(plugin);
    await plugin.receives("shutdown");
    plugin.open("child");
    return answer;
  });
});

/** What a release can do is that release's own: compared only with the one that we follow. */
function withComparableFeatures(message: Json, version: string): Json {
  const release = (text: string) => text.split(".").slice(0, 2).join(".");
  if (release(version) === release(EMBEDDED_VERSION)) return message;
  return JSON.parse(
    JSON.stringify(message, (key, value) => (key === "feature_set" ? "another release" : value)),
  ) as Json;
}
