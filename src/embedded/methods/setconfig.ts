/**
 * `setconfig`: changes a dynamic option, with its plugin's consent (lightningd/configs.c). Every value
 * is transient here: no config file is written.
 */
import { PLUGIN_TERMINATED } from "../../jsonrpc/message.js";
import { readNumber, type Token } from "../../jsonrpc/token.js";
import { requestId, TERMINATED } from "../../plugin/handshake/pending-requests.js";
import { problemWithValue } from "../../plugin/manifest/options.js";
import type { NodeContext } from "../node-context.js";
import type { HostedPlugin } from "../plugins/hosted-plugin.js";
import type { Command } from "../rpc/command.js";
import { type JsonRecord, jsonText } from "../rpc/json-text.js";
import { bool, optional, readParams, required, text, withDefault } from "../rpc/params.js";
import { BadParam, CheckPassed, invalidParams, RpcFault } from "../rpc/rpc-fault.js";
import type { ConfigVars, NodeOption } from "../state/config-vars.js";
import type { BuiltinMethod } from "./builtin-method.js";
import { knownOption, showOption } from "./listconfigs.js";

const LIGHTNINGD = -1;

export function setconfigMethod(node: NodeContext): BuiltinMethod {
  return {
    name: "setconfig",
    usage: "config [val] [transient]",
    run: (command) => setconfig(node, command),
  };
}

function setconfig(node: NodeContext, command: Command): JsonRecord | undefined {
  const { config, val } = readParams(
    command,
    {
      config: required((token) => dynamicOption(node.configs, token)),
      val: optional(text),
      transient: withDefault(bool, false),
    },
    { checksFurther: true },
  );
  const values = readValues(config, val, command.params.member("val"));
  const done = () => apply(node, config, values, command.checking);
  const plugin = node.host.plugins.find(({ path }) => path === config.plugin);
  // A plugin's own options lightningd does not check, and ends itself when it shows a bad number.
  const isChecked = plugin === undefined || config.type === "int";
  for (const value of isChecked ? values : []) {
    const problem = problemWithValue(config, value);
    if (problem !== undefined) throw invalidParams(`Error setting ${config.name}: ${problem}`);
  }
  if (plugin === undefined) return done();
  if (command.checking && !plugin.manifest?.cancheck) throw new CheckPassed();
  askPlugin(plugin, command, config, values, done);
  return undefined;
}

function dynamicOption(configs: ConfigVars, token: Token): NodeOption {
  const option = knownOption(configs, token);
  if (!option.dynamic) throw new BadParam(token, "Not a dynamic config option");
  return option;
}

/** @param given the value where params are by name: by position lightningd sees no array */
function readValues(
  option: NodeOption,
  value: string | undefined,
  given: Token | undefined,
): readonly string[] {
  const { name } = option;
  const isArray = given?.type === "array";
  if (option.multi) {
    if (given !== undefined && !isArray) {
      throw invalidParams(`${name} is a multi option: val must be an array`);
    }
    return (given?.elements ?? []).map((element) => element.text);
  }
  if (isArray) throw invalidParams(`${name} is not a multi option: val must not be an array`);
  if (option.type === "flag") {
    if (value !== undefined) throw invalidParams(`${name} does not take a value`);
    return [];
  }
  if (value === undefined) throw invalidParams(`${name} requires a value`);
  return [value];
}

function askPlugin(
  plugin: HostedPlugin,
  command: Command,
  option: NodeOption,
  values: readonly string[],
  done: () => JsonRecord,
): void {
  const method = command.checking ? "check" : "setconfig";
  const id = requestId(method, command.id);
  const params = jsonText({
    ...(command.checking ? { command_to_check: "setconfig" } : {}),
    config: option.name,
    val: option.multi ? values : values[0],
  });
  plugin.request(id, `{"jsonrpc":"2.0","id":${id},"method":"${method}","params":${params}}\n\n`, {
    onAnswer: (answer) => {
      command.finish(() => {
        if (answer === undefined) {
          throw new RpcFault(PLUGIN_TERMINATED, TERMINATED);
        }
        refuseIfRefused(plugin, option, answer);
        return done();
      });
    },
  });
}

/** @throws RpcFault with the plugin's own error, or for an answer that is none */
function refuseIfRefused(plugin: HostedPlugin, option: NodeOption, answer: Token): void {
  const error = answer.member("error");
  const code = error?.member("code");
  const message = error?.member("message");
  const number = code === undefined ? undefined : readNumber(code.text);
  if (number !== undefined && message !== undefined) {
    throw new RpcFault(Number(number), message.text);
  }
  if (error === undefined && answer.member("result") !== undefined) return;
  plugin.log("broken", `Invalid setconfig ${option.name} response from plugin: ${answer.raw}`);
  throw new RpcFault(LIGHTNINGD, `Malformed setvalue ${option.name} plugin return`);
}

function apply(
  node: NodeContext,
  option: NodeOption,
  values: readonly string[],
  checking: boolean,
): JsonRecord {
  if (checking) throw new CheckPassed();
  const { name } = option;
  const source = { kind: "setconfig transient" } as const;
  if (option.multi) node.configs.remove(name, source.kind);
  for (const value of option.type === "flag" ? [undefined] : values) {
    node.configs.add(name, value, source);
    node.log.add("lightningd", "info", `setconfig: ${name} ${value ?? "SET"} (updated NULL:0)`);
  }
  return { config: { config: name, ...showOption(node.configs, option) } };
}
