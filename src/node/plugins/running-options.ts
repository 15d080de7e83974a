/**
 * Reads the options a running plugin was started with. The node forgets the options of `plugin
 * start` when the plugin stops, so they are read before the stop and passed again afterwards.
 */
import { isObject, parseJson } from "../../jsonrpc/json.js";
import { type CallOptions, callNode } from "../rpc/client.js";
import { RpcError } from "../rpc/errors.js";
import type { OptionDeclaration, StartOption } from "./start-options.js";

export interface RunningOptions {
  /** The options set by `plugin start`, ready to be passed again. */
  readonly started: readonly StartOption[];
  /** Options whose value the node does not show (string-conceal): the user must set them. */
  readonly concealed: readonly string[];
  /** How the running version declares its options, if listconfigs shows it. */
  readonly shapes: ReadonlyMap<string, OptionDeclaration>;
}

/**
 * Reads the options a running plugin was started with, from `listconfigs`.
 * @param path the plugin's canonical path, as `plugin list` shows it
 * @throws RpcError, NodeUnreachable
 */
export async function readRunningOptions(
  rpcFile: string,
  path: string,
  options?: CallOptions,
): Promise<RunningOptions> {
  const answer = await callNode(rpcFile, "listconfigs", {}, options);
  const configs = isObject(answer) && isObject(answer.configs) ? answer.configs : {};
  const started: StartOption[] = [];
  const concealed: string[] = [];
  const shapes = new Map<string, OptionDeclaration>();
  for (const [name, config] of Object.entries(configs)) {
    if (!isObject(config) || config.plugin !== path) continue;
    const value = config.value_str;
    shapes.set(name, shapeOf(config));
    if (Array.isArray(config.sources)) {
      const values = [config.values_str, config.values_int].find(Array.isArray) ?? [];
      for (const [index, source] of config.sources.entries()) {
        if (source === "pluginstart") started.push({ name, raw: rawOf(values[index]) });
      }
    } else if (config.source === "pluginstart") {
      if (value === "...") concealed.push(name);
      else if ("set" in config) started.push({ name, raw: "true" });
      else started.push({ name, raw: rawOf(value ?? config.value_int ?? config.value_bool) });
    }
  }
  return { started, concealed, shapes };
}

/** Encodes a value. listconfigs shows a string as it was sent, so it is sent back unchanged. */
function rawOf(value: unknown): string {
  if (typeof value !== "string") return JSON.stringify(value ?? null);
  const raw = `"${value}"`;
  return typeof parseJson(raw) === "string" ? raw : JSON.stringify(value);
}

function shapeOf(config: { readonly [key: string]: unknown }): OptionDeclaration {
  const sources: unknown[] = Array.isArray(config.sources) ? config.sources : [config.source];
  const isOurs = (source: unknown) => source === "default" || source === "pluginstart";
  const isConfigured = sources.some((source) => typeof source === "string" && !isOurs(source));
  return { ...typeOf(config), ...(isConfigured ? { isConfigured } : {}) };
}

function typeOf(config: { readonly [key: string]: unknown }): OptionDeclaration {
  const multi = Array.isArray(config.sources);
  if ("set" in config) return { type: "flag", multi };
  if ("value_bool" in config) return { type: "bool", multi };
  if ("value_int" in config || "values_int" in config) return { type: "int", multi };
  return { type: "string", multi };
}

/**
 * Returns the paths given with `--important-plugin`: the node exits when one of those plugins does.
 * @throws NodeUnreachable
 */
export async function importantPlugins(
  rpcFile: string,
  options?: CallOptions,
): Promise<readonly string[]> {
  const params = { config: "important-plugin" };
  const answer = await callNode(rpcFile, "listconfigs", params, options).catch((error: unknown) => {
    // Before v0.9.1 there was no such option.
    if (error instanceof RpcError) return undefined;
    throw error;
  });
  const configs = isObject(answer) && isObject(answer.configs) ? answer.configs : {};
  const important = configs["important-plugin"];
  const values = isObject(important) ? important.values_str : undefined;
  return Array.isArray(values) ? values.map(String) : [];
}
