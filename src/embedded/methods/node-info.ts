/** `getinfo`, `help` and `stop` (lightningd/peer_control.c, lightningd/jsonrpc.c). */
import { METHOD_NOT_FOUND } from "../../jsonrpc/message.js";
import { FEATURE_SET } from "../../plugin/handshake/init-params.js";
import type { NodeContext } from "../node-context.js";
import type { Command } from "../rpc/command.js";
import { isShown } from "../rpc/deprecation.js";
import { optional, readParams, text } from "../rpc/params.js";
import { CheckPassed, RpcFault } from "../rpc/rpc-fault.js";
import type { BuiltinMethod } from "./builtin-method.js";

export function getinfoMethod(node: NodeContext): BuiltinMethod {
  return {
    name: "getinfo",
    usage: "",
    run: (command) => {
      readParams(command, {});
      const { id, alias, color } = node.identity;
      const { init, node: nodeFeatures, channel, invoice } = FEATURE_SET;
      return {
        id,
        alias,
        color,
        num_peers: 0,
        num_pending_channels: 0,
        num_active_channels: 0,
        num_inactive_channels: 0,
        address: [],
        version: node.version,
        blockheight: node.chain.height,
        network: node.network,
        fees_collected_msat: 0,
        "lightning-dir": node.networkDir,
        our_features: { init, node: nodeFeatures, channel, invoice },
      };
    },
  };
}

export function helpMethod(node: NodeContext): BuiltinMethod {
  return {
    name: "help",
    usage: "[command]",
    run: (command) => {
      const { command: only } = readParams(
        command,
        { command: optional(text) },
        { checksFurther: true },
      );
      const known = usages(node, command);
      const usage = only === undefined ? undefined : known.get(only);
      if (only !== undefined && usage === undefined) {
        const isThere = node.host.ownerOfMethod(only) !== undefined;
        const why = isThere ? "Deprecated" : "Unknown";
        throw new RpcFault(METHOD_NOT_FOUND, `${why} command ${only}`);
      }
      if (command.checking) throw new CheckPassed();
      const shown = [...known.keys()].filter((name) => only === undefined || name === only).sort();
      return {
        help: shown.map((name) => ({ command: `${name} ${known.get(name)}` })),
        "format-hint": "simple",
      };
    },
  };
}

function usages(node: NodeContext, command: Command): ReadonlyMap<string, string> {
  const known = new Map<string, string>();
  for (const { name, usage, isHidden } of node.methods.values()) {
    if (!isHidden) known.set(name, usage);
  }
  for (const plugin of node.host.plugins) {
    for (const { name, usage, deprecated } of plugin.manifest?.rpcmethods ?? []) {
      if (!isShown(deprecated, command.wantsDeprecated)) continue;
      known.set(name, deprecated === undefined ? usage : `(DEPRECATED!) ${usage}`);
    }
  }
  return known;
}

export function stopMethod(node: NodeContext): BuiltinMethod {
  return {
    name: "stop",
    usage: "",
    run: (command) => {
      readParams(command, {});
      node.log.add("lightningd", "unusual", "JSON-RPC shutdown");
      node.stop(command);
      return undefined;
    },
  };
}
