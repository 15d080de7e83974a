/** Saves as fast as the disk takes them: the last one wins, and there is one plugin at any time. */
import { Desk, type SaveKind } from "../lab/desk.js";
import { round } from "../lab/figures.js";
import { pause } from "../lab/lab.js";
import type { Claim } from "../lab/report.js";
import { Watch } from "../lab/watch.js";
import { InstanceCheck, instancesOf } from "./instances.js";
import type { SoakOptions } from "./part.js";

const SAVES = 10_000;
const LIVE_MS = 1_000;
/** The saves must leave the others a turn, as an editor in another process does. */
const TURN_EVERY = 20;

export async function storm({ lab, node, script, random, scaled }: SoakOptions): Promise<Claim[]> {
  const saves = scaled(SAVES);
  const desk = new Desk(script, `${lab.folder()}/plugin`);
  const watch = await Watch.open(lab, [desk.plugin, node.flag]);
  const check = new InstanceCheck(desk.plugin);
  let saved = 0;
  for (let save = 1; save <= saves; save++) {
    const what = random.next() < 0.2 ? "helper" : "plugin";
    // One in a hundred is slow: the pause in it would be most of the time.
    const quick = random.pick<SaveKind>(["in place", "by rename"]);
    saved = desk.save(random.next() < 0.01 ? "in two chunks" : quick, what);
    if (save % TURN_EVERY === 0) await pause(0);
  }
  const stamp = await desk.live(LIVE_MS * 5);
  const most = await check.end();
  await pause(500);
  const left = instancesOf(desk.plugin);
  const reloads = watch.outcomes.length - 1;
  const alive = watch.alive;
  await watch.end();
  const took = stamp === undefined ? Number.POSITIVE_INFINITY : stamp.at - saved;
  return [
    {
      claim: `${saves} saves: the last content is live within a second of the last save`,
      ok: took < LIVE_MS && alive,
      found: stamp ? `${round(took)} ms, ${reloads} reloads` : "not live",
    },
    { claim: "never two instances of the plugin", ok: most <= 1, found: `${most} at most` },
    {
      claim: "none orphaned",
      ok: left.length === 1 && left[0] === stamp?.pid,
      found: `${left.length} at the end`,
    },
  ];
}
