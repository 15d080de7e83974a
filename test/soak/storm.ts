/** Saves that do not wait for what comes of them: the last one wins, and one plugin runs at any time. */
import { Desk, type SaveKind } from "../lab/desk.js";
import { round } from "../lab/figures.js";
import { pause } from "../lab/lab.js";
import type { Claim } from "../lab/report.js";
import { Watch } from "../lab/watch.js";
import { InstanceCheck, instancesOf } from "./instances.js";
import type { SoakOptions } from "./part.js";

const SAVES = 10_000;
/** A reload takes about as long as this: its every step is met by a save. */
const GAP_MS = 80;
const SAVES_WITH_GAPS = 1_000;
const LIVE_MS = 1_000;
/** The saves must leave the others a turn, as an editor in another process does. */
const TURN_EVERY = 20;

export async function storm(options: SoakOptions): Promise<Claim[]> {
  const { random, scaled } = options;
  const fast = (save: number) => (save % TURN_EVERY === 0 ? pause(0) : undefined);
  return [
    ...(await saveAll(options, scaled(SAVES), "as fast as the disk takes them", fast)),
    ...(await saveAll(options, scaled(SAVES_WITH_GAPS), "in the midst of reloads", () =>
      pause(random.below(GAP_MS)),
    )),
  ];
}

async function saveAll(
  { lab, node, script, random }: SoakOptions,
  saves: number,
  how: string,
  between: (save: number) => Promise<void> | undefined,
): Promise<Claim[]> {
  const desk = new Desk(script, `${lab.folder()}/plugin`);
  const watch = await Watch.open(lab, [desk.plugin, node.flag]);
  const check = new InstanceCheck(desk.plugin);
  let saved = 0;
  for (let save = 1; save <= saves; save++) {
    const what = random.next() < 0.2 ? "helper" : "plugin";
    // One in a hundred is slow: the pause in it would be most of the time.
    const quick = random.pick<SaveKind>(["in place", "by rename"]);
    saved = desk.save(random.next() < 0.01 ? "in two chunks" : quick, what);
    await between(save);
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
      claim: `${saves} saves ${how}: the last content is live within a second of the last save`,
      ok: took < LIVE_MS && alive,
      found: stamp ? `${round(took)} ms, ${reloads} reloads` : "not live",
    },
    {
      claim: `${saves} saves ${how}: never two instances of the plugin`,
      ok: most <= 1,
      found: `${most} at most`,
    },
    {
      claim: `${saves} saves ${how}: none orphaned`,
      ok: left.length === 1 && left[0] === stamp?.pid,
      found: `${left.length} at the end`,
    },
  ];
}
