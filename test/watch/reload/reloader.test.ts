/** What supersedes a start, and what a node that comes back means. */
import { join } from "node:path";
import { afterEach, expect, it, vi } from "vitest";
import { targetOf } from "../../../src/events/reload-target.js";
import type { WatchEvent } from "../../../src/events/watch-events.js";
import type { PluginOption } from "../../../src/settings/types.js";
import { Reloader } from "../../../src/watch/reload/reloader.js";
import { AttemptProgress } from "../../../src/watch/reload/supersede/attempt-progress.js";
import { SelfChanges } from "../../../src/watch/reload/supersede/self-changes.js";
import { writePlugin } from "../../support/plugin.js";
import { sandbox } from "../../support/sandbox.js";
import { until } from "../../support/until.js";

afterEach(() => {
  vi.useRealTimers();
});

function target(path: string, folder: string, options: readonly PluginOption[] = []) {
  const plugin = { path, options, watch: [], only: [], ignore: [], call: [], safe: false };
  return targetOf(plugin, {
    lightningDir: folder,
    network: "regtest",
    networkNamedBy: "default",
    networkDir: join(folder, "regtest"),
    rpcFile: join(folder, "regtest/lightning-rpc"),
    hints: [],
  });
}

it.each(["key", "command", "signal"] as const)(
  "a %s joins a start that is young, and replaces one that has lasted",
  (cause) => {
    vi.useFakeTimers({ toFake: ["performance"] });
    const change = { cause, files: [], at: 0 };
    const progress = new AttemptProgress({
      target: target("/p.py", "/n"),
      change,
      emit: () => {},
      moreChanges: () => undefined,
      selfChanges: new SelfChanges(),
      suspectedFiles: new Set(),
      isFinal: false,
    });
    progress.begin("start");
    progress.changed(change);
    expect(progress.newer.aborted).toBe(false);
    vi.advanceTimersByTime(1_001);
    progress.changed(change);
    expect(progress.newer.aborted).toBe(true);
  },
);

it.each([
  ["without options is left as it is", [], false],
  ["with options of this session is started with them", [{ name: "foo", value: "bar" }], true],
])("a plugin that a node has started by itself, %s", async (_, options, isReloaded) => {
  const box = sandbox();
  const events: WatchEvent[] = [];
  const reloader = new Reloader(target(writePlugin(box.work), box.folder(), options), {
    emit: (event) => void events.push(event),
  });
  reloader.nodeBack(true);
  expect(reloader.busy).toBe(isReloaded);
  if (isReloaded)
    await until("the attempt", () => events.some(({ event }) => event === "reloading"));
  else expect(reloader.state).toMatchObject({ is: "running" });
  await reloader.close();
});
