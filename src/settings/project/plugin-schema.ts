/** Reads a plugin's entry under "cln-dev" in package.json (see schema.ts). */
import { resolve } from "node:path";
import type { JsonObject } from "../../jsonrpc/json.js";
import { checkOptionName } from "../arguments.js";
import { expandHome } from "../paths.js";
import { commandWords } from "../run-command.js";
import type { PluginOption, PluginSettings } from "../types.js";
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

export const PLUGIN_KEYS = [
  ...["path", "options", "watch", "only", "ignore", "build", "run", "call", "safe"],
  ...["hot", "handover", "env", "exec"],
];

/**
 * Reads a plugin's settings.
 * @param alsoKnown keys of the same object that are read elsewhere
 * @throws Failure (exit code 2) for a wrong or unknown key
 */
export function readPlugin(
  field: Field,
  { folder, home }: { readonly folder: string; readonly home: string | undefined },
  alsoKnown: readonly string[] = [],
): PluginSettings {
  const absolute = (text: string) => resolve(folder, expandHome(text, home));
  const plain = { options: [], watch: [], only: [], ignore: [], call: [], safe: false };
  if (typeof field.value === "string") {
    return { path: absolute(asText(field, '"plugin.py"')), ...plain };
  }
  if (!isObjectField(field)) {
    throw wrongType(field, "a path or an object", '{ "path": "plugin.py" }');
  }
  refuseUnknownKeys(field, [...PLUGIN_KEYS, ...alsoKnown]);
  const path = member(field, "path");
  if (path === undefined) {
    throw fieldFailure(field, '"path" is missing', 'Add "path": "plugin.py", the plugin\'s file');
  }
  const list = (key: string, example: string) => {
    const found = member(field, key);
    return found === undefined ? [] : asTextList(found, example);
  };
  const options = member(field, "options");
  const command = (key: string, example: string) => {
    const found = member(field, key);
    if (found === undefined) return undefined;
    return { command: asText(found, example), cwd: folder, from: field.file };
  };
  const safe = member(field, "safe");
  return {
    path: absolute(asText(path, '"plugin.py"')),
    options: options === undefined ? [] : readOptions(options),
    watch: list("watch", '["src"]').map(absolute),
    only: list("only", '["src"]').map(absolute),
    ignore: list("ignore", '["*.log"]'),
    build: command("build", '"cargo build"'),
    runAfter: command("run", '"pytest -q"'),
    call: list("call", '"mymethod param=1"'),
    safe: safe !== undefined && asBoolean(safe),
    ...readRun(field),
  };
}

/** Reads how to run the plugin's process, for hot mode and the embedded node. */
function readRun(
  field: Field & { readonly value: JsonObject },
): Pick<PluginSettings, "hot" | "handover" | "run"> {
  const [hot, handover] = [member(field, "hot"), member(field, "handover")];
  const [env, exec] = [member(field, "env"), member(field, "exec")];
  const way = handover && asText(handover, '"old-first"');
  if (handover && way !== "beside" && way !== "old-first") {
    throw wrongType(handover, '"beside" or "old-first"', '"old-first"');
  }
  if (env && !isObjectField(env)) {
    throw wrongType(env, "an object of names and values", '{ "RUST_LOG": "debug" }');
  }
  const variables = Object.keys(env?.value ?? {}).flatMap((name): [string, string][] => {
    const value = env && member(env, name);
    return value === undefined ? [] : [[name, asText(value, '"value"')]];
  });
  const run = {
    ...(exec ? { exec: commandWords(asText(exec, '"uv run {plugin}"')) } : {}),
    ...(env ? { env: Object.fromEntries(variables) } : {}),
  };
  return {
    hot: hot && asBoolean(hot),
    handover: way === "beside" || way === "old-first" ? way : undefined,
    run: env || exec ? run : undefined,
  };
}

function readOptions(field: Field): PluginOption[] {
  if (!isObjectField(field)) {
    throw wrongType(field, "an object of names and values", '{ "my_option": "value" }');
  }
  return Object.keys(field.value).flatMap((name) => {
    const option = member(field, name) ?? field;
    const problem = checkOptionName(name);
    if (problem !== undefined) throw fieldFailure(option, problem, "Write the option's own name");
    const values = isListField(option) ? elements(option) : [option];
    return values.map((value) => ({ name, value: optionValue(value) }));
  });
}

function optionValue(field: Field): PluginOption["value"] {
  const { value } = field;
  if (typeof value === "number" && Number.isInteger(value) && !Number.isSafeInteger(value)) {
    throw fieldFailure(field, "JSON numbers this large lose digits", 'Write it in "');
  }
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") {
    return value;
  }
  throw wrongType(field, "a string, a number, true or false, or a list of those", '"value"');
}
