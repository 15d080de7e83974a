/**
 * The public API, for programs that do what `cln-dev watch` does. `Session.open()` watches plugins
 * and keeps them up to date on nodes; everything that happens comes as a `WatchEvent`.
 * `startEmbeddedNode()` is a node to run plugins on, without lightningd.
 */
export type { RaisedEvent, RaiseWishes } from "./embedded/events/plain.js";
export { startEmbeddedNode } from "./embedded/node.js";
export type { EmbeddedNode, EmbeddedNodeOptions } from "./embedded/node-contract.js";
export { Failure } from "./failure.js";
export { callNode } from "./node/client.js";
export { NodeUnreachable, RpcError } from "./node/errors.js";
export { listPlugins, startPlugin, stopPlugin } from "./node/plugin-command.js";
export { locateNode } from "./settings/locate-node.js";
export type { NodeAddress, PluginOption, PluginSettings } from "./settings/types.js";
export type * from "./watch/events.js";
export { Session, type SessionOptions } from "./watch/session.js";
