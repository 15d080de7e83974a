/**
 * `listconfigs` shows every option with its value and the source of that value. `setconfig` changes
 * a dynamic option if its plugin agrees (lightningd/configs.c). All changes are transient: no
 * config file is written.
 */
import { RawJson } from "../../jsonrpc/json.js";
import { PLUGIN_TERMINATED } from "../../jsonrpc/message.js";
import { readNumber, type Token } from "../../jsonrpc/token.js";
import { valueText } from "../../plugin/handshake/init-params.js";
import { requestId, requestText, TERMINATED } from "../../plugin/handshake/pending-requests.js";
import { problemWithValue } from "../../plugin/manifest/options.js";
import type { NodeContext } from "../node-context.js";
import type { HostedPlugin } from "../plugins/hosted-plugin.js";
import type { Command } from "../rpc/command.js";
import { type JsonRecord, type JsonValue, jsonText } from "../rpc/json-text.js";
import { bool, optional, readParams, required, text, withDefault } from "../rpc/params.js";
import { BadParam, CheckPassed, invalidParams, LIGHTNINGD, RpcFault } from "../rpc/rpc-fault.js";
import type { ConfigVar, ConfigVars, NodeOption } from "../state/config-vars.js";
import type { BuiltinMethod } from "./builtin-method.js";

export function configMethods(node: NodeContext): BuiltinMethod[] {
  return [
    { name: "listconfigs", usage: "[config]", run: (command) => listconfigs(node, command) },
    {
      name: "setconfig",
      usage: "config [val] [transient]",
      run: (command) => setconfig(node, command),
    },
  ];
}

function listconfigs({ configs }: NodeContext, command: Command): JsonRecord {
  const { config } = readParams(command, {
    config: optional((token) => knownOption(configs, token)),
  });
  // Show a deprecated option only if it is set or asked for.
  const listed = [...configs.options].filter(
    ({ name, deprecated }) => deprecated === undefined || configs.values(name).length > 0,
  );
  const shown = (config === undefined ? listed : [config]).map(
    (option) => [option.name, showOption(configs, option)] as const,
  );
  return { configs: Object.fromEntries(shown) };
}

function knownOption(configs: ConfigVars, token: Token): NodeOption {
  const option = configs.option(token.text);
  if (option === undefined) throw new BadParam(token, "Unknown config option");
  return option;
}

/** Returns an option's entry; undefined if it has neither a value nor a default. */
function showOption(configs: ConfigVars, option: NodeOption): JsonRecord | undefined {
  const { name, type, multi, plugin, dynamic } = option;
  const vars = configs.values(name);
  const [first] = vars;
  const tail = { plugin, dynamic: dynamic || undefined };
  const field = type === "bool" || type === "int" || type === "msat" ? type : "str";
  if (type === "flag") return { set: first !== undefined, source: sourceOf(first), ...tail };
  if (multi) {
    const values = vars.map(({ value }) => shownValue(option, value ?? ""));
    return { [`values_${field}`]: values, sources: vars.map(sourceOf), ...tail };
  }
  const value = first === undefined ? option.default : (first.value ?? "");
  if (value === undefined && type !== "string-conceal") return undefined;
  const shown = shownValue(option, value ?? "");
  return { [`value_${field}`]: shown, source: sourceOf(first), ...tail };
}

function shownValue(option: NodeOption, value: string): JsonValue {
  if (option.type === "string-conceal") return "...";
  // lightningd exits on a number that is not JSON ("Bad literal"). Show it as a string instead.
  if (option.type === "int") return /^-?[0-9.]+$/.test(value) ? new RawJson(value) : value;
  return new RawJson(valueText(option, value));
}

function sourceOf(item: ConfigVar | undefined): string {
  if (item === undefined) return "default";
  const { source } = item;
  return source.kind === "file" ? `${source.path}:${source.line}` : source.kind;
}

function setconfig(node: NodeContext, command: Command): JsonRecord | undefined {
  const { config, val } = readParams(
    command,
    {
      config: required((token) => {
        const option = knownOption(node.configs, token);
        if (option.dynamic) return option;
        throw new BadParam(token, "Not a dynamic config option");
      }),
      val: optional(text),
      transient: withDefault(bool, false),
    },
    { checksFurther: true },
  );
  const values = readValues(config, val, command.params.member("val"));
  const plugin = node.host.plugins.find(({ path }) => path === config.plugin);
  // lightningd does not check plugin options, and exits when it has to show a bad number.
  const isChecked = plugin === undefined || config.type === "int";
  for (const value of isChecked ? values : []) {
    const problem = problemWithValue(config, value);
    if (problem !== undefined) throw invalidParams(`Error setting ${config.name}: ${problem}`);
  }
  if (plugin === undefined) return apply(node, command, config, values);
  if (command.checking && !plugin.manifest?.cancheck) throw new CheckPassed();
  const method = command.checking ? "check" : "setconfig";
  const id = requestId(method, command.id);
  const params = jsonText({
    command_to_check: command.checking ? "setconfig" : undefined,
    config: config.name,
    val: config.multi ? values : values[0],
  });
  plugin.request(id, requestText(id, method, params), {
    onAnswer: (answer) =>
      command.finish(() => {
        if (answer === undefined) throw new RpcFault(PLUGIN_TERMINATED, TERMINATED);
        refuseIfRefused(plugin, config, answer);
        return apply(node, command, config, values);
      }),
  });
  return undefined;
}

/** @param given the value if given by name: lightningd sees no array given by position */
function readValues(
  { name, type, multi }: NodeOption,
  value: string | undefined,
  given: Token | undefined,
): readonly string[] {
  const isArray = given?.type === "array";
  if (multi) {
    if (given !== undefined && !isArray) {
      throw invalidParams(`${name} is a multi option: val must be an array`);
    }
    return (given?.elements ?? []).map((element) => element.text);
  }
  if (isArray) throw invalidParams(`${name} is not a multi option: val must not be an array`);
  if (type === "flag") {
    if (value !== undefined) throw invalidParams(`${name} does not take a value`);
    return [];
  }
  if (value === undefined) throw invalidParams(`${name} requires a value`);
  return [value];
}

/** @throws RpcFault with the plugin's error, or if its answer is invalid */
function refuseIfRefused(plugin: HostedPlugin, option: NodeOption, answer: Token): void {
  const error = answer.member("error");
  const message = error?.member("message");
  const code = readNumber(error?.member("code")?.text ?? "");
  if (code !== undefined && message !== undefined) throw new RpcFault(Number(code), message.text);
  if (error === undefined && answer.member("result") !== undefined) return;
  plugin.log("broken", `Invalid setconfig ${option.name} response from plugin: ${answer.raw}`);
  throw new RpcFault(LIGHTNINGD, `Malformed setvalue ${option.name} plugin return`);
}

function apply(
  { configs, log }: NodeContext,
  command: Command,
  option: NodeOption,
  values: readonly string[],
): JsonRecord {
  if (command.checking) throw new CheckPassed();
  const { name } = option;
  const source = { kind: "setconfig transient" } as const;
  if (option.multi) configs.remove(name, source.kind);
  for (const value of option.type === "flag" ? [undefined] : values) {
    configs.add(name, value, source);
    log.add("lightningd", "info", `setconfig: ${name} ${value ?? "SET"} (updated NULL:0)`);
  }
  return { config: { config: name, ...showOption(configs, option) } };
}
