/** Descriptors, timers and memory: the same before and after. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { PluginSettings } from "../../src/settings/types.js";
import { Session } from "../../src/watch/session.js";
import { Desk } from "../lab/desk.js";
import { round } from "../lab/figures.js";
import { pause } from "../lab/lab.js";
import type { Claim } from "../lab/report.js";
import { Watch } from "../lab/watch.js";
import type { SoakOptions } from "./part.js";

const RELOADS = 1_000;
const SESSIONS = 50;
const LIVE_MS = 10_000;
const GROWTH_MIB = 10;

export async function nothingLeft(options: SoakOptions): Promise<Claim[]> {
  return [...(await afterReloads(options)), ...(await afterSessions(options))];
}

async function afterReloads({ lab, node, light, scaled }: SoakOptions): Promise<Claim[]> {
  const reloads = scaled(RELOADS);
  const desk = new Desk(light, `${lab.folder()}/plugin`);
  const watch = await Watch.open(lab, [desk.plugin, node.flag]);
  const reload = async () => {
    desk.save("by rename");
    await desk.live(LIVE_MS);
    watch.events = [];
  };
  for (let warm = 0; warm < Math.min(100, reloads); warm++) await reload();
  await pause(2_000);
  const before = { descriptors: watch.descriptors, memory: watch.memoryMib };
  for (let count = 0; count < reloads; count++) await reload();
  await pause(2_000);
  const after = { descriptors: watch.descriptors, memory: watch.memoryMib };
  const control = join(lab.root, "run/cln-dev", `${watch.pid}.sock`);
  const wasThere = existsSync(control);
  await watch.end();
  return [
    {
      claim: `after ${reloads} reloads: as many open files as before`,
      ok: after.descriptors === before.descriptors,
      found: `${before.descriptors}, then ${after.descriptors}`,
    },
    {
      claim: `after ${reloads} reloads: memory has grown by less than ${GROWTH_MIB} MiB`,
      ok: after.memory - before.memory < GROWTH_MIB,
      found: `${round(before.memory)}, then ${round(after.memory)} MiB`,
    },
    {
      claim: "the control socket is gone with its session",
      ok: wasThere && !existsSync(control),
      found: "",
    },
  ];
}

/** Sessions opened, used and closed in this very process: every handle and timer is seen. */
async function afterSessions({ lab, node, light, scaled }: SoakOptions): Promise<Claim[]> {
  const sessions = scaled(SESSIONS);
  const desk = new Desk(light, `${lab.folder()}/plugin`);
  const plugin: PluginSettings = {
    path: desk.plugin,
    options: [],
    watch: [],
    ignore: [],
    call: [],
    safe: false,
  };
  const runtime = process.env.XDG_RUNTIME_DIR;
  process.env.XDG_RUNTIME_DIR = join(lab.root, "run");
  const once = async () => {
    const session = await Session.open({
      plugins: [plugin],
      nodes: [
        {
          lightningDir: node.lightningDir,
          network: "regtest",
          networkNamedBy: "command line",
          networkDir: node.networkDir,
          rpcFile: node.rpcFile,
          hints: [],
        },
      ],
      embedded: false,
      onEvent: () => {},
    });
    await session.first;
    desk.save("in place");
    await desk.live(LIVE_MS);
    await session.close();
    await pause(50);
  };
  await once();
  const before = process.getActiveResourcesInfo().sort();
  for (let count = 0; count < sessions; count++) await once();
  // chokidar lets some timers of its own run out, for a second at most.
  await pause(1_500);
  const after = process.getActiveResourcesInfo().sort();
  if (runtime === undefined) delete process.env.XDG_RUNTIME_DIR;
  else process.env.XDG_RUNTIME_DIR = runtime;
  return [
    {
      claim: `${sessions} sessions opened and closed: no handle and no timer stays`,
      ok: after.length <= before.length,
      found: after.length <= before.length ? "" : `${before.join(" ")}; then ${after.join(" ")}`,
    },
  ];
}
