/** From an empty folder to a channel that pays, and from a mined block to all nodes: `cln-dev regtest`. */
import { readdirSync, readFileSync } from "node:fs";
import { figuresOf, round, shown } from "../lab/figures.js";
import { pause } from "../lab/lab.js";
import { LabRegtest } from "../lab/regtest.js";
import { type Claim, leftOut } from "../lab/report.js";
import type { Part, PartOptions } from "./part.js";

const RUNS = 5;
const GOAL_PAID_MS = 2_000;
const GOAL_BLOCK_MS = 100;
const GOAL_CPU_PERCENT = 1;
const IDLE_MS = 20_000;

const CLAIMS = {
  paid: `an empty folder to a channel that pays: within ${GOAL_PAID_MS / 1000} s (median of ${RUNS})`,
  block: `a block is seen by three nodes within ${GOAL_BLOCK_MS} ms (median)`,
  idle: `two idle nodes: under ${GOAL_CPU_PERCENT} % of a processor`,
};

export async function regtestNetwork({ lab, node, count, say }: PartOptions): Promise<Part> {
  const name = "regtest";
  const title = `cln-dev regtest, ms: median (p95) of ${RUNS}, of ${count} for blocks`;
  if (node.kind === "embedded") {
    const claims = Object.values(CLAIMS).map((claim) => leftOut(claim, "no lightningd here"));
    return { name, title, table: { head: ["", "ms"], rows: [] }, notes: [], figures: {}, claims };
  }
  const ready: number[] = [];
  const paid: number[] = [];
  for (let run = 1; run <= RUNS; run++) {
    say(`from an empty folder to a channel that pays, ${run} of ${RUNS}`);
    const network = new LabRegtest(lab, `${lab.root}/net${run}`);
    const began = performance.now();
    try {
      await network.start("2");
      ready.push(performance.now() - began);
      await network.run("pay", "l1", "l2", "1000");
      paid.push(performance.now() - began);
    } finally {
      await network.end();
    }
  }
  const network = new LabRegtest(lab, `${lab.root}/net`);
  const blocks: number[] = [];
  let idle = Number.NaN;
  try {
    const nodes = await network.start("2");
    say(`idle for ${IDLE_MS / 1000} s`);
    await pause(5_000);
    const pids = nodes.map(({ pid }) => pid);
    const before = cpuMs(pids);
    await pause(IDLE_MS);
    idle = ((cpuMs(pids) - before) / IDLE_MS) * 100;
    await network.start("3");
    say("blocks");
    for (let block = 0; block < count; block++) {
      const [mined] = await network.run("mine");
      blocks.push(Number(mined?.ms));
    }
  } finally {
    await network.end();
  }
  const [toPaid, toBlock] = [figuresOf(paid), figuresOf(blocks)];
  const claims: Claim[] = [
    { claim: CLAIMS.paid, ok: toPaid.median <= GOAL_PAID_MS, found: `${round(toPaid.median)} ms` },
    {
      claim: CLAIMS.block,
      ok: toBlock.median <= GOAL_BLOCK_MS,
      found: `${round(toBlock.median)} ms`,
    },
    { claim: CLAIMS.idle, ok: idle < GOAL_CPU_PERCENT, found: `${idle.toFixed(2)} %` },
  ];
  return {
    name,
    title,
    table: {
      head: ["", "ms"],
      rows: [
        ["two nodes with a channel, from an empty folder", shown(figuresOf(ready))],
        ["and a payment over it", shown(toPaid)],
        ["a block mined and seen by three nodes", shown(toBlock)],
      ],
    },
    notes: [`processor time of two idle nodes over ${IDLE_MS / 1000} s: ${idle.toFixed(2)} %`],
    figures: { ready: figuresOf(ready), paid: toPaid, block: toBlock, idlePercent: idle },
    claims,
  };
}

const MS_PER_TICK = 10;

/** Processor time so far of these processes and all below them, ms. */
function cpuMs(roots: readonly number[]): number {
  const stats = readdirSync("/proc")
    .filter((pid) => /^\d+$/.test(pid))
    .map((pid) => ({ pid: Number(pid), fields: statOf(pid) }));
  const wanted = new Set(roots);
  for (let before = -1; before !== wanted.size; ) {
    before = wanted.size;
    for (const { pid, fields } of stats) if (wanted.has(Number(fields[1]))) wanted.add(pid);
  }
  return stats
    .filter(({ pid }) => wanted.has(pid))
    .reduce((sum, { fields }) => sum + (Number(fields[11]) + Number(fields[12])) * MS_PER_TICK, 0);
}

/** From the state on (man 5 proc_pid_stat). */
function statOf(pid: string): readonly string[] {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    return text.slice(text.lastIndexOf(")") + 2).split(" ");
  } catch {
    return [];
  }
}
