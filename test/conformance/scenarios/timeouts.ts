/**
 * A plugin that does not answer: 120 s for the manifest, 120 s for init, 30 s for its end on a
 * lightningd; short ones on the embedded node.
 */
import { expect } from "vitest";
import { error, PLUGIN_ERROR } from "../harness/answers.js";
import { topic } from "../harness/scenario.js";

const PATIENCE_MS = 200_000;

topic("timeouts", (scenario) => {
  scenario(
    "no manifest",
    async (node) => {
      const fresh = await node.fresh({ pluginTimeoutMs: 300 });
      const plugin = node.plugin("p.py", { steps: { getmanifest: [{ hold: "never" }] } });
      const answer = await fresh.call("plugin", ["start", plugin.path], PATIENCE_MS);
      expect(answer).toEqual(
        error(PLUGIN_ERROR, "<folder>/p.py: timed out before replying to getmanifest"),
      );
      return { answer, list: await fresh.list(), log: fresh.logLines("plugin-p.py") };
    },
    { slow: true },
  );

  scenario(
    "text without a brace instead of a manifest",
    async (node) => {
      const fresh = await node.fresh({ pluginTimeoutMs: 300 });
      const plugin = node.plugin("p.py", {
        steps: { getmanifest: [{ write: "what do you want?\n" }, { hold: "never" }] },
      });
      const answer = await fresh.call("plugin", ["start", plugin.path], PATIENCE_MS);
      expect(answer).toEqual(
        error(PLUGIN_ERROR, "<folder>/p.py: timed out before replying to getmanifest"),
      );
      return answer;
    },
    { slow: true },
  );

  scenario(
    "no answer to init",
    async (node) => {
      // The manifest has to come within it: on a busy machine Python alone takes that long.
      const fresh = await node.fresh({ pluginTimeoutMs: 2_000 });
      const plugin = node.plugin("p.py", { steps: { init: [{ hold: "never" }] } });
      const answer = await fresh.call("plugin", ["start", plugin.path], PATIENCE_MS);
      expect(answer).toEqual(
        error(PLUGIN_ERROR, "<folder>/p.py: timed out before replying to init"),
      );
      return { answer, list: await fresh.list(), log: fresh.logLines("plugin-p.py") };
    },
    { slow: true },
  );

  scenario(
    "a plugin that does not end after `plugin stop`",
    async (node) => {
      const fresh = await node.fresh({ shutdownTimeoutMs: 200 });
      const plugin = node.plugin("p.py", { subscriptions: ["shutdown"] });
      await fresh.started(plugin);
      const answer = await fresh.call("plugin", ["stop", "p.py"], PATIENCE_MS);
      expect(answer).toEqual({
        result: { command: "stop", result: "Successfully stopped p.py." },
      });
      return { answer, list: await fresh.list(), log: fresh.logLines("plugin-p.py") };
    },
    { slow: true },
  );
});
