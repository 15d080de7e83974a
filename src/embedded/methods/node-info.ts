/**
 * What the node shows of itself, and `stop`: `getinfo`, `getchaininfo`, `help`, `makesecret`,
 * `waitblockheight` (lightningd/peer_control.c, lightningd/jsonrpc.c).
 */
import { METHOD_NOT_FOUND } from "../../jsonrpc/message.js";
import { FEATURE_SET } from "../../plugin/handshake/init-params.js";
import type { NodeContext } from "../node-context.js";
import {
  number,
  optional,
  readHex,
  readParams,
  required,
  text,
  withDefault,
} from "../rpc/params.js";
import { CheckPassed, invalidParams, RpcFault } from "../rpc/rpc-fault.js";
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

/** bcli's answer for a chain without blocks. */
export function getchaininfoMethod(node: NodeContext): BuiltinMethod {
  return {
    name: "getchaininfo",
    usage: "[last_height]",
    run: (command) => {
      readParams(command, { last_height: optional(text) });
      const chain = node.network === "bitcoin" ? "main" : node.network;
      const { height } = node.chain;
      return { chain, headercount: height, blockcount: height, ibd: false };
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
      const known = usages(node);
      const usage = only === undefined ? undefined : known.get(only);
      if (only !== undefined && usage === undefined) {
        throw new RpcFault(METHOD_NOT_FOUND, `Unknown command ${only}`);
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

function usages(node: NodeContext): ReadonlyMap<string, string> {
  const known = new Map<string, string>();
  for (const { name, usage, isHidden } of node.methods.values()) {
    if (!isHidden) known.set(name, usage);
  }
  for (const plugin of node.host.plugins) {
    for (const { name, usage, deprecated } of plugin.manifest?.rpcmethods ?? []) {
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

/** A secret of the node for a purpose (lightningd/hsm_control.c). */
export function makesecretMethod(node: NodeContext): BuiltinMethod {
  return {
    name: "makesecret",
    usage: "[hex] [string]",
    run: (command) => {
      const { hex, string } = readParams(
        command,
        { hex: optional(readHex), string: optional(text) },
        { checksFurther: true },
      );
      if (hex !== undefined && string !== undefined) {
        throw invalidParams("Cannot have both hex and string");
      }
      const info = string === undefined ? hex : Buffer.from(string);
      if (info === undefined) throw invalidParams("Must have either hex or string");
      if (command.checking) throw new CheckPassed();
      return { secret: node.identity.makeSecret(info).toString("hex") };
    },
  };
}

const WAIT_TIMEOUT = 2000;
/** A longer timer goes off at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

export function waitblockheightMethod(node: NodeContext): BuiltinMethod {
  return {
    name: "waitblockheight",
    usage: "blockheight [timeout]",
    run: (command) => {
      const { blockheight, timeout } = readParams(command, {
        blockheight: required(number),
        timeout: withDefault(number, 60),
      });
      const { chain } = node;
      if (blockheight <= chain.height) return { blockheight: chain.height };
      const giveUp = chain.wait(blockheight, () => {
        clearTimeout(timer);
        command.succeed({ blockheight: chain.height });
      });
      const timer = setTimeout(
        () => {
          giveUp();
          command.fail(new RpcFault(WAIT_TIMEOUT, "Timed out."));
        },
        Math.min(timeout * 1000, MAX_TIMER_MS),
      );
      timer.unref();
      return undefined;
    },
  };
}
