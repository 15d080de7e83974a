/** The `plugin` method with all its subcommands (lightningd/plugin_control.c). */
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { PLUGIN_ERROR } from "../../jsonrpc/message.js";
import type { Token } from "../../jsonrpc/token.js";
import { strerror } from "../../plugin/process/strerror.js";
import type { NodeContext } from "../node-context.js";
import type { HostedPlugin } from "../plugins/hosted-plugin.js";
import {
  canonicalPath,
  defaultPlugins,
  pathsMatch,
  pluginsIn,
  whyNotExecutable,
} from "../plugins/plugin-paths.js";
import type { Command } from "../rpc/command.js";
import type { JsonRecord } from "../rpc/json-text.js";
import { anything, readParams, required, text } from "../rpc/params.js";
import { CheckPassed, invalidParams, RpcFault } from "../rpc/rpc-fault.js";
import type { BuiltinMethod } from "./builtin-method.js";

const SUBCOMMANDS = ["start", "stop", "startdir", "rescan", "list"] as const;

export function pluginMethod(node: NodeContext): BuiltinMethod {
  return {
    name: "plugin",
    usage: `subcommand=${SUBCOMMANDS.join("|")}`,
    run: (command) => {
      const { subcommand } = readParams(
        command,
        { subcommand: required(knownSubcommand) },
        { extra: true, checksFurther: true },
      );
      if (subcommand === "start") return start(node, command);
      if (subcommand === "stop") return stop(node, command);
      if (subcommand === "startdir") return startDirectory(node, command);
      readParams(command, { subcommand: required(anything) });
      if (subcommand === "rescan") return rescan(node, command);
      return list(node, "list");
    },
  };
}

function knownSubcommand({ text: name }: Token): (typeof SUBCOMMANDS)[number] {
  const found = SUBCOMMANDS.find((known) => known === name);
  if (found === undefined) throw invalidParams(`Unknown subcommand '${name}'`);
  return found;
}

function list(node: NodeContext, command: string): JsonRecord {
  return {
    command,
    plugins: node.host.plugins.map((plugin) => ({
      name: plugin.path,
      active: plugin.state === "active",
      dynamic: plugin.dynamic,
    })),
  };
}

function start(node: NodeContext, command: Command): undefined {
  const { plugin: given } = readParams(
    command,
    { subcommand: required(anything), plugin: required(text) },
    { extra: true, checksFurther: true },
  );
  const { params } = command;
  if (params.type === "array" && params.elements.length !== 2) {
    throw invalidParams("Extra parameters must be in object");
  }
  const path = executablePath(node, given);
  if (command.checking) throw new CheckPassed();
  const plugin = node.host.register(path, (reason) => {
    if (reason === undefined) command.succeed(list(node, "start"));
    else command.fail(new RpcFault(PLUGIN_ERROR, `${plugin?.path}: ${reason}`));
  });
  if (plugin === undefined) {
    // lightningd shows the last errno, whatever set it: EINVAL if the plugin is already running.
    const exists = canonicalPath(path, node.networkDir) !== undefined;
    throw invalidParams(`${path}: ${exists ? "Invalid argument" : "No such file or directory"}`);
  }
  plugin.startParams = params.members
    .filter(({ keyText }) => keyText !== "subcommand" && keyText !== "plugin")
    .map(({ keyText, value }) => ({ name: keyText, raw: value.raw }));
  node.host.launch(plugin, command.id);
  return undefined;
}

/**
 * Finds the executable: first relative to the network directory, where lightningd runs, then in the
 * node's plugin folder.
 * @throws RpcFault if it is not executable
 */
function executablePath(node: NodeContext, given: string): string {
  const isFound = given !== "" && whyNotExecutable(resolve(node.networkDir, given)) === undefined;
  if (isFound) return given;
  const path = given.startsWith("/") ? given : `${pluginsDirectory(node)}/${given}`;
  const problem = whyNotExecutable(path);
  if (problem !== undefined) throw invalidParams(`${path} is not executable: ${problem}`);
  return path;
}

function pluginsDirectory(node: NodeContext): string {
  return join(node.lightningDir, "plugins");
}

function stop(node: NodeContext, command: Command): JsonRecord | undefined {
  const { plugin: name } = readParams(command, {
    subcommand: required(anything),
    plugin: required(text),
  });
  const plugin = node.host.plugins.find(({ path }) => pathsMatch(path, name, node.networkDir));
  if (plugin === undefined) throw invalidParams(`Could not find plugin ${name}`);
  if (!plugin.dynamic) {
    throw invalidParams(`${name} cannot be managed when lightningd is up`);
  }
  if (node.host.sendShutdown(plugin)) {
    awaitEnd(node, command, plugin);
    return undefined;
  }
  plugin.kill("info", "stopped by lightningd via RPC");
  return stopped(plugin);
}

/** Answers when the plugin has ended. Kills it if that takes longer than the shutdown timeout. */
function awaitEnd(node: NodeContext, command: Command, plugin: HostedPlugin): void {
  const timer = setTimeout(() => {
    plugin.log("unusual", "Timeout on shutdown: killing anyway");
    plugin.kill("info", "stopped by lightningd via RPC");
  }, node.shutdownTimeoutMs);
  void node.host
    .when(() => plugin.ended)
    .then(() => {
      clearTimeout(timer);
      command.succeed(stopped(plugin));
    });
}

function stopped(plugin: HostedPlugin): JsonRecord {
  return { command: "stop", result: `Successfully stopped ${plugin.name}.` };
}

function startDirectory(node: NodeContext, command: Command): undefined {
  const { directory } = readParams(
    command,
    { subcommand: required(anything), directory: required(text) },
    { checksFurther: true },
  );
  const path = resolve(node.networkDir, directory);
  if (!existsSync(path)) throw invalidParams(`Could not open ${directory}`);
  if (command.checking) throw new CheckPassed();
  for (const file of filesOf(path, directory)) node.host.register(file);
  answerWhenActive(node, command, "startdir");
  return undefined;
}

function filesOf(path: string, directory: string): readonly string[] {
  try {
    return pluginsIn(path);
  } catch (error) {
    throw invalidParams(`Failed to open plugin-dir ${directory}: ${strerror(error)}`);
  }
}

function rescan(node: NodeContext, command: Command): undefined {
  for (const file of defaultPlugins(node.lightningDir)) node.host.register(file);
  answerWhenActive(node, command, "rescan");
  return undefined;
}

function answerWhenActive(node: NodeContext, command: Command, subcommand: string): void {
  node.host.launchAll(command.id);
  void node.host.whenAllActive().then(() => command.succeed(list(node, subcommand)));
}
