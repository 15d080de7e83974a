/** How long commands take from their spawn to their end, beside `node -e 0` and `lightning-cli`. */
import { spawnSync } from "node:child_process";
import { Desk } from "../lab/desk.js";
import { type Figures, figuresOf, round, shown } from "../lab/figures.js";
import { PROGRAM, programPath } from "../lab/lab.js";
import { sources } from "../lab/plugins.js";
import type { Claim } from "../lab/report.js";
import { Watch } from "../lab/watch.js";
import type { Part, PartOptions } from "./part.js";

const GOAL_RATIO = 1.5;

interface Command {
  readonly name: string;
  readonly line: readonly string[];
  /** What of the time is not the command line's own, from what it printed, ms. */
  readonly besides?: (stdout: string) => number;
  readonly goal: boolean;
}

export async function coldStart({ lab, node, count, say }: PartOptions): Promise<Part> {
  const [source] = sources(lab).here;
  if (source === undefined) throw new Error("no plugin can be made here");
  const desk = new Desk(source, `${lab.folder()}/plugin`);
  const watch = await Watch.open(lab, [desk.plugin, node.flag]);
  const own = (...args: string[]) => [process.execPath, PROGRAM, ...args];
  const commands: Command[] = [
    { name: "node -e 0", line: [process.execPath, "-e", "0"], goal: false },
    { name: "cln-dev --version", line: own("--version"), goal: true },
    { name: "cln-dev list", line: own("list", node.flag), goal: true },
    { name: "cln-dev call getinfo", line: own("call", "getinfo", node.flag), goal: true },
    { name: "cln-dev restart", line: own("restart", "--json"), goal: false },
    {
      name: "cln-dev restart, without the reload itself",
      line: own("restart", "--json"),
      besides: (stdout) => Number(JSON.parse(stdout).totalMs),
      goal: true,
    },
  ];
  const cli = programPath("lightning-cli");
  if (cli) commands.push({ name: "lightning-cli", line: [cli, node.flag, "getinfo"], goal: false });
  // As in the user's own shell: Node reads NODE_EXTRA_CA_CERTS and others at every start.
  const env = { ...process.env, ...lab.env };
  say("cold starts");
  const ms = new Map<string, number[]>(commands.map(({ name }) => [name, []]));
  for (let round = 0; round <= count; round++) {
    for (const { name, line, besides } of commands) {
      const [program = "", ...args] = line;
      const began = performance.now();
      const run = spawnSync(program, args, { env, encoding: "utf8", cwd: lab.root });
      const spent = performance.now() - began;
      if (run.status !== 0) throw new Error(`${name}: ${run.stdout}${run.stderr}`);
      // The first round is a warm-up: of the disk's cache.
      if (round > 0) ms.get(name)?.push(spent - (besides?.(run.stdout) ?? 0));
    }
  }
  await watch.end();
  const figures = new Map([...ms].map(([name, values]) => [name, figuresOf(values)]));
  const floor = figures.get("node -e 0")?.median ?? Number.NaN;
  const ratio = (one: Figures | undefined) => (one?.median ?? Number.NaN) / floor;
  return {
    name: "cold",
    title: `Cold start, ms: median (p95) of ${count}, in turn`,
    table: {
      head: ["command", "ms", "ratio"],
      rows: commands.map(({ name }) => {
        const one = figures.get(name);
        return [name, shown(one), ratio(one).toFixed(2)];
      }),
    },
    notes: cli ? [] : ["left out: lightning-cli (not installed)"],
    figures: Object.fromEntries(figures),
    claims: commands
      .filter(({ goal }) => goal)
      .map(
        ({ name }): Claim => ({
          claim: `${name}: at most ${GOAL_RATIO} times node -e 0`,
          ok: ratio(figures.get(name)) <= GOAL_RATIO,
          found: `${ratio(figures.get(name)).toFixed(2)} (${round(floor)} ms for node)`,
        }),
      ),
  };
}
