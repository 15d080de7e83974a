/** What a standing watch takes: memory, before and after many reloads, and processor time. */
import { Desk } from "../lab/desk.js";
import { round } from "../lab/figures.js";
import { pause } from "../lab/lab.js";
import { sources } from "../lab/plugins.js";
import { Watch } from "../lab/watch.js";
import type { Part, PartOptions } from "./part.js";

const RELOADS = 1_000;
const IDLE_MS = 10_000;
const LIVE_MS = 10_000;
const GOAL_MIB = 100;
const GOAL_CPU_PERCENT = 0.2;

export async function standing({ lab, node, say }: PartOptions): Promise<Part> {
  // The one that starts fastest.
  const source = sources(lab).here.at(-1);
  if (source === undefined) throw new Error("no plugin can be made here");
  const desk = new Desk(source, `${lab.folder()}/plugin`);
  const watch = await Watch.open(lab, [desk.plugin, node.flag]);
  say("memory and processor time when idle");
  await pause(5_000);
  const cpuBefore = watch.cpuMs;
  await pause(IDLE_MS);
  const cpuPercent = ((watch.cpuMs - cpuBefore) / IDLE_MS) * 100;
  const idleMib = watch.memoryMib;
  say(`memory over ${RELOADS} reloads`);
  let live = 0;
  for (let reload = 0; reload < RELOADS; reload++) {
    desk.save("by rename");
    if (await desk.live(LIVE_MS)) live++;
    watch.events = [];
  }
  // Idle again.
  await pause(5_000);
  const afterMib = watch.memoryMib;
  await watch.end();
  return {
    name: "standing",
    title: "A standing watch",
    table: {
      head: ["", ""],
      rows: [
        [`processor time when idle over ${IDLE_MS / 1000} s`, `${cpuPercent.toFixed(3)} %`],
        ["memory when idle (resident)", `${round(idleMib)} MiB`],
        [`memory after ${RELOADS} reloads`, `${round(afterMib)} MiB`],
      ],
    },
    notes: [],
    figures: { cpuPercent, idleMib, afterMib, reloads: RELOADS, live },
    claims: [
      {
        claim: `idle: under ${GOAL_CPU_PERCENT} % of a processor`,
        ok: cpuPercent < GOAL_CPU_PERCENT,
        found: `${cpuPercent.toFixed(3)} %`,
      },
      {
        claim: `under ${GOAL_MIB} MiB after ${RELOADS} reloads`,
        ok: afterMib < GOAL_MIB && live === RELOADS,
        found: `${round(afterMib)} MiB, ${live} of ${RELOADS} live`,
      },
    ],
  };
}
