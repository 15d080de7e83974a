/** A node that answers badly: every reload through it ends, and the next good one works. */
import { Desk } from "../lab/desk.js";
import { within } from "../lab/lab.js";
import type { Claim } from "../lab/report.js";
import { Watch } from "../lab/watch.js";
import { FaultyProxy } from "./faulty-proxy.js";
import type { SoakOptions } from "./part.js";

const RELOADS = 1_000;
const OUTCOME_MS = 20_000;
const GOOD_MS = 20_000;
const GOOD_EVERY = 100;

export async function faultyNode({
  lab,
  node,
  light,
  random,
  scaled,
  say,
}: SoakOptions): Promise<Claim[]> {
  const reloads = scaled(RELOADS);
  const proxy = await FaultyProxy.open(`${lab.folder()}/rpc`, node.rpcFile, random);
  const desk = new Desk(light, `${lab.folder()}/plugin`);
  const watch = await Watch.open(lab, [desk.plugin, node.flag, `--rpc-file=${proxy.path}`]);
  const ended = new Map<string, number>();
  const hung: number[] = [];
  const notBack: number[] = [];
  for (let reload = 1; reload <= reloads && watch.alive; reload++) {
    proxy.faulty = true;
    watch.events = [];
    desk.save("by rename");
    const outcome = await within(OUTCOME_MS, () => watch.outcomes.length > 0 || !watch.alive);
    if (!outcome) hung.push(reload);
    const name = watch.outcomes[0]?.event ?? "none";
    ended.set(name, (ended.get(name) ?? 0) + 1);
    if (reload % GOOD_EVERY !== 0 && reload !== reloads) continue;
    proxy.faulty = false;
    desk.save("by rename");
    if (!(await desk.live(GOOD_MS))) notBack.push(reload);
    say(`  ${reload} of ${reloads}`);
  }
  const { alive, stderr } = watch;
  await watch.end();
  await proxy.close();
  const endings = [...ended].map(([name, count]) => `${count} ${name}`).join(", ");
  return [
    {
      claim: `${reloads} reloads through a faulty node: each ends in an outcome`,
      ok: hung.length === 0,
      found: hung.length === 0 ? endings : `none for ${hung.slice(0, 5).join(", ")}; ${endings}`,
    },
    {
      claim: "the next good one works",
      ok: notBack.length === 0,
      found: notBack.length === 0 ? "" : `not after ${notBack.slice(0, 5).join(", ")}`,
    },
    { claim: "the watch did not crash", ok: alive, found: alive ? "" : stderr.slice(-200) },
  ];
}
