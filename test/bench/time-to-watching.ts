/** From the spawn of `cln-dev watch` to its word that it watches. */
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Desk } from "../lab/desk.js";
import { figuresOf, shown } from "../lab/figures.js";
import { type Lab, pause } from "../lab/lab.js";
import { sources } from "../lab/plugins.js";
import type { Claim } from "../lab/report.js";
import { Watch } from "../lab/watch.js";
import type { Part, PartOptions } from "./part.js";

const PLUGINS = [1, 10, 50];
const FILES = 20_000;
const IGNORED = 15_000;
const FOLDER_FILES = 100;
const GOAL_ONE_MS = 300;
const GOAL_TREE_MS = 1_000;
const SAID_MS = 30_000;

export async function timeToWatching({ lab, node, count, say }: PartOptions): Promise<Part> {
  const { here } = sources(lab);
  const light = here.at(-1);
  const script = here[0];
  if (light === undefined || script === undefined) throw new Error("no plugin can be made here");
  const runs = Math.max(3, Math.round(count / 5));
  const rows: { name: string; ms: number[]; goal: number | undefined }[] = [];
  for (const plugins of PLUGINS) {
    say(`time to watching: ${plugins} plugins`);
    const parent = lab.folder();
    const desks = Array.from(
      { length: plugins },
      (_, at) => new Desk(light, join(parent, `p${at}`)),
    );
    rows.push({
      name: plugins === 1 ? "1 plugin" : `${plugins} plugins`,
      ms: await spawns(
        lab,
        desks.map(({ plugin }) => plugin),
        node.flag,
        runs,
      ),
      goal: plugins === 1 ? GOAL_ONE_MS : undefined,
    });
  }
  say(`time to watching: beside ${FILES} files`);
  const desk = new Desk(script, join(lab.folder(), "tree"));
  plant(desk.folder, script.fileName.slice(script.fileName.indexOf(".")));
  rows.push({
    name: `1 plugin beside ${FILES} files, ${IGNORED} of them ignored`,
    ms: await spawns(lab, [desk.plugin], node.flag, runs),
    goal: GOAL_TREE_MS,
  });
  const figures = rows.map(({ name, ms, goal }) => ({ name, goal, ms: figuresOf(ms) }));
  return {
    name: "watching",
    title: `Time to "watching" beside node's own start, ms: median (p95) of ${runs}`,
    table: {
      head: ["", "ms"],
      rows: figures.map(({ name, ms }) => [name, shown(ms)]),
    },
    notes: [],
    figures: Object.fromEntries(figures.map(({ name, ms }) => [name, ms])),
    claims: figures.flatMap(({ name, goal, ms }): Claim[] =>
      goal === undefined
        ? []
        : [
            {
              claim: `${name}: watching within ${goal} ms`,
              ok: ms.median < goal,
              found: shown(ms),
            },
          ],
    ),
  };
}

/** Each measurement without what node took just before. */
async function spawns(
  lab: Lab,
  plugins: readonly string[],
  flag: string,
  runs: number,
): Promise<number[]> {
  const ms: number[] = [];
  for (let run = 0; run < runs; run++) {
    const nodeBegan = performance.now();
    spawnSync(process.execPath, ["-e", "0"]);
    const nodeMs = performance.now() - nodeBegan;
    const began = performance.now();
    const watch = Watch.start(lab, [...plugins, flag]);
    const said = await watch.says(SAID_MS, ({ event }) => event === "watching");
    if (!said) throw new Error(`cln-dev did not watch: ${watch.stderr}`);
    ms.push(performance.now() - began - nodeMs);
    await pause(200);
    await watch.end();
  }
  return ms;
}

/** A project's folder: sources, data, and what a package manager and a .gitignore keep out of sight. */
function plant(folder: string, extension: string): void {
  const trees = [
    { name: "src", files: (FILES - IGNORED) / 2, extension },
    { name: "data", files: (FILES - IGNORED) / 2, extension: ".json" },
    { name: "node_modules", files: IGNORED / 3, extension: ".js" },
    { name: ".venv", files: IGNORED / 3, extension: ".py" },
    { name: "generated", files: IGNORED / 3, extension },
  ];
  writeFileSync(join(folder, ".gitignore"), "/generated/\n");
  for (const { name, files, extension: ending } of trees) {
    for (let file = 0; file < files; file++) {
      const below = join(folder, name, `part${Math.floor(file / FOLDER_FILES)}`);
      if (file % FOLDER_FILES === 0) mkdirSync(below, { recursive: true });
      writeFileSync(join(below, `file${file}${ending}`), "\n");
    }
  }
}
