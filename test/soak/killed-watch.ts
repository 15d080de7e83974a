/** The watch itself ends in every way, or sleeps: the next one finds nothing in its way. */
import { execFileSync } from "node:child_process";
import { Desk } from "../lab/desk.js";
import { PROGRAM, pause } from "../lab/lab.js";
import type { Claim } from "../lab/report.js";
import { Watch } from "../lab/watch.js";
import { instancesOf } from "./instances.js";
import type { SoakOptions } from "./part.js";

const KILLS = 20;
const ASLEEP_MS = 60_000;
const LIVE_MS = 2_000;

export async function killedWatch(options: SoakOptions): Promise<Claim[]> {
  return [...(await killed(options)), ...(await asleep(options))];
}

async function killed({ lab, node, script, random, scaled }: SoakOptions): Promise<Claim[]> {
  const kills = scaled(KILLS);
  const desk = new Desk(script, `${lab.folder()}/plugin`);
  const faults = { SIGKILL: 0, SIGHUP: 0, SIGTERM: 0, "terminal closed": 0 };
  const ways = ["SIGKILL", "SIGHUP", "SIGTERM", "terminal closed"] as const;
  for (let kill = 0; kill < kills; kill++) {
    const way = ways[kill % ways.length] ?? "SIGKILL";
    const watch = await Watch.open(lab, [desk.plugin, node.flag]);
    if (random.next() < 0.5) desk.save("by rename");
    await pause(random.below(80));
    // What the kernel does with a terminal's foreground process when the terminal goes.
    if (way === "terminal closed") watch.child.stdout?.destroy();
    await watch.end(way === "terminal closed" ? "SIGHUP" : way);
    const next = await Watch.open(lab, [desk.plugin, node.flag]);
    const found = JSON.parse(
      execFileSync(process.execPath, [PROGRAM, "restart", desk.plugin, "--json"], {
        env: lab.env,
        encoding: "utf8",
      }),
    );
    desk.save("by rename");
    const live = await desk.live(LIVE_MS);
    const right = found.event === "reloaded" && found.cause === "command";
    await pause(150);
    if (!live || !right || instancesOf(desk.plugin).length !== 1) faults[way]++;
    await next.end();
  }
  return ways.map((way) => ({
    claim: `the watch ended by ${way}: nothing of it is in the way of the next`,
    ok: faults[way] === 0,
    found: faults[way] === 0 ? "" : `${faults[way]} times`,
  }));
}

/** As a laptop that is closed: saves and a restart of the node happen in that time. */
async function asleep({ lab, node, script, scaled }: SoakOptions): Promise<Claim[]> {
  const desk = new Desk(script, `${lab.folder()}/plugin`);
  const watch = await Watch.open(lab, [desk.plugin, node.flag]);
  process.kill(watch.pid, "SIGSTOP");
  const ms = Math.max(2_000, scaled(ASLEEP_MS));
  await pause(ms / 2);
  desk.save("by rename");
  await node.kill();
  await node.start();
  desk.save("in place");
  await pause(ms / 2);
  process.kill(watch.pid, "SIGCONT");
  const live = await desk.live(LIVE_MS);
  await pause(150);
  const count = instancesOf(desk.plugin).length;
  await watch.end();
  return [
    {
      claim: `asleep for ${ms / 1000} s while the file and the node changed: right after it`,
      ok: live !== undefined && count === 1,
      found: live ? `${count} run` : "not live",
    },
  ];
}
