/** A start that hangs is explained while the node still waits, and nothing is run twice before that. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { targetOf } from "../../../../src/events/reload-target.js";
import type { WatchEvent } from "../../../../src/events/watch-events.js";
import { inspectPluginFile } from "../../../../src/plugin/file/plugin-file.js";
import { locateAddress } from "../../../../src/settings/locate/locate-node.js";
import { reportSlowStart } from "../../../../src/watch/reload/start/slow-start-notice.js";
import { language, writePlugin } from "../../../support/plugin.js";
import { type Sandbox, sandbox } from "../../../support/sandbox.js";
import { until } from "../../../support/until.js";

async function startOf(box: Sandbox, start: string) {
  const path = writePlugin(box.work, { start });
  const where = { home: box.home, cwd: box.work };
  const address = locateAddress({ lightningDir: box.folder(), network: "regtest" }, where);
  const plugin = { path, options: [], watch: [], only: [], ignore: [], call: [], safe: false };
  const target = targetOf(plugin, address);
  const file = await inspectPluginFile(path);
  return { target, file, options: [], since: new Date(), manifest: undefined };
}

it("reports where it hangs", async () => {
  const box = sandbox();
  const events: WatchEvent[] = [];
  const started = await startOf(box, language.hangs);
  const times = { afterMs: 1, timeoutMs: 500 };
  const emit = (event: WatchEvent) => void events.push(event);
  const end = reportSlowStart(started, emit, AbortSignal.any([]), times);
  await until("the explanation", () => events.length === 2);
  end();
  expect(events[0]).toMatchObject({ event: "notice", message: expect.stringContaining("120 s") });
  expect(events[1]).toMatchObject({
    event: "explained",
    reason: expect.stringMatching(/instead of answering getmanifest|does not answer getmanifest/),
  });
});

it("says nothing of one that ends in time", async () => {
  const box = sandbox();
  const pid = join(box.work, "pid");
  const events: WatchEvent[] = [];
  const started = await startOf(box, language.writesPid(pid));
  const emit = (event: WatchEvent) => void events.push(event);
  reportSlowStart(started, emit, AbortSignal.any([]), { afterMs: 1 })();
  const end = reportSlowStart(started, emit, AbortSignal.any([]), { afterMs: 1, timeoutMs: 5_000 });
  await until("the plugin to be run", () => existsSync(pid));
  end();
  expect(events.map(({ event }) => event)).toEqual(["notice"]);
});
