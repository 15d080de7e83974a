/** `npm run bench`: the figures that are claimed, measured. See docs/benchmarks.md. */
import { cpus, release, totalmem } from "node:os";
import { parseArgs } from "node:util";
import { Lab } from "../lab/lab.js";
import { bestKind, LabNode, type NodeKind } from "../lab/node.js";
import { aligned, claimsTable, markdown, type Table } from "../lab/report.js";
import { coldStart } from "./cold-start.js";
import { embeddedNode } from "./embedded-node.js";
import { hotMode } from "./hot-mode.js";
import type { Part, PartOptions } from "./part.js";
import { regtestNetwork } from "./regtest-network.js";
import { saveToLive } from "./save-to-live.js";
import { standing } from "./standing.js";
import { timeToWatching } from "./time-to-watching.js";

const PARTS: readonly {
  readonly name: string;
  readonly about: string;
  readonly run: (options: PartOptions) => Promise<Part>;
}[] = [
  { name: "save", about: "save to live, beside the floor and other tools", run: saveToLive },
  { name: "cold", about: "cold starts of commands", run: coldStart },
  { name: "standing", about: "memory and processor time of a watch", run: standing },
  { name: "watching", about: "time to watching", run: timeToWatching },
  { name: "embedded", about: "the embedded node", run: embeddedNode },
  { name: "hot", about: "hot mode beside plain reloads and the floor", run: hotMode },
  { name: "regtest", about: "a regtest network", run: regtestNetwork },
];

const HELP = `npm run bench -- [options]
  --only NAME    only that part (several times):
${PARTS.map(({ name, about }) => `                   ${name.padEnd(9)} ${about}`).join("\n")}
  --filter TEXT  only the rows of a part whose title contains the text
  --count N      how many measurements make a figure (30)
  --node KIND    lightningd or embedded (lightningd where it is installed)
  --markdown     the tables as in docs/benchmarks.md
  --json         the figures as one JSON object
`;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      only: { type: "string", multiple: true },
      filter: { type: "string" },
      count: { type: "string", default: "30" },
      node: { type: "string" },
      markdown: { type: "boolean", default: false },
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
  const draw = values.markdown ? markdown : aligned;
  const say = (text: string) => process.stderr.write(`${text}\n`);
  const machine = machineText();
  const lab = new Lab();
  const parts: Part[] = [];
  try {
    for (const { name, run } of PARTS) {
      if (values.only && !values.only.includes(name)) continue;
      const node = await LabNode.start(lab, kind);
      const options = { lab, node, count: Number(values.count), filter: values.filter, say };
      const part = await run(options);
      await node.kill();
      parts.push(part);
      if (!values.json) process.stdout.write(partText(part, draw));
    }
  } finally {
    await lab.end();
  }
  const claims = parts.flatMap((part) => part.claims);
  if (values.json) {
    const figures = Object.fromEntries(parts.map((part) => [part.name, part.figures]));
    process.stdout.write(`${JSON.stringify({ machine, ...figures, claims }, null, 2)}\n`);
  } else {
    process.stdout.write(`Goals (${machine})\n\n${claimsTable(claims)}\n`);
  }
  return claims.every(({ ok }) => ok) ? 0 : 1;
}

function partText({ title, table, notes }: Part, draw: (table: Table) => string): string {
  return `${title}\n\n${[draw(table), ...notes].join("\n")}\n\n`;
}

function machineText(): string {
  const processors = cpus();
  const memory = Math.round(totalmem() / 2 ** 30);
  return `${processors.length} x ${processors[0]?.model}, ${memory} GiB, Linux ${release()}, Node ${process.version}`;
}

process.exitCode = await main();
