/** What the window's title shows of the plugins, and when the bell rings. */
import { expect, it } from "vitest";
import { PluginHealth } from "../../../../src/cli/report/watch/plugin-health.js";
import type { Outcome } from "../../../../src/events/watch-events.js";

const MARKS = { good: "✓", bad: "✗", warn: "!", step: "·", arrow: "→" };

it("a plugin is good while it runs, also after a build that changed nothing", () => {
  const health = new PluginHealth(MARKS);
  const take = (event: Outcome["event"], plugin = "a.py") => {
    const outcome = { event, plugin, path: `/p/${plugin}`, node: "/l1/rpc" } as Outcome;
    return { rings: health.take(outcome), title: health.title };
  };
  expect(health.title).toBeUndefined();
  expect(take("reloaded")).toEqual({ rings: false, title: "✓ a.py" });
  expect(take("unchanged")).toEqual({ rings: false, title: "✓ a.py" });
  expect(take("failed")).toEqual({ rings: true, title: "✗ a.py" });
  expect(take("reloaded", "b.py")).toEqual({ rings: false, title: "✗ a.py" });
  expect(take("unreachable")).toEqual({ rings: false, title: "✗ a.py" });
  expect(take("reloaded")).toEqual({ rings: true, title: "✓ a.py, b.py" });
});
