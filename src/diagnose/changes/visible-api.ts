/**
 * What a node shows of its plugins' methods and options, before and after a reload: so changes are
 * reported without running the plugin again.
 */
import { isObject, stringOf } from "../../jsonrpc/json.js";
import { listPlugins } from "../../node/plugins/plugin-command.js";
import { type CallOptions, callNode } from "../../node/rpc/client.js";
import { isSecretName } from "../../plugin/secret-options.js";
import { type Changes, changesIn, type Described, joinChanges } from "./changes.js";

export interface VisibleApi {
  /** Every method of the node, with its usage: `help` does not show whose they are. */
  readonly methods: Described;
  /** The node's other plugins at that time: one that starts or stops adds or removes methods. */
  readonly others: readonly string[];
  /** The plugin's options, with their kind. */
  readonly options: Described;
  /** The defaults of those that are not set. */
  readonly defaults: Described;
}

/**
 * Asks the node for the plugin's methods and options.
 * @param path the plugin's canonical path
 * @throws RpcError, NodeUnreachable
 */
export async function readVisibleApi(
  rpcFile: string,
  path: string,
  options: CallOptions = {},
): Promise<VisibleApi> {
  const [plugins, help, configs] = await Promise.all([
    listPlugins(rpcFile, options),
    callNode(rpcFile, "help", {}, options),
    callNode(rpcFile, "listconfigs", {}, options),
  ]);
  const active = plugins.filter((plugin) => plugin.active && plugin.name !== path);
  const others = active.map(({ name }) => name).sort();
  return { methods: methodsOf(help), others, ...optionsOf(configs, path) };
}

/**
 * Compares what a node showed before and after a reload.
 * @param methodsToo whether no other plugin can have changed its methods in between
 */
export function visibleChanges(before: VisibleApi, after: VisibleApi, methodsToo = true): Changes {
  const { changed } = changesIn("default of", before.defaults, after.defaults);
  const isAlone = before.others.join("\n") === after.others.join("\n");
  return joinChanges([
    ...(isAlone && methodsToo ? [changesIn("method", before.methods, after.methods)] : []),
    changesIn("option", before.options, after.options),
    { added: [], removed: [], changed },
  ]);
}

function methodsOf(help: unknown): Described {
  const entries: unknown = isObject(help) ? help.help : undefined;
  if (!Array.isArray(entries)) return new Map();
  return new Map(
    entries.map((entry: unknown) => {
      const command = (isObject(entry) && stringOf(entry.command)) || "";
      const [name = "", ...usage] = command.split(" ");
      return [name, usage.join(" ").trim()] as const;
    }),
  );
}

function optionsOf(answer: unknown, path: string): Pick<VisibleApi, "options" | "defaults"> {
  const configs: unknown = isObject(answer) ? answer.configs : undefined;
  const options = new Map<string, string>();
  const defaults = new Map<string, string>();
  for (const [name, config] of Object.entries(isObject(configs) ? configs : {})) {
    if (!isObject(config) || config.plugin !== path) continue;
    const key = Object.keys(config).find((member) => /^values?_|^set$/.test(member)) ?? "";
    const kind = key === "set" ? "flag" : key.replace(/^values?_/, "").replace("str", "string");
    const words = [kind, key.startsWith("values") ? "multi" : "", config.dynamic ? "dynamic" : ""];
    options.set(name, words.filter((word) => word !== "").join(" "));
    // A value that was set is not the plugin's change.
    if (config.source === "default" && key !== "set") {
      defaults.set(name, isSecretName(name) ? "***" : String(config[key]));
    }
  }
  return { options, defaults };
}
