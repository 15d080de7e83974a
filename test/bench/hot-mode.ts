/** Hot mode beside plain reloads and the floor: saves, calls under load, latency, large results, memory. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { askByHand, stopAndStart } from "../lab/by-hand.js";
import { Desk } from "../lab/desk.js";
import { figuresOf, round } from "../lab/figures.js";
import { type Lab, pause } from "../lab/lab.js";
import { sources } from "../lab/plugins.js";
import { saveTraffic, startTraffic, type Traffic } from "../lab/traffic.js";
import { Watch } from "../lab/watch.js";
import type { Part, PartOptions } from "./part.js";

const LIVE_MS = 10_000;
const BETWEEN_MS = 150;
const CALLERS = 4;
const CALLS = 1_000;
const BIG_BYTES = 10_000_000;
const BIG_COUNT = 10;
const GOAL_LATENCY_MS = 0.15;
const GOAL_BIG_TIMES = 1.6;

export async function hotMode({ lab, node, count, say }: PartOptions): Promise<Part> {
  const [source] = sources(lab).here;
  if (source === undefined) throw new Error("no plugin can be made here");
  const { rpcFile, flag } = node;
  say("hot mode: save to live");
  const live = await saves(lab, node, source, count);
  say("hot mode: calls under load");
  const hot = await underLoad(lab, node, ["--hot"], count);
  const plain = await underLoad(lab, node, [], count);
  say("hot mode: latency and large results");
  const folder = lab.folder();
  const direct = saveTraffic(folder, "direct", 1);
  await askByHand(rpcFile, "plugin", ["start", direct]);
  const watch = await Watch.open(lab, [saveTraffic(folder, "hot", 1), flag, "--hot"]);
  const latency = { direct: [] as number[], hot: [] as number[] };
  for (let call = 0; call < CALLS; call++) {
    for (const kind of ["direct", "hot"] as const) {
      latency[kind].push(await timed(() => askByHand(rpcFile, `${kind}-version`)));
    }
  }
  const big = { direct: [] as number[], hot: [] as number[] };
  for (let call = 0; call < BIG_COUNT; call++) {
    for (const kind of ["direct", "hot"] as const) {
      big[kind].push(await timed(() => askByHand(rpcFile, `${kind}-big`, [BIG_BYTES])));
    }
  }
  const memoryMib = hostMemoryMib(lab);
  await watch.end();
  await askByHand(rpcFile, "plugin", ["stop", direct]);
  const ms = (values: readonly number[]) => {
    const { min, median, p95 } = figuresOf(values);
    return `${round(min)} / ${median.toFixed(2)} / ${round(p95)}`;
  };
  const calls = ({ calls, failed }: Traffic) => `${failed} of ${calls} failed`;
  const medians = {
    live: figuresOf(live.hot).median - figuresOf(live.floor).median,
    latency: figuresOf(latency.hot).median - figuresOf(latency.direct).median,
    big: figuresOf(big.hot).median / figuresOf(big.direct).median,
  };
  return {
    name: "hot",
    title: `Hot mode on ${node.name} (ms: min / median / p95)`,
    table: {
      head: ["", "hot", "plain", "floor or direct"],
      rows: [
        [`save to live, ${count} saves`, ms(live.hot), ms(live.plain), ms(live.floor)],
        [`calls over ${count} saves, ${CALLERS + 1} callers`, calls(hot), calls(plain), "-"],
        ["a small call", ms(latency.hot), "-", ms(latency.direct)],
        ["a result of 10 MB", ms(big.hot), "-", ms(big.direct)],
        ["memory of the host after that", `${round(memoryMib)} MiB`, "-", "-"],
      ],
    },
    notes: [],
    figures: { live, traffic: { hot, plain }, latency, big, memoryMib },
    claims: [
      {
        claim: `hot: no call fails over ${count} saves`,
        ok: hot.failed === 0 && hot.stale === 0,
        found: `${calls(hot)}, ${hot.stale} stale ${hot.error ?? ""}`,
      },
      {
        claim: "hot: save to live at or below the floor of stop and start",
        ok: medians.live <= 0,
        found: `${medians.live.toFixed(1)} ms`,
      },
      {
        claim: `hot: a small call at most ${GOAL_LATENCY_MS} ms longer`,
        ok: medians.latency <= GOAL_LATENCY_MS,
        found: `${medians.latency.toFixed(3)} ms`,
      },
      {
        claim: `hot: 10 MB in at most ${GOAL_BIG_TIMES} times the time`,
        ok: medians.big <= GOAL_BIG_TIMES,
        found: medians.big.toFixed(2),
      },
    ],
  };
}

async function saves(
  lab: Lab,
  { rpcFile, flag }: PartOptions["node"],
  source: ReturnType<typeof sources>["here"][number],
  count: number,
) {
  const desks = {
    hot: new Desk(source, `${lab.folder()}/hot`),
    plain: new Desk(source, `${lab.folder()}/plain`),
    floor: new Desk(source, `${lab.folder()}/floor`),
  };
  await askByHand(rpcFile, "plugin", ["start", desks.floor.plugin]);
  const watches = [
    await Watch.open(lab, [desks.hot.plugin, flag, "--hot"]),
    await Watch.open(lab, [desks.plain.plugin, flag]),
  ];
  const ms = { hot: [] as number[], plain: [] as number[], floor: [] as number[] };
  for (let save = -2; save < count; save++) {
    for (const kind of ["hot", "plain", "floor"] as const) {
      const saved = desks[kind].save("by rename");
      if (kind === "floor") await stopAndStart(rpcFile, desks.floor.plugin);
      const stamp = await desks[kind].live(LIVE_MS);
      if (save >= 0 && stamp) ms[kind].push(stamp.at - saved);
      await pause(BETWEEN_MS);
    }
  }
  for (const watch of watches) await watch.end();
  for (const { plugin } of Object.values(desks)) {
    await askByHand(rpcFile, "plugin", ["stop", plugin]);
  }
  return ms;
}

async function underLoad(
  lab: Lab,
  { rpcFile, flag }: PartOptions["node"],
  flags: readonly string[],
  count: number,
): Promise<Traffic> {
  const folder = lab.folder();
  const plugin = saveTraffic(folder, "load", 1);
  const watch = await Watch.open(lab, [plugin, flag, ...flags, "--stop-on-exit"]);
  const traffic = startTraffic(rpcFile, "load", CALLERS);
  for (let version = 2; version <= count + 1; version++) {
    watch.events = [];
    saveTraffic(folder, "load", version);
    await watch.says(LIVE_MS, ({ event }) => event === "reloaded");
    await pause(BETWEEN_MS);
  }
  const result = await traffic.end();
  await watch.end();
  return result;
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const at = performance.now();
  await work();
  return performance.now() - at;
}

/** Resident memory of the host, which runs beside the watch. */
function hostMemoryMib({ root }: Lab): number {
  const hosts = readdirSync("/proc").filter((pid) => {
    const file = join("/proc", pid, "cmdline");
    const command = /^\d+$/.test(pid) && existsSync(file) ? readFileSync(file, "utf8") : "";
    return command.includes("hot-host.js") && command.includes(root);
  });
  const sizes = hosts.map((pid) => {
    const kib = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    return Number(kib) / 1024;
  });
  return Math.max(0, ...sizes);
}
