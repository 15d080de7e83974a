// Builds dist/: the command line and the library, which share chunks, bundled with every package
// they use, and the library's types in one file. Run it with `node scripts/build.mjs`.
// buildIfStale() is for programs that run the build (vitest, the demo, the benchmark).
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";
import { dts } from "rolldown-plugin-dts";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const dist = join(root, "dist");

/** The files of dist/ that are run or imported from outside: name in dist/ to source. */
const ENTRIES = {
  cli: "src/cli/launch.ts",
  index: "src/index.ts",
  "hot-host": "src/hot/main.ts",
};

/** What a node of a regtest network runs: a single file, which is copied to the network. */
const BACKEND = { "regtest-backend": "src/regtest/backend/main.ts" };

/** Commands that must start fast, so they load few files: each costs 0.25 ms at startup. */
const SHORT_COMMANDS = /src\/cli\/commands\/plugin\/list\.ts$/;

/** What every command and the hot host need. */
const BASE =
  /src\/(errors|filesystem|jsonrpc\/(framing|json|members|message)\.|hot\/description|node\/(node-process|process-table|version|rpc\/(call-params|notification-text|unix-socket))|plugin\/(file\/home-folder|secret-options))/;

/** What the hot host shares with the command line and the library. */
const HOT_HOST_SHARES =
  /src\/(jsonrpc|hot\/protocol|node\/plugins\/plugin-processes|plugin\/(handshake|manifest|process|lightningd|log-level|release))/;

/** The modules with side effects. All others only export. */
const PROGRAMS = /src\/(cli\/launch|cli\/main|hot\/main|regtest\/backend\/main)\.ts$/;

/** The inputs of the build. */
const SOURCES = ["src", "scripts/build.mjs", "package.json", "package-lock.json"];

if (process.argv[1] === fileURLToPath(import.meta.url)) await build();

/** Builds unless dist/ is newer than all its inputs. */
export async function buildIfStale() {
  const built = statSync(join(dist, "index.js"), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  if (SOURCES.some((source) => newestIn(join(root, source)) > built)) await build();
}

// For vitest's globalSetup, so that no test runs on an old build.
export { buildIfStale as setup };

/** Builds in a temporary folder that then replaces dist/, so that no partial build is ever used. */
export async function build() {
  const begun = new Date();
  const folder = mkdtempSync(join(root, ".dist-"));
  try {
    const inputs = await bundleCode(folder);
    await bundle(folder, BACKEND, { codeSplitting: false });
    await bundleTypes(folder);
    writeFileSync(join(folder, "THIRD-PARTY-LICENSES.txt"), licencesOf(inputs));
    // A source saved during the build must be newer than the build.
    utimesSync(join(folder, "index.js"), begun, begun);
    replaceDist(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Bundles the command line and the library. @returns the files that went into the bundle */
async function bundleCode(folder) {
  const output = await bundle(folder, ENTRIES, {
    codeSplitting: {
      groups: [
        { name: "base", test: BASE, priority: 4 },
        // The hot host loads only base and plugin-process, nothing of the command line.
        { name: "plugin-process", test: HOT_HOST_SHARES, priority: 3 },
        { name: "program", test: /src\/cli\/main\.ts$/, priority: 2 },
        { name: "short-commands", test: SHORT_COMMANDS, priority: 1 },
        // npm packs it next to regtest-backend.js, which has the same code, so it compresses away.
        { name: "regtest-chain", test: /src\/regtest\/chain\// },
      ],
    },
    chunkFileNames: "parts/[name].js",
  });
  const library = output.find((file) => file.isEntry && file.name === "index");
  const module = `import library from "./index.js";\nexport const { ${library.exports.join(", ")} } = library;\n`;
  writeFileSync(join(folder, "index.mjs"), module);
  return output.flatMap((file) => file.moduleIds ?? []);
}

/** Drops all but the two spinners that the command line uses: ora brings 90. */
function oneSpinner() {
  return {
    name: "one-spinner",
    transform(code, id) {
      if (!id.endsWith("/cli-spinners/spinners.json")) return undefined;
      const { dots, line } = JSON.parse(code);
      return { code: JSON.stringify({ dots, line }), moduleType: "json" };
    },
  };
}

/** Drops commander's support for commands that are separate programs: cln-dev has none. */
function noExecutables() {
  return {
    name: "no-executables",
    resolveId(source, importer = "") {
      const isCommander = importer.includes("/node_modules/commander/");
      return isCommander && source === "node:child_process" ? "\0no-executables" : undefined;
    },
    load: (id) => (id === "\0no-executables" ? "export {};" : undefined),
  };
}

/** @returns the files that were written */
async function bundle(folder, input, options) {
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const bundler = await rolldown({
    cwd: root,
    input,
    platform: "node",
    // ora depends on two other packages for colours.
    resolve: { alias: { chalk: "picocolors", yoctocolors: "picocolors" } },
    treeshake: { moduleSideEffects: (id) => PROGRAMS.test(id) },
    plugins: [oneSpinner(), noExecutables()],
    transform: { target: "node20.19", define: { CLN_DEV_VERSION: JSON.stringify(version) } },
  });
  const { output } = await bundler.write({
    dir: folder,
    // CommonJS starts 20 ms faster than ES modules, and so does `require` than import().
    format: "cjs",
    dynamicImportInCjs: false,
    comments: false,
    minify: true,
    ...options,
  });
  await bundler.close();
  return output;
}

/** Writes index.d.ts, with only the types that the library's users can reach. */
async function bundleTypes(folder) {
  const declarations = join(folder, "types");
  const tsc = join(root, "node_modules/.bin/tsc");
  execFileSync(tsc, ["-p", join(root, "tsconfig.types.json"), "--outDir", declarations], {
    stdio: "inherit",
  });
  const bundler = await rolldown({
    cwd: root,
    input: join(declarations, "index.d.ts"),
    external: /^node:/,
    plugins: [dts({ dtsInput: true })],
  });
  await bundler.write({ dir: folder, format: "esm" });
  await bundler.close();
  rmSync(declarations, { recursive: true });
  writeFileSync(join(folder, "index.d.mts"), 'export * from "./index.js";\n');
}

function replaceDist(folder) {
  chmodSync(folder, 0o755);
  const previous = mkdtempSync(join(root, ".dist-"));
  try {
    renameSync(dist, join(previous, "dist"));
  } catch (error) {
    if (error.code !== "ENOENT") throw error;
  }
  renameSync(folder, dist);
  rmSync(previous, { recursive: true, force: true });
}

/**
 * Returns the latest modification time of a file, or of a folder and everything below it, in ms. A
 * folder's own time changes when a file in it is removed.
 */
function newestIn(path) {
  const stat = statSync(path);
  if (!stat.isDirectory()) return stat.mtimeMs;
  return Math.max(stat.mtimeMs, ...readdirSync(path).map((name) => newestIn(join(path, name))));
}

/** Returns the licence text of every bundled package, as the licences require. */
function licencesOf(inputs) {
  const packages = new Set(
    inputs.flatMap((file) => /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1] ?? []),
  );
  return [...packages]
    .sort()
    .map((folder) => {
      const licence = readdirSync(folder).find((name) => /^licen[cs]e/i.test(name));
      const text = licence ? readFileSync(join(folder, licence), "utf8").trim() : "";
      return `${relative(join(root, "node_modules"), folder)}\n\n${text}\n`;
    })
    .join(`\n${"-".repeat(72)}\n\n`);
}
