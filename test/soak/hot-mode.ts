/** Hot mode: no call is lost over good and bad saves, and nothing is left when anything is killed. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { askByHand } from "../lab/by-hand.js";
import { figuresOf, round } from "../lab/figures.js";
import { pause, within } from "../lab/lab.js";
import { type Claim, leftOut } from "../lab/report.js";
import { saveTraffic, startTraffic } from "../lab/traffic.js";
import { Watch } from "../lab/watch.js";
import type { Random, SoakOptions } from "./part.js";

const SAVES = 1_000;
const KILLS = 40;
const CALLERS = 4;
const OUTCOME_MS = 20_000;
const BACK_MS = 15_000;
const GROWTH_MIB = 20;
/** What a killed host, and a killed node, may leave for so long, ms. */
const HOST_MS = 1_000;
const NODE_MS = 5_000;
/** The goal for a killed host, ms: held by the median, for the machine is busy. */
const GOAL_HOST_MS = 100;

/** Each a way not to come up. */
const FAULTS = [
  "raise RuntimeError('at import')",
  "def broken(:",
  "sys.exit(3)",
  "print('text before the manifest'); sys.exit(0)",
] as const;

export async function hotMode(options: SoakOptions): Promise<Claim[]> {
  if (!existsSync("/proc/self/environ")) return [leftOut("hot mode under a soak", "no /proc")];
  return [...(await manySaves(options)), ...(await killed(options))];
}

async function manySaves({ lab, node, random, scaled }: SoakOptions): Promise<Claim[]> {
  const saves = scaled(SAVES);
  const folder = lab.folder();
  const plugin = saveTraffic(folder, "soak", 1);
  const watch = await Watch.open(lab, [plugin, node.flag, "--hot", "--stop-on-exit"]);
  const traffic = startTraffic(node.rpcFile, "soak", CALLERS);
  let unexpected = 0;
  let before: HostState | undefined;
  for (let save = 1; save <= saves; save++) {
    const isBad = random.next() < 0.2;
    watch.events = [];
    saveTraffic(folder, "soak", save + 1, isBad ? random.pick(FAULTS) : "");
    const wanted = isBad ? "failed" : "reloaded";
    const reported = await watch.says(OUTCOME_MS, ({ event }) => event === wanted);
    if (!reported) unexpected++;
    if (save === Math.ceil(saves / 10)) before = hostState(lab.root);
  }
  watch.events = [];
  saveTraffic(folder, "soak", saves + 2);
  await watch.says(OUTCOME_MS, ({ event }) => event === "reloaded");
  await pause(1_500);
  const after = hostState(lab.root);
  const { calls, failed, stale, error } = await traffic.end();
  const answer = await askByHand(node.rpcFile, "soak-version");
  await watch.end();
  const gone = await within(HOST_MS, () => ours(lab.root).length === 0);
  const grown = (after?.memoryMib ?? 0) - (before?.memoryMib ?? 0);
  return [
    {
      claim: `${saves} saves in hot mode, a fifth of them bad: no call of ${CALLERS + 1} callers fails`,
      ok: failed === 0 && stale === 0 && calls > saves,
      found: `${failed} of ${calls} failed, ${stale} stale ${error ?? ""}`,
    },
    {
      claim: "each has its outcome, and the last version serves",
      ok: unexpected === 0 && "result" in answer && answer.result.version === saves + 2,
      found: unexpected === 0 ? "" : `${unexpected} had another`,
    },
    {
      claim: `the host: as many open files as after a tenth, at most ${GROWTH_MIB} MiB more`,
      ok:
        before !== undefined &&
        after !== undefined &&
        grown <= GROWTH_MIB &&
        after.files <= before.files + 4,
      found: `${before?.files}, then ${after?.files} files; ${grown.toFixed(1)} MiB more`,
    },
    { claim: "nothing is left after the watch", ok: gone, found: ours(lab.root).join("; ") },
  ];
}

