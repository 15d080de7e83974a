/**
 * Extracts what a release of lightningd provides (methods, options, hooks, notifications) from a
 * checkout of its sources, and writes it to src/plugin/lightningd-<release>.json.
 *
 *   node scripts/release-data.mjs ../lightning v26.06.6
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const [checkout, release] = process.argv.slice(2);
if (checkout === undefined || release === undefined) {
  console.error("usage: node scripts/release-data.mjs <checkout> <release>");
  process.exit(2);
}

const sourcesIn = (folder, isWanted = (name) => name.endsWith(".c")) =>
  readdirSync(join(checkout, folder), { recursive: true })
    .filter(isWanted)
    .sort()
    .map((name) => readFileSync(join(checkout, folder, name), "utf8"));
/** Returns the groups of each match of a pattern in the sources. */
const found = (sources, pattern) =>
  sources.flatMap((text) => [...text.matchAll(pattern)].map((match) => match.slice(1)));
const names = (list) => [...new Set(list)].sort();
const isForDevelopers = (name) => name === "dev" || name.startsWith("dev-");

const daemon = ["lightningd", "wallet"].flatMap((folder) => sourcesIn(folder));
const config = readFileSync(join(checkout, "common", "configdir.c"), "utf8");
const plugins = sourcesIn("plugins");
const rustPlugins = sourcesIn("plugins", (name) => /-plugin\/src\/.*\.rs$/.test(name));

const methods = found(
  daemon,
  /static const struct json_command \w+\s*=\s*\{\s*(?:\.name\s*=\s*)?"([\w-]+)"(.*?)\};/gs,
);
const isDeveloperOnly = ([name, rest]) => rest.includes("dev_only = true") || isForDevelopers(name);
const options = found(
  [...daemon, config],
  /(?:clnopt\w*|opt_register\w*)\s*\(\s*(?:\w+,\s*)?"(--[^"]+)"/g,
).flatMap(([text]) => found([text], /--([\w-]+)/g).map(([name]) => name));
const tablesOf = (sources) =>
  found(sources, /struct plugin_command \w+\[\]\s*=\s*\{(.*?)\n\};/gs).flatMap(([table]) =>
    found([table], /\{\s*(?:\.name\s*=\s*)?"([\w-]+)"/g),
  );
const bcliMethods = tablesOf([readFileSync(join(checkout, "plugins", "bcli.c"), "utf8")]).map(
  ([name]) => name,
);
const rustMethods = found(rustPlugins, /(?:RpcMethodBuilder::new|\.rpcmethod)\(\s*"([\w-]+)"/g);
const rustOptions = found(rustPlugins, /::new_\w+\(\s*"([\w-]+)"/g);
const pluginMethods = [...tablesOf(plugins), ...rustMethods].map(([name]) => name);
const pluginOptions = found(plugins, /plugin_option\w*\s*\(\s*"([\w-]+)"/g)
  .concat(rustOptions)
  .map(([name]) => name);
const FILTERS = { _STRFILTER: "strings", _INTFILTER: "integers" };
const hooks = found(daemon, /REGISTER_(?:SINGLE_)?PLUGIN_HOOK(\w*)\(\s*(\w+)/g).map(
  ([filter, name]) => [name, FILTERS[filter] ?? "none"],
);
const notifications = found(daemon, /REGISTER_NOTIFICATION\(\s*(\w+)/g).map(([name]) => name);

const data = {
  release,
  methods: names(methods.map(([name]) => name)),
  // Methods that need --developer or are meant for it.
  developerMethods: names([
    ...methods.filter(isDeveloperOnly).map(([name]) => name),
    ...pluginMethods.filter(isForDevelopers),
  ]),
  options: names([...options, "version"]),
  pluginMethods: names(
    pluginMethods.filter((name) => !isForDevelopers(name) && !bcliMethods.includes(name)),
  ),
  bcliMethods: names(bcliMethods),
  pluginOptions: names(pluginOptions),
  // db_write is not registered like the others.
  hooks: Object.fromEntries([...hooks, ["db_write", "none"]].sort()),
  notifications: names(notifications),
};
const file = join(import.meta.dirname, "..", "src", "plugin", `lightningd-${release}.json`);
writeFileSync(file, `${JSON.stringify(data, undefined, 2)}\n`);
console.log(
  `${file}: ${Object.entries(data)
    .slice(1)
    .map(([key, value]) => `${Object.keys(value).length} ${key}`)
    .join(", ")}`,
);
