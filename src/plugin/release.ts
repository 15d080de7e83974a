/**
 * What lightningd v26.06.6 provides, by itself and through its own plugins. The data file is
 * generated from lightningd's sources by scripts/release-data.mjs.
 */
import data from "./lightningd-v26.06.6.json";

/** The release that this file describes. */
export const RELEASE = data.release;

/**
 * The methods of lightningd itself, including those for developers. A plugin that declares one of
 * them crashes the node.
 */
export const NATIVE_METHODS: ReadonlySet<string> = new Set(data.methods);

/** The methods, of lightningd or its plugins, that need `--developer`. */
export const DEVELOPER_METHODS: ReadonlySet<string> = new Set(data.developerMethods);

/** The methods of lightningd's own plugins, except its bitcoin backend. */
export const PLUGIN_METHODS: ReadonlySet<string> = new Set(data.pluginMethods);

/** The methods of its plugin bcli, which another backend may replace (`disable-plugin=bcli`). */
export const BACKEND_METHODS: ReadonlySet<string> = new Set(data.bcliMethods);

/** The options of lightningd itself, which no plugin may declare. */
export const NATIVE_OPTIONS: ReadonlySet<string> = new Set(data.options);

/** The options of lightningd's own plugins. */
export const PLUGIN_OPTIONS: ReadonlySet<string> = new Set(data.pluginOptions);

/** Every notification that lightningd itself sends. */
export const NOTIFICATIONS: ReadonlySet<string> = new Set(data.notifications);

/** What a hook's `filters` may contain, if anything. */
export type HookFilter = "none" | "strings" | "integers";

/** Every hook and the kind of filter that it allows. */
export const HOOKS: ReadonlyMap<string, HookFilter> = new Map(
  Object.entries(data.hooks).map(([name, filter]) => [
    name,
    filter === "strings" || filter === "integers" ? filter : "none",
  ]),
);
