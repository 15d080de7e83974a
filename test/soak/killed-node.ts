/** The node dies at any moment and comes back: so does the plugin, with its options. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Desk } from "../lab/desk.js";
import { figuresOf, round } from "../lab/figures.js";
import { pause, within } from "../lab/lab.js";
import { optionPlugin } from "../lab/plugins.js";
import type { Claim } from "../lab/report.js";
import { Watch } from "../lab/watch.js";
import type { SoakOptions } from "./part.js";

const KILLS = 100;
const BACK_MS = 1_000;
const PATIENCE_MS = 10_000;
const PAUSED_MS = 45_000;

export async function killedNode(options: SoakOptions): Promise<Claim[]> {
  return [...(await killed(options)), ...(await paused(options))];
}

/** Longer than any call of ours waits, as `docker pause` or a debugger does it. */
async function paused({ lab, node, script, scaled }: SoakOptions): Promise<Claim[]> {
  const desk = new Desk(script, join(lab.folder(), "plugin"));
  const watch = await Watch.open(lab, [desk.plugin, node.flag]);
  const ms = Math.max(2_000, scaled(PAUSED_MS));
  process.kill(node.pid, "SIGSTOP");
  desk.save("in place");
  await pause(ms);
  process.kill(node.pid, "SIGCONT");
  const live = await desk.live(PATIENCE_MS);
  await watch.end();
  return [
    {
      claim: `the node paused for ${ms / 1000} s during a save: the save is live after that`,
      ok: live !== undefined,
      found: live === undefined ? "not live" : "",
    },
  ];
}

async function killed({ lab, node, script, random, scaled, say }: SoakOptions): Promise<Claim[]> {
  const kills = scaled(KILLS);
  const folder = lab.folder();
  const stamps = join(folder, "options");
  writeFileSync(stamps, "");
  const withOption = optionPlugin(folder, "soak-word", stamps);
  const desk = new Desk(script, join(folder, "plugin"));
  const watch = await Watch.open(lab, [withOption, node.flag, "soak-word=kept"]);
  const other = await Watch.open(lab, [desk.plugin, node.flag]);
  const late: string[] = [];
  const took: number[] = [];
  for (let kill = 1; kill <= kills; kill++) {
    // In the middle of a stop, of a start, or of nothing.
    const moment = random.below(4);
    if (moment > 0) desk.save("by rename");
    await pause(random.below(moment > 0 ? 60 : 300));
    await node.kill();
    if (random.next() < 0.3) desk.save("in place");
    await pause(random.below(300));
    writeFileSync(stamps, "");
    node.launch();
    if (!(await node.up())) throw new Error("the node did not come up");
    const ready = performance.now();
    const back = await within(PATIENCE_MS, () => readFileSync(stamps, "utf8").includes("kept"));
    const live = await desk.live(PATIENCE_MS);
    const ms = performance.now() - ready;
    took.push(ms);
    if (!back || !live || ms > BACK_MS) late.push(`${kill} (${round(ms)} ms)`);
    if (kill % 10 === 0) say(`  ${kill} of ${kills}`);
    // Both have their outcome before the next blow.
    watch.events = [];
    other.events = [];
  }
  const alive = watch.alive && other.alive;
  await Promise.all([watch.end(), other.end()]);
  return [
    {
      claim: `the node killed ${kills} times: plugins and options are back within a second`,
      ok: late.length === 0 && alive,
      found:
        late.length === 0
          ? `median ${round(figuresOf(took).median)}, at most ${round(Math.max(...took))} ms`
          : `${late.length} late: ${late.slice(0, 5).join(", ")}`,
    },
  ];
}
