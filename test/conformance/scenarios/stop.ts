/** What `plugin stop` does to the process, and what is answered when. */
import { expect } from "vitest";
import { isAlive } from "../../support/processes.js";
import {
  error,
  INVALID_PARAMS,
  METHOD_NOT_FOUND,
  PLUGIN_ERROR,
  PLUGIN_TERMINATED,
} from "../harness/answers.js";
import { type Json, textAt } from "../harness/json.js";
import { topic } from "../harness/scenario.js";
import type { ScriptedPlugin } from "../harness/scripted-plugin.js";
import { until } from "../harness/until.js";

const STOPPED = { result: { command: "stop", result: "Successfully stopped p.py." } };

/** Only its process's death, or its pipe's, ends it. */
const STUBBORN = [{ hang: "end" }];

function pidOf(plugin: ScriptedPlugin): number {
  const pid = plugin.starts().at(-1)?.pid;
  if (typeof pid !== "number") throw new Error("it has not been started");
  return pid;
}

async function isGone(plugin: ScriptedPlugin): Promise<void> {
  await until("the process is gone", () => !isAlive(pidOf(plugin)));
}

topic("stop", (scenario) => {
  scenario("without `shutdown` it is killed at once, without a word", async (node) => {
    const plugin = await node.started(node.plugin("p.py", { end: STUBBORN }));
    const answer = await node.stop(plugin);
    expect(answer).toEqual(STOPPED);
    await isGone(plugin);
    expect(plugin.received().map(({ method }) => method)).toEqual(["getmanifest", "init"]);
    const log = node.logLines("plugin-p.py");
    expect(log).toEqual(["INFO    plugin-p.py: Killing plugin: stopped by lightningd via RPC"]);
    return { answer, log, list: await node.list() };
  });

  scenario("with `shutdown` it is notified, and the answer waits for its end", async (node) => {
    const plugin = await node.started(
      node.plugin("p.py", {
        subscriptions: ["shutdown"],
        steps: { shutdown: [{ hold: "go" }, { exit: 0 }] },
      }),
    );
    const answer = node.stop(plugin);
    const { message } = await plugin.receives("shutdown");
    expect(message).toEqual({ jsonrpc: "2.0", method: "shutdown", params: { shutdown: {} } });
    const list = await node.list();
    expect(list).toEqual([{ name: "<folder>/p.py", active: true, dynamic: true }]);
    plugin.open("go");
    expect(await answer).toEqual(STOPPED);
    return { message, list, answer: await answer, log: node.logLines("plugin-p.py") };
  });

  scenario("`*` counts as `shutdown`", async (node) => {
    const plugin = await node.started(
      node.plugin("p.py", { subscriptions: ["*"], steps: { shutdown: [{ exit: 0 }] } }),
    );
    const answer = await node.stop(plugin);
    expect(answer).toEqual(STOPPED);
    return { answer, received: plugin.received("shutdown").map(({ message }) => message) };
  });

  scenario("a plugin that closes its stdout at the shutdown counts as ended", async (node) => {
    const plugin = await node.started(
      node.plugin("p.py", {
        subscriptions: ["shutdown"],
        steps: { shutdown: [{ closeStdout: true }, { hang: "never" }] },
      }),
    );
    const answer = await node.stop(plugin);
    expect(answer).toEqual(STOPPED);
    await isGone(plugin);
    return { answer, log: node.logLines("plugin-p.py") };
  });

  scenario("a plugin that works on after the shutdown can still be called", async (node) => {
    const plugin = await node.started(
      node.plugin("p.py", {
        methods: ["m"],
        subscriptions: ["shutdown"],
        steps: { shutdown: [{ hold: "go" }, { exit: 0 }] },
      }),
    );
    const answer = node.stop(plugin);
    await plugin.receives("shutdown");
    const call = await node.call("m");
    expect(call).toEqual({ result: {} });
    plugin.open("go");
    return { call, answer: await answer };
  });

  scenario("a child that holds its stdout delays the answer", async (node) => {
    const plugin = await node.started(
      node.plugin("p.py", {
        begin: [{ child: "child" }],
        subscriptions: ["shutdown"],
        steps: { shutdown: [{ exit: 0 }] },
      }),
    );
    const client = node.connect();
    client.send(
      JSON.stringify({ jsonrpc: "2.0", id: 1, method: "plugin", params: ["stop", "p.py"] }),
    );
    await plugin.receives("shutdown");
    const list = await node.list();
    expect(list).toEqual([{ name: "<folder>/p.py", active: true, dynamic: true }]);
    expect(client.text).toBe("");
    plugin.open("child");
    const [text = ""] = await client.messages(1);
    return { list, answer: node.readMessage(text) };
  });

  scenario("a second stop while the first waits: both are answered", async (node) => {
    const plugin = await node.started(
      node.plugin("p.py", {
        subscriptions: ["shutdown"],
        steps: { shutdown: [{ hold: "go" }, { exit: 0 }] },
      }),
    );
    const first = node.stop(plugin);
    await plugin.receives("shutdown");
    const second = node.stop(plugin);
    await plugin.receives("shutdown", 2);
    plugin.open("go");
    const answers = [await first, await second];
    expect(answers).toEqual([STOPPED, STOPPED]);
    return answers;
  });

  scenario("a start while the stop waits: it counts as running", async (node) => {
    const plugin = await node.started(
      node.plugin("p.py", {
        subscriptions: ["shutdown"],
        steps: { shutdown: [{ hold: "go" }, { exit: 0 }] },
      }),
    );
    const stop = node.stop(plugin);
    await plugin.receives("shutdown");
    const start = await node.start(plugin);
    expect(start).toEqual(error(INVALID_PARAMS, "<folder>/p.py: Invalid argument"));
    plugin.open("go");
    return { stop: await stop, start };
  });

  scenario("a start of the changed file while the stop waits: both succeed", async (node) => {
    const plugin = await node.started(
      node.plugin("p.py", {
        subscriptions: ["shutdown"],
        steps: { shutdown: [{ hold: "never" }] },
      }),
    );
    const stop = node.stop(plugin);
    await plugin.receives("shutdown");
    plugin.rewrite({ methods: ["new"] });
    const start = await node.start(plugin);
    expect(await stop).toEqual(STOPPED);
    expect("result" in start).toBe(true);
    return { stop: await stop, start, call: await node.call("new") };
  });

  scenario("a call in flight fails with -4, a later one with -32601", async (node) => {
    const plugin = await node.started(
      node.plugin("p.py", { methods: ["slow"], steps: { slow: [{ hold: "never" }] } }),
    );
    const call = node.call("slow");
    await plugin.receives("slow");
    await node.stop(plugin);
    const inFlight = await call;
    expect(inFlight).toEqual(
      error(PLUGIN_TERMINATED, "Plugin terminated before replying to RPC call."),
    );
    const later = await node.call("slow");
    expect(later).toEqual(error(METHOD_NOT_FOUND, "Unknown command 'slow'"));
    return { inFlight, later };
  });

  scenario("the text of that error", async (node) => {
    const plugin = await node.started(
      node.plugin("p.py", { methods: ["slow"], steps: { slow: [{ hold: "never" }] } }),
    );
    const client = node.connect();
    client.send('{"jsonrpc":"2.0","id":"x","method":"slow","params":[]}');
    await plugin.receives("slow");
    await node.stop(plugin);
    await client.messages(1);
    return { text: client.text };
  });

  scenario("all calls in flight fail", async (node) => {
    const plugin = await node.started(
      node.plugin("p.py", { methods: ["slow"], steps: { slow: [{ hold: "never" }] } }),
    );
    const client = node.connect();
    for (const id of [1, 2, 3]) {
      client.send(JSON.stringify({ jsonrpc: "2.0", id, method: "slow", params: [] }));
    }
    await plugin.receives("slow", 3);
    await node.stop(plugin);
    const answers = (await client.messages(3)).map((text) => node.readMessage(text));
    // Their order is that of a hash table.
    const sorted = [...answers].sort((a, b) => Number(a.id) - Number(b.id));
    expect(sorted.map(({ id }) => id)).toEqual([1, 2, 3]);
    return sorted;
  });

  scenario("a plugin cannot be stopped before its manifest has come", async (node) => {
    const plugin = node.plugin("p.py", {
      steps: {
        getmanifest: [{ hold: "go" }, { result: { dynamic: true, options: [], rpcmethods: [] } }],
      },
    });
    const start = node.start(plugin);
    await plugin.receives("getmanifest");
    const stop = await node.stop("p.py");
    expect(stop).toEqual(error(INVALID_PARAMS, "p.py cannot be managed when lightningd is up"));
    plugin.open("go");
    return { stop, start: await start };
  });

  scenario("a plugin can be stopped while it initialises: its start fails", async (node) => {
    const plugin = node.plugin("p.py", { steps: { init: [{ hold: "never" }] } });
    const start = node.start(plugin);
    await plugin.receives("init");
    const stop = await node.stop("p.py");
    expect(stop).toEqual(STOPPED);
    expect(await start).toEqual(
      error(PLUGIN_ERROR, "<folder>/p.py: stopped by lightningd via RPC"),
    );
    return { stop, start: await start, log: node.logLines("plugin-p.py") };
  });

  scenario(
    "a plugin that asked for `shutdown` but has not initialised is killed at once",
    async (node) => {
      const plugin = node.plugin("p.py", {
        subscriptions: ["shutdown"],
        steps: { init: [{ hold: "never" }] },
      });
      const start = node.start(plugin);
      await plugin.receives("init");
      const stop = await node.stop("p.py");
      expect(plugin.received("shutdown")).toEqual([]);
      return { stop, start: await start };
    },
  );

  scenario("a plugin that is not dynamic cannot be stopped", async (node) => {
    const plugin = node.plugin("static.py", { manifest: { dynamic: false } });
    const fresh = await node.fresh({ plugins: [plugin.path] });
    const answer = await fresh.stop("static.py");
    expect(answer).toEqual(
      error(INVALID_PARAMS, "static.py cannot be managed when lightningd is up"),
    );
    const byPath = await fresh.stop(plugin);
    expect(textAt(byPath, "error", "message")).toBe(
      "<folder>/static.py cannot be managed when lightningd is up",
    );
    return { answer, byPath, list: await fresh.list() };
  });

  scenario(
    "a changed file is started anew, and the old process killed without a word",
    async (node) => {
      const plugin = await node.started(
        node.plugin("p.py", { methods: ["old"], subscriptions: ["shutdown"] }),
      );
      const before = pidOf(plugin);
      plugin.rewrite({ methods: ["new"] });
      const answer = await node.start(plugin);
      expect(plugin.received("shutdown")).toEqual([]);
      await until("the old process is gone", () => !isAlive(before));
      const calls: Json = { old: await node.call("old"), new: await node.call("new") };
      const log = node.logLines("plugin-p.py");
      expect(log).toContain("INFO    plugin-p.py: Killing plugin: Plugin changed, needs restart.");
      return { answer, calls, log };
    },
  );

  scenario(
    "a file that was only touched, or written anew as it was, counts as running",
    async (node) => {
      const plugin = await node.started(node.plugin("p.py"));
      plugin.rewrite({});
      const answer = await node.start(plugin);
      expect(answer).toEqual(error(INVALID_PARAMS, "<folder>/p.py: Invalid argument"));
      return answer;
    },
  );

  scenario("start options are lost when the changed file is started without them", async (node) => {
    const options = [{ name: "conf-opt", type: "string", description: "d", default: "first" }];
    const plugin = await node.started(node.plugin("p.py", { options }), { "conf-opt": "second" });
    plugin.rewrite({ options, methods: ["new"] });
    await node.started(plugin);
    const given = plugin.received("init").map(({ params }) => params as Json);
    return given.map((params) => (params as { options: Json }).options);
  });

  scenario(
    "a changed plugin that is not dynamic is killed, and not started again",
    async (node) => {
      const plugin = node.plugin("static.py", { manifest: { dynamic: false } });
      const fresh = await node.fresh({ plugins: [plugin.path] });
      plugin.rewrite({ manifest: { dynamic: false }, methods: ["new"] });
      const answer = await fresh.start(plugin);
      expect(answer).toEqual(error(PLUGIN_ERROR, "<folder>/static.py: Not a dynamic plugin"));
      const list = await fresh.list();
      expect(list).toEqual([]);
      return { answer, list };
    },
  );

  scenario("a start that a changed file overtakes fails", async (node) => {
    const plugin = node.plugin("p.py", { steps: { init: [{ hold: "never" }] } });
    const first = node.start(plugin);
    await plugin.receives("init");
    plugin.rewrite({ methods: ["new"] });
    const second = await node.start(plugin);
    expect(await first).toEqual(
      error(PLUGIN_ERROR, "<folder>/p.py: Plugin changed, needs restart."),
    );
    return { first: await first, second };
  });

  scenario("stopping what does not run", async (node) => {
    const answer = await node.stop("nosuch.py");
    expect(answer).toEqual(error(INVALID_PARAMS, "Could not find plugin nosuch.py"));
    return answer;
  });

  scenario("twenty stops and starts", async (node) => {
    const plugin = node.plugin("p.py", { methods: ["m"] });
    for (let round = 0; round < 20; round++) {
      await node.started(plugin);
      expect(await node.call("m")).toEqual({ result: {} });
      expect(await node.stop(plugin)).toEqual(STOPPED);
    }
    return { starts: plugin.starts().length, list: await node.list() };
  });
});
