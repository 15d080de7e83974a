/**
 * The public API, for programs that do what `cln-dev watch` does. `Session.open()` watches plugins
 * and keeps them up to date on nodes; everything that happens comes as a `WatchEvent`.
 * `startEmbeddedNode()` is a node to run plugins on, without lightningd.
 */

export type { EmbeddedNode, EmbeddedNodeOptions } from "./embedded/api.js";
export type { RaisedEvent, RaiseWishes } from "./embedded/emit/plain-values.js";
export { startEmbeddedNode } from "./embedded/node.js";
export { Failure } from "./errors/failure.js";
export type * from "./events/watch-events.js";
export { listPlugins, startPlugin, stopPlugin } from "./node/plugins/plugin-command.js";
export { callNode } from "./node/rpc/client.js";
export { NodeUnreachable, RpcError } from "./node/rpc/errors.js";
export { locateNode } from "./settings/locate/locate-node.js";
export type { NodeAddress, PluginOption, PluginSettings } from "./settings/types.js";
export { Session, type SessionOptions } from "./watch/session.js";
