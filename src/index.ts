/**
 * The public API. `watch()` is `cln-dev watch` for programs; `startEmbeddedNode()` starts a node
 * without lightningd, for tests; `startRegtest()` starts real nodes; `locateNode()` finds an
 * existing node. Only what is exported here follows semantic versioning.
 */

export {
  type EmbeddedNode,
  type EmbeddedNodeOptions,
  startEmbeddedNode,
} from "./api/embedded-node.js";
export { type CallParams, type LightningNode, locateNode } from "./api/lightning-node.js";
export type { OptionValue, PluginOptions } from "./api/plugin-options.js";
export {
  type NodeOrName,
  type RegtestNetwork,
  type RegtestNetworkNode,
  type RegtestOptions,
  startRegtest,
} from "./api/regtest.js";
export {
  type WatchEventName,
  type WatchEventOf,
  type WatchOptions,
  type WatchSession,
  watch,
} from "./api/watch.js";
export type { RaisedEvent, RaiseOptions } from "./embedded/emit/raised-event.js";
export { Failure, type FailureExitCode, type FailureParts } from "./errors/failure.js";
export type * from "./events/watch-events.js";
export type { JsonObject } from "./jsonrpc/json.js";
export type { ListedPlugin } from "./node/plugins/plugin-command.js";
export type { CallOptions } from "./node/rpc/client.js";
export { NodeUnreachable, RpcError, type UnreachableReason } from "./node/rpc/errors.js";
export type { LogLevel } from "./plugin/log-level.js";
export type {
  RegtestChannel,
  RegtestEvent,
  RegtestNodeFacts,
  RegtestNodeStatus,
} from "./regtest/network/events.js";
export type { RegtestPayment } from "./regtest/network/payments.js";
export type { NodeChoice } from "./settings/locate/locate-node.js";
export type { NetworkNamedBy, NodeAddress } from "./settings/types.js";
