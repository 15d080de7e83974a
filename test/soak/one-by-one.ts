/** Saves that are awaited: each makes one reload. */
import { Desk, type SaveKind } from "../lab/desk.js";
import { pause } from "../lab/lab.js";
import type { Claim } from "../lab/report.js";
import { Watch } from "../lab/watch.js";
import { InstanceCheck } from "./instances.js";
import type { SoakOptions } from "./part.js";

const SAVES = 1_000;
const LIVE_MS = 5_000;
/** A reload that nobody asked for has begun by then. */
const QUIET_MS = 40;

export async function oneByOne({
  lab,
  node,
  script,
  random,
  scaled,
}: SoakOptions): Promise<Claim[]> {
  const saves = scaled(SAVES);
  const desk = new Desk(script, `${lab.folder()}/plugin`);
  const watch = await Watch.open(lab, [desk.plugin, node.flag]);
  const check = new InstanceCheck(desk.plugin);
  const missed: string[] = [];
  const double: string[] = [];
  let reloads = 0;
  for (let save = 1; save <= saves; save++) {
    const kind = random.pick<SaveKind>(["in place", "by rename", "in two chunks"]);
    const what = random.next() < 0.3 ? "helper" : "plugin";
    watch.events = [];
    desk.save(kind, what);
    const live = await desk.live(LIVE_MS);
    await watch.says(LIVE_MS, ({ event }) => event === "reloaded");
    await pause(QUIET_MS);
    const count = watch.outcomes.filter(({ event }) => event === "reloaded").length;
    reloads += count;
    if (live === undefined || count === 0) missed.push(`${save} (${what} ${kind})`);
    if (count > (kind === "in two chunks" ? 2 : 1)) double.push(`${save} (${what} ${kind})`);
  }
  const most = await check.end();
  await watch.end();
  return [
    {
      claim: `${saves} saves one by one: none missed`,
      ok: missed.length === 0,
      found: missed.length === 0 ? `${reloads} reloads` : missed.slice(0, 5).join(", "),
    },
    {
      claim: `${saves} saves one by one: none reloaded twice`,
      ok: double.length === 0,
      found: double.length === 0 ? "" : `${double.length}: ${double.slice(0, 5).join(", ")}`,
    },
    {
      claim: `${saves} saves one by one: never two instances of the plugin`,
      ok: most <= 1,
      found: `${most} at most`,
    },
  ];
}
