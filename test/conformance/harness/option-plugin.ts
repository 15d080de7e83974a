/** A plugin with an option of each type, and what the node shows and writes of them. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { at, isRecord, type Json, type JsonRecord } from "./json.js";
import type { NodeUnderTest } from "./node-under-test.js";
import type { PluginSpec, ScriptedPlugin } from "./scripted-plugin.js";

export const OPTIONS: readonly Json[] = [
  { name: "c-string", type: "string", description: "d" },
  { name: "c-default", type: "string", description: "d", default: "as it was" },
  { name: "c-int", type: "int", description: "d", default: 7 },
  { name: "c-bool", type: "bool", description: "d", default: false },
  { name: "c-flag", type: "flag", description: "d" },
  { name: "c-multi", type: "string", description: "d", multi: true },
  { name: "c-multi-default", type: "string", description: "d", multi: true, default: "one" },
  { name: "c-multi-int", type: "int", description: "d", multi: true },
  { name: "c-conceal", type: "string-conceal", description: "d", default: "hush" },
  { name: "c-old", type: "string", description: "d", default: "x", deprecated: true },
];

export const DYNAMIC: readonly Json[] = OPTIONS.map((option) =>
  isRecord(option) ? { ...option, dynamic: true } : option,
);

/** The options of the plugins of the scenario, as `listconfigs` shows them. */
export async function shown(node: NodeUnderTest): Promise<JsonRecord> {
  const configs = at(await node.result("listconfigs"), "configs");
  const entries = isRecord(configs) ? Object.entries(configs) : [];
  return Object.fromEntries(entries.filter(([name]) => name.startsWith("c-")));
}

/** Config files of the lightning-dir, without what changes from run to run. */
export function files(node: NodeUnderTest): JsonRecord {
  const { lightningDir, networkDir } = node.running;
  const paths = {
    config: join(lightningDir, "config"),
    network: join(networkDir, "config"),
    setconfig: join(networkDir, "config.setconfig"),
  };
  const read = (path: string) =>
    existsSync(path)
      ? node
          .normalise(readFileSync(path, "utf8"))
          .replace(/setconfig \w{3} \w{3} [ \d]\d [\d:]{8} \d{4}/, "setconfig DATE")
      : null;
  return Object.fromEntries(Object.entries(paths).map(([name, path]) => [name, read(path)]));
}

/** A separate node, with a plugin that started with it: what is set would harm other scenarios. */
export async function withPlugin(
  node: NodeUnderTest,
  config: readonly string[],
  spec: PluginSpec = {},
  networkConfig: readonly string[] = [],
): Promise<[NodeUnderTest, ScriptedPlugin]> {
  const plugin = node.plugin("p.py", { options: DYNAMIC, ...spec });
  const fresh = await node.fresh({ plugins: [plugin.path], config, networkConfig });
  return [fresh, plugin];
}