/** The host, the watch or the node is killed in the middle of anything; the next save is live again. */
async function killed({ lab, node, random, scaled, say }: SoakOptions): Promise<Claim[]> {
  const kills = scaled(KILLS);
  const folder = lab.folder();
  const plugin = saveTraffic(folder, "kill", 1);
  const args = [plugin, node.flag, "--hot", "--stop-on-exit"];
  let watch = await Watch.open(lab, args);
  const faults: string[] = [];
  const tookMs: { [what: string]: number[] } = { host: [], node: [] };
  for (let kill = 1; kill <= kills; kill++) {
    const what = random.pick(["host", "watch", "node"]);
    if (random.next() < 0.7) saveTraffic(folder, "kill", kill * 10);
    await pause(random.below(80));
    const versions = runningVersions(plugin);
    if (what === "host") {
      killHosts(lab.root, random);
      const at = performance.now();
      const isGone = await within(HOST_MS, () =>
        runningVersions(plugin).every((pid) => !versions.includes(pid)),
      );
      tookMs.host?.push(performance.now() - at);
      if (!isGone) faults.push(`${kill}: the killed host left a version`);
    } else if (what === "watch") {
      await watch.end("SIGKILL");
      watch = await Watch.open(lab, args);
    } else {
      await node.kill();
      const at = performance.now();
      const isGone = await within(NODE_MS, () => ours(lab.root).length === 0);
      tookMs.node?.push(performance.now() - at);
      if (!isGone) faults.push(`${kill}: the killed node left ${ours(lab.root).join("; ")}`);
      node.launch();
      if (!(await node.up())) throw new Error("the node did not come up");
    }
    saveTraffic(folder, "kill", kill * 10 + 1);
    const live = await within(BACK_MS, async () => {
      const answer = await askByHand(node.rpcFile, "kill-version").catch(() => undefined);
      return answer !== undefined && "result" in answer && answer.result.version === kill * 10 + 1;
    });
    if (!live) faults.push(`${kill}: not live after the ${what} was killed`);
    if (kill % 10 === 0) say(`  ${kill} of ${kills}`);
  }
  await watch.end();
  const gone = await within(HOST_MS, () => ours(lab.root).length === 0);
  const ends = Object.entries(tookMs).flatMap(([what, values]) => {
    if (values.length === 0) return [];
    const { median, max } = figuresOf(values);
    const goal = what === "host" ? GOAL_HOST_MS : NODE_MS;
    return {
      claim: `what belongs to a killed ${what} is gone within ${goal} ms, by the median`,
      ok: median <= goal,
      found: `${values.length} times: ${round(median)} ms, at most ${round(max)} ms`,
    };
  });
  return [
    ...ends,
    {
      claim: `host, watch and node killed ${kills} times: the next save is live, nothing is left`,
      ok: faults.length === 0 && gone,
      found: [...faults.slice(0, 3), ...ours(lab.root)].join("; "),
    },
  ];
}

interface HostState {
  readonly files: number;
  readonly memoryMib: number;
}

function hostState(root: string): HostState | undefined {
  const [pid] = processes((command) => command.includes("hot-host.js") && command.includes(root));
  if (pid === undefined) return undefined;
  const kib = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return { files: readdirSync(`/proc/${pid}/fd`).length, memoryMib: Number(kib) / 1024 };
}

function killHosts(root: string, random: Random): void {
  for (const pid of processes((text) => text.includes("hot-host.js") && text.includes(root))) {
    process.kill(pid, random.pick(["SIGKILL", "SIGKILL", "SIGSEGV"]));
  }
}

/** The processes of hot mode: fronts, hosts and versions. */
function ours(root: string): string[] {
  const isOurs = (text: string) => text.includes("/cln-dev/hot/") && text.includes(root);
  return processes(isOurs).map((pid) =>
    readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " "),
  );
}

function runningVersions(plugin: string): number[] {
  return processes((text) => text.includes(plugin) && text.includes("python"));
}

function processes(fits: (command: string) => boolean): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        return fits(readFileSync(`/proc/${pid}/cmdline`, "utf8"));
      } catch {
        return false;
      }
    });
}
