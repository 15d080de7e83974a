/**
 * What lightningd v26.06.6 has itself and through its own plugins. scripts/release-data.mjs makes
 * the data file from lightningd's sources.
 */
import data from "./lightningd-v26.06.6.json";

/** The release that all of this describes. */
export const RELEASE = data.release;

/**
 * The methods in lightningd itself, including those for developers: a plugin that declares one of
 * them crashes the node.
 */
export const NATIVE_METHODS: ReadonlySet<string> = new Set(data.methods);

/** The methods, of lightningd or its plugins, that need `--developer`. */
export const DEVELOPER_METHODS: ReadonlySet<string> = new Set(data.developerMethods);

/** The methods of lightningd's own plugins, except its bitcoin backend. */
export const PLUGIN_METHODS: ReadonlySet<string> = new Set(data.pluginMethods);

/** The methods of its plugin bcli, which another backend may replace (`disable-plugin=bcli`). */
export const BACKEND_METHODS: ReadonlySet<string> = new Set(data.bcliMethods);

/** The options of lightningd itself: no plugin may declare one of them. */
export const NATIVE_OPTIONS: ReadonlySet<string> = new Set(data.options);

/** The options of lightningd's own plugins. */
export const PLUGIN_OPTIONS: ReadonlySet<string> = new Set(data.pluginOptions);

/** Every notification that lightningd itself sends. */
export const NOTIFICATIONS: ReadonlySet<string> = new Set(data.notifications);

/** What a hook's `filters` may contain, if anything. */
export type HookFilter = "none" | "strings" | "integers";

/** Every hook, with the kind of filter that it allows. */
export const HOOKS: ReadonlyMap<string, HookFilter> = new Map(
  Object.entries(data.hooks).map(([name, filter]) => [
    name,
    filter === "strings" || filter === "integers" ? filter : "none",
  ]),
);
