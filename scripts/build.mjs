// Builds dist/ as CommonJS, with all that it needs in it: the library as one file with its types, the
// command line in parts that are loaded when a command needs them.
import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, transform } from "esbuild";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
process.chdir(root);
const { version } = JSON.parse(readFileSync("package.json", "utf8"));

rmSync("dist", { recursive: true, force: true });
const shared = {
  outdir: "dist",
  bundle: true,
  platform: "node",
  target: "node20.19",
  define: { CLN_DEV_VERSION: JSON.stringify(version) },
  legalComments: "none",
  metafile: true,
  logLevel: "warning",
};
const library = await build({ ...shared, entryPoints: ["src/index.ts"], format: "cjs" });
// What Node compiles counts at every start, so a command loads only its own part: esbuild splits
// ES modules alone, and CommonJS starts faster.
const program = await build({
  ...shared,
  entryPoints: ["src/cli.ts"],
  format: "esm",
  splitting: true,
  plugins: [lazyChildProcess()],
  chunkNames: "parts/[name]-[hash]",
  write: false,
});
mkdirSync("dist/parts");
for (const { path, text } of program.outputFiles) {
  const { code } = await transform(text, {
    format: "cjs",
    platform: "node",
    target: "node20.19",
    // `require` instead: the loader of ES modules alone takes 6 ms.
    supported: { "dynamic-import": false },
  });
  writeFileSync(path, code);
}
const inputs = { ...library.metafile.inputs, ...program.metafile.inputs };
writeFileSync("dist/THIRD-PARTY-LICENSES.txt", licencesOf(Object.keys(inputs)));
execFileSync("node_modules/.bin/tsc", ["-p", "tsconfig.types.json"], { stdio: "inherit" });

/** commander loads it for subcommands that are programs of their own, which we have none of. */
function lazyChildProcess() {
  const name = "node:child_process";
  const contents = `Object.defineProperty(exports, "spawn", { get: () => require("${name}").spawn });`;
  return {
    name: "lazy-child-process",
    setup(plugins) {
      plugins.onResolve({ filter: /^node:child_process$/ }, ({ importer }) =>
        importer.includes("/commander/") ? { path: name, namespace: "lazy" } : undefined,
      );
      plugins.onLoad({ filter: /.*/, namespace: "lazy" }, () => ({ contents, loader: "js" }));
    },
  };
}

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
