/** `listconfigs`: every option with its value and where that came from (lightningd/configs.c). */
import { RawJson } from "../../jsonrpc/json.js";
import type { Token } from "../../jsonrpc/token.js";
import { valueText } from "../../plugin/handshake/init-params.js";
import type { NodeContext } from "../node-context.js";
import type { JsonRecord, JsonValue } from "../rpc/json-text.js";
import { optional, readParams } from "../rpc/params.js";
import { BadParam } from "../rpc/rpc-fault.js";
import type { ConfigVar, ConfigVars, NodeOption } from "../state/config-vars.js";
import type { BuiltinMethod } from "./builtin-method.js";

export function listconfigsMethod(node: NodeContext): BuiltinMethod {
  return {
    name: "listconfigs",
    usage: "[config]",
    run: (command) => {
      const { config } = readParams(command, {
        config: optional((token) => knownOption(node.configs, token)),
      });
      const shown: [string, JsonRecord][] = [];
      for (const option of config === undefined ? node.configs.options : [config]) {
        if (config === undefined && isHidden(node.configs, option)) continue;
        const record = showOption(node.configs, option);
        if (record !== undefined) shown.push([option.name, record]);
      }
      return { configs: Object.fromEntries(shown) };
    },
  };
}

/** A deprecated option is shown only when it is set, or asked for. */
function isHidden(configs: ConfigVars, option: NodeOption): boolean {
  return option.deprecated !== undefined && configs.values(option.name).length === 0;
}

export function knownOption(configs: ConfigVars, token: Token): NodeOption {
  const option = configs.option(token.text);
  if (option === undefined) throw new BadParam(token, "Unknown config option");
  return option;
}

/** @returns undefined for an option that has neither a value nor a default */
export function showOption(configs: ConfigVars, option: NodeOption): JsonRecord | undefined {
  const vars = configs.values(option.name);
  const tail = {
    ...(option.plugin === undefined ? {} : { plugin: option.plugin }),
    ...(option.dynamic ? { dynamic: true } : {}),
  };
  const [first] = vars;
  if (option.type === "flag") {
    return { set: first !== undefined, source: sourceOf(first), ...tail };
  }
  if (option.multi) {
    return {
      [fieldName(option)]: vars.map((item) => shownValue(option, item.value ?? "")),
      sources: vars.map(sourceOf),
      ...tail,
    };
  }
  const value = first === undefined ? option.default : (first.value ?? "");
  const isConcealed = option.type === "string-conceal";
  if (value === undefined && !isConcealed) return undefined;
  return {
    [fieldName(option)]: shownValue(option, value ?? ""),
    source: sourceOf(first),
    ...tail,
  };
}

function fieldName(option: NodeOption): string {
  const stem = option.multi ? "values" : "value";
  const { type } = option;
  return `${stem}_${type === "bool" || type === "int" || type === "msat" ? type : "str"}`;
}

function shownValue(option: NodeOption, value: string): JsonValue {
  if (option.type === "string-conceal") return "...";
  // lightningd ends itself over a number that is no JSON ("Bad literal"); we show it as text.
  if (option.type === "int") return /^-?[0-9.]+$/.test(value) ? new RawJson(value) : value;
  return new RawJson(valueText(option, value));
}

function sourceOf(item: ConfigVar | undefined): string {
  if (item === undefined) return "default";
  const { source } = item;
  return source.kind === "file" ? `${source.path}:${source.line}` : source.kind;
}
