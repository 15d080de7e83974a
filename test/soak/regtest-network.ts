/** A regtest network whose nodes are killed again and again: no block, node, channel or payment is lost. */
import { isObject } from "../../src/jsonrpc/json.js";
import { callNode } from "../../src/node/rpc/client.js";
import { LabRegtest } from "../lab/regtest.js";
import { type Claim, leftOut } from "../lab/report.js";
import type { SoakOptions } from "./part.js";

const ROUNDS = 100;
const NODES = 3;
const MSAT = 1_000;

export async function regtestNetwork({
  lab,
  node,
  random,
  scaled,
  say,
}: SoakOptions): Promise<Claim[]> {
  const rounds = scaled(ROUNDS);
  const claim = `${rounds} rounds of start, pay, kill a node, mine, start, pay: nothing is lost`;
  if (node.kind === "embedded") return [leftOut(claim, "no lightningd here")];
  const network = new LabRegtest(lab, `${lab.root}/regtest`);
  const faults: string[] = [];
  try {
    const first = await network.start(String(NODES));
    const ids = first.map(({ id }) => id).join();
    const height = async () => Number((await network.run("status"))[0]?.height);
    const begin = await height();
    let nodes = first;
    for (let round = 1; round <= rounds; round++) {
      try {
        const [from, to] = random.pick([
          ["l1", "l3"],
          ["l3", "l1"],
          ["l2", "l1"],
        ]);
        await network.run("pay", from, to, String(MSAT));
        const victim = nodes[random.below(NODES)];
        if (victim !== undefined) process.kill(victim.pid, "SIGKILL");
        await network.run("mine");
        nodes = await network.start();
        await network.run("pay", from, to, String(MSAT));
        if (nodes.map(({ id }) => id).join() !== ids) faults.push(`${round}: other nodes`);
      } catch (error) {
        faults.push(`${round}: ${error instanceof Error ? error.message : error}`.slice(0, 300));
        nodes = await network.start();
      }
      if (round % 10 === 0) say(`  ${round} of ${rounds}`);
    }
    const mined = (await height()) - begin;
    if (mined !== rounds) faults.push(`${mined} blocks of ${rounds}`);
    const paid = await Promise.all(nodes.map(({ rpcFile }) => completedPays(rpcFile)));
    const all = paid.reduce((sum, one) => sum + one, 0);
    if (all !== 2 * rounds) faults.push(`${all} payments of ${2 * rounds}`);
  } finally {
    await network.end();
  }
  return [
    { claim, ok: faults.length === 0, found: faults.slice(0, 3).join("; ") || `${NODES} nodes` },
  ];
}

async function completedPays(rpcFile: string): Promise<number> {
  const answer = await callNode(rpcFile, "listpays", { status: "complete" });
  return isObject(answer) && Array.isArray(answer.pays) ? answer.pays.length : 0;
}
