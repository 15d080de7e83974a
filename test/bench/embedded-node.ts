/** The embedded node: its start, and its calls beside lightningd's. */
import { askByHand } from "../lab/by-hand.js";
import { figuresOf, round, shown } from "../lab/figures.js";
import { LabNode } from "../lab/node.js";
import { echoPlugin } from "../lab/plugins.js";
import type { Part, PartOptions } from "./part.js";

const STARTS = 5;
const CALLS = 1_000;

interface Row {
  readonly name: string;
  readonly kind: LabNode["kind"];
}

export async function embeddedNode({ lab, node, say }: PartOptions): Promise<Part> {
  say("the embedded node");
  const rows: Row[] = [{ name: "the embedded node", kind: "embedded" }];
  if (node.kind === "lightningd") rows.push({ name: node.name, kind: "lightningd" });
  const figures = [];
  for (const { name, kind } of rows) {
    const starts: number[] = [];
    for (let start = 0; start < STARTS; start++) {
      const began = performance.now();
      const fresh = await LabNode.start(lab, kind);
      starts.push(performance.now() - began);
      await fresh.kill();
    }
    const running = await LabNode.start(lab, kind);
    const plugin = echoPlugin(lab.folder());
    await askByHand(running.rpcFile, "plugin", ["start", plugin]);
    const inTurn: number[] = [];
    for (let call = 0; call < CALLS; call++) inTurn.push(await timed(running, "bench-echo"));
    const began = performance.now();
    await Promise.all(
      Array.from({ length: 10 }, async () => {
        for (let call = 0; call < CALLS / 10; call++) await timed(running, "getinfo");
      }),
    );
    const perSecond = CALLS / ((performance.now() - began) / 1000);
    await running.kill();
    figures.push({ name, start: figuresOf(starts), pluginCall: figuresOf(inTurn), perSecond });
  }
  return {
    name: "embedded",
    title: "The embedded node: median (p95)",
    table: {
      head: ["", "start to ready, ms", "plugin method, ms", "getinfo a second"],
      rows: figures.map(({ name, start, pluginCall, perSecond }) => [
        name,
        shown(start),
        `${pluginCall.median.toFixed(2)} (${pluginCall.p95.toFixed(2)})`,
        round(perSecond),
      ]),
    },
    notes: ["one connection a call; ten callers at once for getinfo"],
    figures: Object.fromEntries(figures.map((one) => [one.name, one])),
    claims: [],
  };
}

async function timed(node: LabNode, method: string): Promise<number> {
  const began = performance.now();
  const answer = await askByHand(node.rpcFile, method);
  if (!("result" in answer)) throw new Error(answer.error.message);
  return performance.now() - began;
}
