// Builds dist/ as CommonJS, with all that it needs in it: the library as one file with its types, the
// command line in parts that are loaded when a command needs them.
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
process.chdir(root);
const { version } = JSON.parse(readFileSync("package.json", "utf8"));

rmSync("dist", { recursive: true, force: true });
// What Node reads and compiles counts at every start (measured with Node 20): each file costs
// 0.25 ms, 50 kB take 1 ms, and CommonJS starts faster than ES modules. So the commands that end at
// once find what they need in one small file beside the command line's own; names stay readable.
const groups = [
  { name: "command-line", test: /src\/cli\/main\.ts$/, priority: 2 },
  { name: "client", test: /src\/cli\/commands\/(list|call|exit-code)\.ts$/, priority: 1 },
];
const bundled = [
  ...(await bundle({ index: "src/index.ts" }, { codeSplitting: false })),
  ...(await bundle({ launch: "src/cli/launch.ts" }, { codeSplitting: false })),
  ...(await bundle(
    { cli: "src/cli/main.ts" },
    {
      codeSplitting: { groups },
      chunkFileNames: "parts/[name].js",
      minify: { compress: false, mangle: false, codegen: { removeWhitespace: true } },
    },
  )),
];
writeFileSync("dist/THIRD-PARTY-LICENSES.txt", licencesOf(bundled));
execFileSync("node_modules/.bin/tsc", ["-p", "tsconfig.types.json"], { stdio: "inherit" });

/** Writes it to dist. @returns the files that went into it */
async function bundle(input, output) {
  const bundler = await rolldown({
    input,
    platform: "node",
    transform: { target: "node20.19", define: { CLN_DEV_VERSION: JSON.stringify(version) } },
    plugins: [lazyChildProcess()],
  });
  const written = await bundler.write({
    dir: "dist",
    format: "cjs",
    // `require` instead of import(): the loader of ES modules alone takes 6 ms.
    dynamicImportInCjs: false,
    comments: false,
    ...output,
  });
  await bundler.close();
  for (const { fileName } of written.output) escapeAll(`dist/${fileName}`);
  return written.output.flatMap((file) => file.moduleIds ?? []);
}

/** Makes a program plain ASCII: V8 keeps it in half the memory then. All else stands in literals. */
function escapeAll(file) {
  const escaped = (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
  writeFileSync(file, readFileSync(file, "utf8").replace(/[^\0-\x7f]/g, escaped));
}

/** commander loads it for subcommands that are programs of their own, which we have none of. */
function lazyChildProcess() {
  const name = "node:child_process";
  const id = "\0lazy-child-process";
  return {
    name: "lazy-child-process",
    resolveId: (source, importer) =>
      source === name && importer?.includes("/commander/") ? id : undefined,
    load: (wanted) =>
      wanted === id
        ? {
            code: `exports.spawn = (...args) => require("${name}").spawn(...args);`,
            moduleType: "js",
          }
        : undefined,
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
