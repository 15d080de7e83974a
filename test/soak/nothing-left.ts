/** Descriptors, timers and memory: the same before and after. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Session } from "../../src/watch/session.js";
import { stopAndStart } from "../lab/by-hand.js";
import { Desk } from "../lab/desk.js";
import { round } from "../lab/figures.js";
import { pause, within } from "../lab/lab.js";
import { LabNode } from "../lab/node.js";
import type { Claim } from "../lab/report.js";
import { Watch } from "../lab/watch.js";
import type { SoakOptions } from "./part.js";

const RELOADS = 1_000;
const SESSIONS = 50;
const LIVE_MS = 10_000;
const GROWTH_MIB = 10;
const WATCH_MIB = 100;
/** A watch has done by then what follows a reload. */
const AT_REST_MS = 6_000;
const LOG_MIB = 4;
const REST_MS = 30_000;

export async function nothingLeft(options: SoakOptions): Promise<Claim[]> {
  return [
    ...(await afterReloads(options)),
    ...(await afterSessions(options)),
    ...(await embeddedNode(options)),
  ];
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
  await pause(AT_REST_MS);
  const before = { descriptors: watch.descriptors, memory: watch.memoryMib };
  for (let count = 0; count < reloads; count++) await reload();
  await pause(AT_REST_MS);
  const after = { descriptors: watch.descriptors, memory: watch.memoryMib };
  const controls = () =>
    readdirSync(join(lab.root, "run/cln-dev")).filter((name) => name.startsWith(`${watch.pid}-`));
  const wasThere = controls().length === 1;
  await watch.end();
  return [
    {
      claim: `after ${reloads} reloads: as many open files as before`,
      ok: after.descriptors === before.descriptors,
      found: `${before.descriptors}, then ${after.descriptors}`,
    },
    {
      claim: `after ${reloads} reloads: less than ${WATCH_MIB} MiB at rest`,
      ok: after.memory < WATCH_MIB,
      found: `${round(before.memory)}, then ${round(after.memory)} MiB`,
    },
    {
      claim: "the control socket is gone with its session",
      ok: wasThere && controls().length === 0,
      found: "",
    },
  ];
}

/**
 * Sessions opened, used and closed at any moment, in this very process: every handle and timer is
 * seen, as soon as the close has ended.
 */
async function afterSessions({
  lab,
  node,
  light,
  script,
  random,
  scaled,
}: SoakOptions): Promise<Claim[]> {
  const sessions = scaled(SESSIONS);
  const runtime = process.env.XDG_RUNTIME_DIR;
  process.env.XDG_RUNTIME_DIR = join(lab.root, "run");
  // One that is watched alone, and one with its folder.
  const desks = [light, script].map((source) => new Desk(source, `${lab.folder()}/plugin`));
  const timers = () => process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
  let timersLeft = 0;
  const once = async (desk: Desk) => {
    const session = await openSession(desk.plugin, node);
    await session.firstOutcomes;
    desk.save(random.pick(["in place", "by rename"]));
    if (random.next() < 0.5) await desk.live(LIVE_MS);
    else await pause(random.below(60));
    await session.close();
    timersLeft += timers();
  };
  for (const desk of desks) await once(desk);
  timersLeft = 0;
  const before = await handles();
  for (let count = 0; count < sessions; count++) {
    for (const desk of desks) await once(desk);
  }
  const after = await handles();
  if (runtime === undefined) delete process.env.XDG_RUNTIME_DIR;
  else process.env.XDG_RUNTIME_DIR = runtime;
  return [
    {
      claim: `${sessions * desks.length} sessions closed at any moment: no timer runs after that`,
      ok: timersLeft === 0,
      found: timersLeft === 0 ? "" : `${timersLeft} ran`,
    },
    {
      claim: "no handle stays",
      ok: after.length <= before.length,
      found: after.length <= before.length ? "" : `${before.join(" ")}; then ${after.join(" ")}`,
    },
  ];
}

/**
 * The embedded node lets garbage lie while it works, and keeps the last 4 MiB of its
 * log: so it is looked at when it rests, and the log may have filled.
 */
async function embeddedNode({ lab, light, scaled }: SoakOptions): Promise<Claim[]> {
  const reloads = scaled(RELOADS);
  const node = await LabNode.start(lab, "embedded");
  const desk = new Desk(light, `${lab.folder()}/plugin`);
  for (let warm = 0; warm < 50; warm++) await stopAndStart(node.rpcFile, desk.plugin);
  await pause(5_000);
  const before = residentMib(node.pid);
  for (let count = 0; count < reloads; count++) await stopAndStart(node.rpcFile, desk.plugin);
  const working = residentMib(node.pid);
  const most = before + LOG_MIB + GROWTH_MIB;
  const ok = await within(REST_MS, () => residentMib(node.pid) < most, 500);
  const figures = [before, working, residentMib(node.pid)].map(round).join(", ");
  await node.kill();
  return [
    {
      claim: `the embedded node after ${reloads} reloads: at rest no larger than by its log (4 MiB) and ${GROWTH_MIB} MiB`,
      ok,
      found: `before, right after, at rest: ${figures} MiB`,
    },
  ];
}

function residentMib(pid: number): number {
  const kib = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return Number(kib) / 1024;
}

/** What keeps this process alive, when what was closed has had its turn to go. */
async function handles(): Promise<readonly string[]> {
  await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
  return process.getActiveResourcesInfo().sort();
}

function openSession(path: string, node: LabNode): Promise<Session> {
  const { lightningDir, networkDir, rpcFile } = node;
  return Session.open({
    plugins: [{ path, options: [], watch: [], only: [], ignore: [], call: [], safe: false }],
    nodes: [
      {
        lightningDir,
        network: "regtest",
        networkNamedBy: "command line",
        networkDir,
        rpcFile,
        hints: [],
      },
    ],
    embedded: false,
    onEvent: () => {},
  });
}
