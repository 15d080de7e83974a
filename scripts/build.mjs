// Builds dist/: the command line and the library with all that they use, in CommonJS (the fastest to
// start: nothing is resolved at run time and nothing is installed beside us), and the library's types.
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
process.chdir(root);
const { version } = JSON.parse(readFileSync("package.json", "utf8"));

rmSync("dist", { recursive: true, force: true });
// esbuild splits only ES modules, and Node starts fastest with CommonJS: so first the one, then the
// other. A command then loads the chunks that it needs and no more.
const { metafile } = await build({
  entryPoints: ["src/cli.ts", "src/index.ts"],
  outdir: "dist/esm",
  chunkNames: "chunks/[name]-[hash]",
  bundle: true,
  splitting: true,
  platform: "node",
  target: "node20.19",
  format: "esm",
  define: { CLN_DEV_VERSION: JSON.stringify(version) },
  legalComments: "none",
  metafile: true,
  logLevel: "warning",
});
await build({
  entryPoints: Object.keys(metafile.outputs),
  outdir: "dist",
  platform: "node",
  target: "node20.19",
  format: "cjs",
  supported: { "dynamic-import": false },
  logLevel: "warning",
});
rmSync("dist/esm", { recursive: true });
writeFileSync("dist/THIRD-PARTY-LICENSES.txt", licencesOf(Object.keys(metafile.inputs)));
execFileSync("node_modules/.bin/tsc", ["-p", "tsconfig.types.json"], { stdio: "inherit" });

/** The licence text of every package that went into the bundles, as their licences ask. */
function licencesOf(inputs) {
  const folders = new Set(
    inputs.flatMap((file) => /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1] ?? []),
  );
  return [...folders]
    .sort()
    .map((folder) => {
      const licence = readdirSync(folder).find((name) => /^licen[cs]e/i.test(name));
      const text = licence ? readFileSync(join(folder, licence), "utf8").trim() : "";
      return `${folder.replace(/^.*node_modules\//, "")}\n\n${text}\n`;
    })
    .join(`\n${"-".repeat(72)}\n\n`);
}
