/** What the parts of an embedded node know of each other. Put together by node.ts. */
import type { BuiltinMethod } from "./builtin-method.js";
import type { Chain } from "./chain.js";
import type { Command } from "./command.js";
import type { ConfigVars } from "./config-vars.js";
import type { Datastore } from "./datastore.js";
import type { HookBook } from "./hooks.js";
import type { Identity } from "./identity.js";
import type { LogBook } from "./log-book.js";
import type { PluginHost } from "./plugin-host.js";

export interface NodeContext {
  /** The base directory, absolute. */
  readonly lightningDir: string;
  readonly networkDir: string;
  readonly network: string;
  readonly version: string;
  readonly log: LogBook;
  readonly configs: ConfigVars;
  readonly hooks: HookBook;
  readonly host: PluginHost;
  readonly identity: Identity;
  readonly datastore: Datastore;
  readonly chain: Chain;
  readonly methods: ReadonlyMap<string, BuiltinMethod>;
  /** How long a plugin gets to end by itself after `shutdown`, in ms. */
  readonly shutdownTimeoutMs: number;
  /** Ends the node; the command is answered when all plugins are gone. */
  stop(command: Command): void;
}
