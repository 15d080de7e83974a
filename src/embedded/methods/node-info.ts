/**
 * Methods about the node itself: `getinfo`, `getchaininfo`, `help`, `stop`, `makesecret`,
 * `waitblockheight`, `notifications`, `batching`, `deprecations` (lightningd/peer_control.c,
 * lightningd/jsonrpc.c, lightningd/hsm_control.c).
 */
import { METHOD_NOT_FOUND } from "../../jsonrpc/message.js";
import { FEATURE_SET } from "../../plugin/handshake/init-params.js";
import type { NodeContext } from "../node-context.js";
import type { Command } from "../rpc/command.js";
import type { JsonRecord } from "../rpc/json-text.js";
import {
  bool,
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

export function nodeMethods(node: NodeContext): BuiltinMethod[] {
  return [
    { name: "getinfo", usage: "", run: (command) => getinfo(node, command) },
    { name: "getchaininfo", usage: "[last_height]", run: (command) => getchaininfo(node, command) },
    { name: "help", usage: "[command]", run: (command) => help(node, command) },
    { name: "makesecret", usage: "[hex] [string]", run: (command) => makesecret(node, command) },
    {
      name: "waitblockheight",
      usage: "blockheight [timeout]",
      run: (command) => waitblockheight(node, command),
    },
    {
      name: "stop",
      usage: "",
      run: (command) => {
        readParams(command, {});
        node.log.add("lightningd", "unusual", "JSON-RPC shutdown");
        node.stop(command);
        return undefined;
      },
    },
    ...["notifications", "batching", "deprecations"].map((name) => ({
      name,
      usage: "enable",
      run: (command: Command) => {
        const { enable } = readParams(command, { enable: required(bool) });
        // The others have no effect here.
        if (name === "notifications") command.origin.notificationsEnabled = enable;
        return {};
      },
    })),
  ];
}

function getinfo(node: NodeContext, command: Command): JsonRecord {
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
}

/** Answers as bcli does, with the block height that the node pretends to see. */
function getchaininfo({ network, chain }: NodeContext, command: Command): JsonRecord {
  readParams(command, { last_height: optional(text) });
  const name = network === "bitcoin" ? "main" : network;
  return { chain: name, headercount: chain.height, blockcount: chain.height, ibd: false };
}

function help(node: NodeContext, command: Command): JsonRecord {
  const { command: only } = readParams(
    command,
    { command: optional(text) },
    { checksFurther: true },
  );
  const plugins = node.host.plugins.flatMap(({ manifest }) => manifest?.rpcmethods ?? []);
  const usages = new Map([
    ...[...node.methods.values()]
      .filter(({ isHidden }) => !isHidden)
      .map(({ name, usage }) => [name, usage] as const),
    ...plugins.map(
      ({ name, usage, deprecated }) =>
        [name, deprecated === undefined ? usage : `(DEPRECATED!) ${usage}`] as const,
    ),
  ]);
  if (only !== undefined && !usages.has(only)) {
    throw new RpcFault(METHOD_NOT_FOUND, `Unknown command ${only}`);
  }
  if (command.checking) throw new CheckPassed();
  const names = only === undefined ? [...usages.keys()].sort() : [only];
  return {
    help: names.map((name) => ({ command: `${name} ${usages.get(name)}` })),
    "format-hint": "simple",
  };
}

/** Derives a secret from the node's own secret. */
function makesecret(node: NodeContext, command: Command): JsonRecord {
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
}

const WAIT_TIMEOUT = 2000;
/** The longest timer, in ms. Node fires a longer one at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

function waitblockheight({ chain }: NodeContext, command: Command): JsonRecord | undefined {
  const { blockheight, timeout } = readParams(command, {
    blockheight: required(number),
    timeout: withDefault(number, 60),
  });
  if (blockheight <= chain.height) return { blockheight: chain.height };
  const giveUp = chain.wait(blockheight, () => {
    clearTimeout(timer);
    command.succeed({ blockheight: chain.height });
  });
  const expire = () => {
    giveUp();
    command.fail(new RpcFault(WAIT_TIMEOUT, "Timed out."));
  };
  const timer = setTimeout(expire, Math.min(timeout * 1000, MAX_TIMER_MS));
  timer.unref();
  return undefined;
}
