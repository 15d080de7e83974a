// Bundles a TypeScript file of the tests, builds the program if necessary, and runs the bundle: for
// `npm run bench` and `npm run soak`. Node 20 cannot run TypeScript by itself.
import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { basename, join } from "node:path";
import { build } from "rolldown";
import { buildIfStale } from "./build.mjs";

const [entry, ...args] = process.argv.slice(2);
const folder = "node_modules/.cache/cln-dev";
const outfile = join(folder, `${basename(entry, ".ts")}.mjs`);
mkdirSync(folder, { recursive: true });
await build({
  input: entry,
  platform: "node",
  transform: { target: "node20.19" },
  output: { file: outfile, format: "esm", codeSplitting: false },
});
await buildIfStale();
const run = spawnSync(process.execPath, [outfile, ...args], { stdio: "inherit" });
process.exitCode = run.status ?? 1;
