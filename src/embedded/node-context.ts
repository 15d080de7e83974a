/** What the parts of an embedded node share. Implemented by node.ts. */
import type { NodeLog } from "./log/node-log.js";
import type { BuiltinMethod } from "./methods/builtin-method.js";
import type { PluginHost } from "./plugins/plugin-host.js";
import type { Command } from "./rpc/command.js";
import type { BlockHeight } from "./state/block-height.js";
import type { ConfigVars } from "./state/config-vars.js";
import type { Datastore } from "./state/datastore.js";
import type { Identity } from "./state/identity.js";

export interface NodeContext {
  /** The base directory, absolute. */
  readonly lightningDir: string;
  readonly networkDir: string;
  readonly network: string;
  readonly version: string;
  readonly log: NodeLog;
  readonly configs: ConfigVars;
  readonly host: PluginHost;
  readonly identity: Identity;
  readonly datastore: Datastore;
  readonly chain: BlockHeight;
  readonly methods: ReadonlyMap<string, BuiltinMethod>;
  /** How long a plugin may take to exit after `shutdown`, in ms. */
  readonly shutdownTimeoutMs: number;
  /** Ends the node. Answers the command when all plugins are gone. */
  stop(command: Command): void;
}
