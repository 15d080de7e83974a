/** The end of a node with plugins running. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { isAlive } from "../../support/processes.js";
import { error } from "../harness/answers.js";
import type { NodeUnderTest } from "../harness/node-under-test.js";
import { topic } from "../harness/scenario.js";
import { until } from "../harness/until.js";

/** What is left of it. */
function remains(node: NodeUnderTest) {
  return {
    socket: existsSync(node.running.rpcFile),
    pidFile: existsSync(join(node.running.lightningDir, "lightningd-regtest.pid")),
  };
}

topic("shutdown", (scenario) => {
  scenario("stop answers when it is done", async (node) => {
    const fresh = await node.fresh();
    const client = fresh.connect();
    client.send('{"jsonrpc":"2.0","id":"x","method":"stop","params":[]}');
    await client.end();
    expect(client.text).toBe(
      '{"jsonrpc":"2.0","id":"x","result":{"result":"Shutdown complete"}}\n\n',
    );
    await fresh.ends();
    return { text: client.text };
  });

  scenario("stop with too much does not stop", async (node) => {
    const answer = await node.call("stop", ["now"]);
    expect(answer).toEqual(error(-32602, "too many parameters: got 1, expected 0"));
    return { answer, list: await node.list() };
  });

  scenario("the log shows it", async (node) => {
    const fresh = await node.fresh();
    await fresh.call("stop");
    await fresh.ends();
    const log = readFileSync(fresh.running.logFile, "utf8");
    expect(log).toMatch(/UNUSUAL lightningd: JSON-RPC shutdown$/m);
    return {};
  });

  scenario("a plugin that does not care sees its stdin end", async (node) => {
    const plugin = node.plugin("p.py");
    const fresh = await node.fresh();
    await fresh.started(plugin);
    await fresh.call("stop");
    await plugin.seesEof();
    const methods = plugin.received().map(({ method }) => method);
    expect(methods).toEqual(["getmanifest", "init"]);
    return { methods };
  });

  scenario("a plugin that subscribes to shutdown is notified, and waited for", async (node) => {
    const plugin = node.plugin("p.py", {
      subscriptions: ["shutdown"],
      steps: { shutdown: [{ hold: "go" }, { exit: 0 }] },
    });
    const fresh = await node.fresh();
    await fresh.started(plugin);
    const stop = fresh.call("stop");
    const { message } = await plugin.receives("shutdown");
    expect(message).toEqual({ jsonrpc: "2.0", method: "shutdown", params: { shutdown: {} } });
    expect(fresh.running.hasEnded()).toBe(false);
    plugin.open("go");
    const answer = await stop;
    await fresh.ends();
    return { message, answer };
  });

  scenario("so is one that subscribes to everything", async (node) => {
    const plugin = node.plugin("p.py", {
      subscriptions: ["*"],
      steps: { shutdown: [{ exit: 0 }] },
    });
    const fresh = await node.fresh();
    await fresh.started(plugin);
    const answer = await fresh.call("stop");
    await fresh.ends();
    const seen = plugin.received().filter(({ id }) => id === undefined);
    expect(seen.map(({ method }) => method)).toContain("shutdown");
    return { answer };
  });

  scenario("new clients are refused while a plugin takes its time", async (node) => {
    const plugin = node.plugin("p.py", {
      subscriptions: ["shutdown"],
      steps: { shutdown: [{ hold: "go" }, { exit: 0 }] },
    });
    const fresh = await node.fresh();
    await fresh.started(plugin);
    const stop = fresh.call("stop");
    await plugin.receives("shutdown");
    const late = fresh.connect();
    await late.end();
    expect(late.text).toBe("");
    plugin.open("go");
    return { stop: await stop };
  });

  scenario("a plugin can still call the node while it shuts down", async (node) => {
    const plugin = node.plugin("p.py", {
      subscriptions: ["shutdown"],
      methods: ["connect-first"],
      steps: {
        "connect-first": [{ rpcConnect: true }, { result: {} }],
        shutdown: [{ rpcSend: { method: "datastore", params: ["last", "word"] } }, { exit: 0 }],
      },
    });
    const fresh = await node.fresh();
    await fresh.started(plugin);
    await fresh.call("connect-first");
    await fresh.call("stop");
    return plugin.rpcAnswer();
  });

  scenario("calls that are waited for get no answer, only the end", async (node) => {
    const plugin = node.plugin("p.py", {
      methods: ["slow"],
      steps: { slow: [{ hold: "never" }] },
    });
    const fresh = await node.fresh();
    await fresh.started(plugin);
    const client = fresh.connect();
    client.send('{"jsonrpc":"2.0","id":1,"method":"slow","params":[]}');
    await plugin.receives("slow");
    await fresh.call("stop");
    await client.end();
    expect(client.text).toBe("");
    return { text: client.text };
  });

  scenario(
    "a client that is there already is served while a plugin takes its time",
    async (node) => {
      const plugin = node.plugin("p.py", {
        subscriptions: ["shutdown"],
        steps: { shutdown: [{ hold: "go" }, { exit: 0 }] },
      });
      const fresh = await node.fresh();
      await fresh.started(plugin);
      const client = fresh.connect();
      const stop = fresh.call("stop");
      await plugin.receives("shutdown");
      client.send('{"jsonrpc":"2.0","id":2,"method":"plugin","params":["list"]}');
      const [text = ""] = await client.messages(1);
      plugin.open("go");
      const answer = await stop;
      await client.end();
      return { answer, list: fresh.readMessage(text) };
    },
  );

  scenario("plugins are gone with the node, also those that will not listen", async (node) => {
    const plugin = node.plugin("p.py");
    const fresh = await node.fresh();
    await fresh.started(plugin);
    await fresh.call("stop");
    await fresh.ends();
    const [pid] = plugin.starts().map((start) => start.pid);
    await until("the plugin is gone", () => !isAlive(Number(pid)));
    return {};
  });

  scenario("what is left in the lightning-dir", async (node) => {
    const fresh = await node.fresh();
    await fresh.call("stop");
    await fresh.ends();
    const left = remains(fresh);
    expect(left.pidFile).toBe(false);
    return { pidFile: left.pidFile };
  });

  scenario(
    "a plugin that does not end at the shutdown is killed in the end",
    async (node) => {
      const plugin = node.plugin("p.py", {
        subscriptions: ["shutdown"],
        end: [{ hang: "never" }],
      });
      const fresh = await node.fresh({ shutdownTimeoutMs: 200 });
      await fresh.started(plugin);
      const answer = await fresh.call("stop", [], 60_000);
      await fresh.ends();
      const log = readFileSync(fresh.running.logFile, "utf8");
      expect(log).toContain("p.py: failed to self-terminate in time, killing.");
      return answer;
    },
    { slow: true },
  );
});
