/**
 * Reads the key "cln-dev" of a package.json (docs/settings.md): a path, a plugin, or a list of
 * those. An object can name the node as well. Errors (exit code 2) name the file, the key and the
 * value.
 */
import { resolve } from "node:path";
import { isNetwork, networkProblem } from "../locate/networks.js";
import { expandHome } from "../paths.js";
import type { PluginSettings } from "../types.js";
import {
  asBoolean,
  asText,
  asTextList,
  elements,
  type Field,
  fieldFailure,
  isListField,
  isObjectField,
  member,
  refuseUnknownKeys,
  wrongType,
} from "./field.js";
import { SETTINGS_KEY, type SettingsKey } from "./package-json.js";
import { PLUGIN_KEYS, readPlugin } from "./plugin-schema.js";

/** The node named by package.json. */
export interface ProjectNode {
  /** Absolute paths. */
  readonly lightningDir: readonly string[];
  readonly network: string | undefined;
  readonly rpcFile: string | undefined;
  readonly conf: string | undefined;
  readonly embedded: boolean;
}

const NODE_KEYS = ["lightning-dir", "network", "rpc-file", "conf", "embedded"];

/** Reads the node named by package.json. @throws Failure (exit code 2) for a wrong setting */
export function projectNode(key: SettingsKey, home: string | undefined): ProjectNode {
  const field = rootOf(key);
  if (!isObjectField(field)) {
    const open = { network: undefined, rpcFile: undefined, conf: undefined };
    return { lightningDir: [], embedded: false, ...open };
  }
  refuseUnknownKeys(field, ["plugins", ...PLUGIN_KEYS, ...NODE_KEYS]);
  const path = (text: string) => resolve(key.folder, expandHome(text, home));
  const dirs = member(field, "lightning-dir");
  const network = member(field, "network");
  const rpcFile = member(field, "rpc-file");
  const conf = member(field, "conf");
  const embedded = member(field, "embedded");
  return {
    lightningDir: dirs === undefined ? [] : asTextList(dirs, '"~/.lightning"').map(path),
    network: network && asNetwork(network),
    rpcFile: rpcFile && expandHome(asText(rpcFile, '"lightning-rpc"'), home),
    conf: conf && path(asText(conf, '"lightning.conf"')),
    embedded: embedded !== undefined && asBoolean(embedded),
  };
}

/**
 * Reads the plugins listed by package.json; none if it only names a node.
 * @throws Failure (exit code 2) for a wrong setting
 */
export function projectPlugins(key: SettingsKey, home: string | undefined): PluginSettings[] {
  const field = rootOf(key);
  const place = { folder: key.folder, home };
  if (typeof field.value === "string") return [readPlugin(field, place)];
  if (isListField(field)) return pluginList(field, place);
  if (!isObjectField(field)) {
    throw wrongType(field, "a path, an object or a list", '{ "path": "plugin.py" }');
  }
  refuseUnknownKeys(field, ["plugins", ...PLUGIN_KEYS, ...NODE_KEYS]);
  const plugins = member(field, "plugins");
  const ofOne = PLUGIN_KEYS.filter((name) => Object.hasOwn(field.value, name));
  if (plugins === undefined) {
    return ofOne.length === 0 ? [] : [readPlugin(field, place, NODE_KEYS)];
  }
  if (ofOne[0] !== undefined) {
    throw fieldFailure(
      member(field, ofOne[0]) ?? field,
      'it is next to "plugins", so it applies to no plugin',
      'Move it into the plugin\'s own object in "plugins"',
    );
  }
  if (!isListField(plugins)) throw wrongType(plugins, "a list of plugins", '["plugin.py"]');
  return pluginList(plugins, place);
}

function pluginList(
  field: Field & { readonly value: readonly unknown[] },
  place: { readonly folder: string; readonly home: string | undefined },
): PluginSettings[] {
  if (field.value.length === 0) {
    throw fieldFailure(field, "it names no plugin", 'Write ["plugin.py"], or remove the key');
  }
  return elements(field).map((element) => readPlugin(element, place));
}

function asNetwork(field: Field): string {
  const network = asText(field, '"regtest"');
  if (isNetwork(network)) return network;
  const { why, fix } = networkProblem(network, (name) => `"network": "${name}"`);
  throw fieldFailure(field, why, fix);
}

function rootOf(key: SettingsKey): Field {
  return { file: key.file, keyPath: SETTINGS_KEY, value: key.value };
}
