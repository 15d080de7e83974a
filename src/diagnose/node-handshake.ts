/**
 * What makes an offline run the same as the node's own handshake: the node's version, configuration
 * and environment. Asked of the node and read from its process; what does not come in time is left
 * out.
 */
import { isObject, type JsonObject, stringOf } from "../jsonrpc/json.js";
import { callNode } from "../node/rpc/client.js";
import { isVersionBetween } from "../node/version.js";
import type { HandshakeOptions } from "../plugin/handshake/handshake.js";
import { configurationOf, FEATURE_SET, type NodePlace } from "../plugin/handshake/init-params.js";
import { nodeEnvironment } from "./evidence/node-environment.js";

/** How long to wait for the node's answer, in ms: it only makes the run more exact. */
const ASK_TIMEOUT_MS = 2_000;

/** A node for an offline run to imitate. */
export interface NodeToImitate extends NodePlace {
  /** The base directory; undefined if the node exists only for a check. */
  readonly lightningDir?: string;
}

export type NodeHandshake = Pick<
  HandshakeOptions,
  "version" | "env" | "allowDeprecatedApis" | "configuration" | "developer" | "numericManifestId"
>;

/** Never rejects. @param isThere false if the node has died: nothing is asked of it */
export async function nodeHandshake(node: NodeToImitate, isThere = true): Promise<NodeHandshake> {
  const env =
    node.lightningDir === undefined ? undefined : nodeEnvironment(node.lightningDir, node.network);
  const [info, listed] = isThere
    ? await Promise.all([ask(node, "getinfo"), ask(node, "listconfigs")])
    : [undefined, undefined];
  const version = stringOf(info?.version);
  const configs = isObject(listed?.configs) ? listed.configs : undefined;
  const deprecated = configs && memberOf(configs, "allow-deprecated-apis", "value_bool");
  return {
    ...(env === undefined ? {} : { env }),
    ...(version === undefined ? {} : { version, numericManifestId: numbersManifestId(version) }),
    ...(configs && memberOf(configs, "developer", "set") === true ? { developer: true } : {}),
    ...(typeof deprecated === "boolean" ? { allowDeprecatedApis: deprecated } : {}),
    ...(info === undefined ? {} : { configuration: configurationLike(node, info, configs ?? {}) }),
  };
}

async function ask({ rpcFile }: NodePlace, method: string): Promise<JsonObject | undefined> {
  const options = { timeoutMs: ASK_TIMEOUT_MS };
  const answer: unknown = await callNode(rpcFile, method, {}, options).catch(() => undefined);
  return isObject(answer) ? answer : undefined;
}

/** With the node's own features and proxy. */
function configurationLike(node: NodePlace, info: JsonObject, configs: JsonObject): string {
  const base: unknown = JSON.parse(configurationOf(node, false));
  const features = isObject(info.our_features) ? info.our_features : {};
  const proxy = proxyOf(stringOf(memberOf(configs, "proxy", "value_str")));
  const always = memberOf(configs, "always-use-proxy", "value_bool") === true;
  return JSON.stringify({
    ...(isObject(base) ? base : {}),
    ...(proxy === undefined ? {} : { proxy, "torv3-enabled": true, always_use_proxy: always }),
    feature_set: { ...featuresOf(stringOf(info.version) ?? ""), ...features },
  });
}

/** Features that `getinfo` does not show: later releases have more of them. */
function featuresOf(version: string): JsonObject {
  if (isVersionBetween(version, "v23.08", "v24.11.99")) return {};
  if (!isVersionBetween(version, "v23.08", "v25.05.99")) return FEATURE_SET;
  const { channel_type: _, ...features } = FEATURE_SET;
  return features;
}

function numbersManifestId(version: string): boolean {
  return isVersionBetween(version, "v23.08", "v24.11.99");
}

/** `127.0.0.1:9050`, as lightningd takes it (common/wireaddr.c). */
function proxyOf(text: string | undefined): JsonObject | undefined {
  const [, address, port] = /^\[?([^\]]+?)\]?(?::(\d+))?$/.exec(text ?? "") ?? [];
  if (address === undefined) return undefined;
  const type = address.includes(":") ? "ipv6" : "ipv4";
  return { type, address, port: Number(port ?? 9050) };
}

function memberOf(configs: JsonObject, name: string, member: string): unknown {
  const config = configs[name];
  return isObject(config) ? config[member] : undefined;
}
