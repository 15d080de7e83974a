/** `npm run soak`: what is claimed to hold whatever happens, tried many times. See docs/soak.md. */
import { parseArgs } from "node:util";
import { Lab } from "../lab/lab.js";
import { bestKind, LabNode, type NodeKind } from "../lab/node.js";
import { sources } from "../lab/plugins.js";
import { type Claim, claimsTable, type Result, resultOf } from "../lab/report.js";
import { badPlugins } from "./bad-plugins.js";
import { faultyNode } from "./faulty-node.js";
import { fullDisk } from "./full-disk.js";
import { hostileFiles } from "./hostile-files.js";
import { hotMode } from "./hot-mode.js";
import { killedNode } from "./killed-node.js";
import { killedWatch } from "./killed-watch.js";
import { nothingLeft } from "./nothing-left.js";
import { oneByOne } from "./one-by-one.js";
import { Random, type SoakPart } from "./part.js";
import { regtestNetwork } from "./regtest-network.js";
import { storm } from "./storm.js";
import { surroundings } from "./surroundings.js";

const PARTS: readonly SoakPart[] = [
  { name: "storm", about: "10,000 saves that wait for nothing", run: storm },
  { name: "one-by-one", about: "1,000 saves, each awaited", run: oneByOne },
  { name: "killed-node", about: "the node killed and restarted 100 times", run: killedNode },
  { name: "faulty-node", about: "1,000 reloads through a faulty socket", run: faultyNode },
  { name: "bad-plugins", about: "plugins that hang, die, fork", run: badPlugins },
  { name: "killed-watch", about: "the watch killed, hung up, put to sleep", run: killedWatch },
  { name: "full-disk", about: "no room for saves, sockets, temp files, logs", run: fullDisk },
  { name: "surroundings", about: "folders gone, inotify's limits, homes", run: surroundings },
  { name: "hot", about: "1,000 good and bad saves in hot mode, anything killed", run: hotMode },
  { name: "regtest", about: "nodes of a network killed 100 times", run: regtestNetwork },
  {
    name: "hostile-files",
    about: "times, caches, cycles, crowds, foreign files",
    run: hostileFiles,
  },
  { name: "nothing-left", about: "descriptors, timers and memory as before", run: nothingLeft },
];

const HELP = `npm run soak -- [options]    a full run takes about 7 minutes
  --only NAME    only that part (several times):
${PARTS.map(({ name, about }) => `                   ${name.padEnd(13)} ${about}`).join("\n")}
  --scale X      so much of the counts: 0.1 for a tenth (1)
  --seed N       the chance of an earlier run (printed at its end)
  --node KIND    lightningd or embedded (lightningd where it is installed)
  --json         the claims as one JSON object
A claim that needs rights or tools that are not here is left out, and said. Exit code 1: one failed.
`;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      only: { type: "string", multiple: true },
      scale: { type: "string", default: "1" },
      seed: { type: "string", default: String(Date.now() % 1_000_000) },
      node: { type: "string" },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const kind: NodeKind =
    values.node === "embedded" || values.node === "lightningd" ? values.node : bestKind();
  const say = (text: string) => process.stderr.write(`${text}\n`);
  const scaled = (full: number) => Math.max(1, Math.round(full * Number(values.scale)));
  const again = (part: string) => [
    process.argv[1] ?? "",
    ...["--only", part, "--json", "--node", kind],
    ...["--seed", values.seed, "--scale", values.scale],
  ];
  const lab = new Lab();
  const claims: Claim[] = [];
  const began = performance.now();
  let name: string = kind;
  try {
    const { here } = sources(lab);
    const [script] = here;
    const light = here.at(-1);
    if (script === undefined || light === undefined) throw new Error("no plugin can be made here");
    for (const part of PARTS) {
      if (values.only && !values.only.includes(part.name)) continue;
      say(`${part.name}: ${part.about} (on ${kind === "embedded" ? "the embedded node" : kind})`);
      const node = await LabNode.start(lab, kind);
      name = node.name;
      const random = new Random(Number(values.seed));
      const found = await part.run({ lab, node, light, script, random, scaled, say, again });
      await node.kill();
      say(claimsTable(found).replace(/^/gm, "  "));
      claims.push(...found);
    }
  } finally {
    await lab.end();
  }
  const seconds = Math.round((performance.now() - began) / 1000);
  const { seed, scale } = values;
  const count = (result: Result) => claims.filter((claim) => resultOf(claim) === result).length;
  if (values.json) {
    const reported = claims.map((claim) => ({ ...claim, result: resultOf(claim) }));
    process.stdout.write(
      `${JSON.stringify({ node: name, seed, scale, seconds, claims: reported })}\n`,
    );
  } else {
    const counts = `${count("pass")} claims hold, ${count("fail")} failed, ${count("left out")} left out`;
    process.stdout.write(
      `${claimsTable(claims)}\n\n${counts}; ${seconds} s on ${name}, --seed=${seed} --scale=${scale}\n`,
    );
  }
  return count("fail") === 0 ? 0 : 1;
}

process.exitCode = await main();
