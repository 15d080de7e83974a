/**
 * What lightningd v26.06.6 and its own plugins have, so that no other plugin may declare it. A plugin's
 * method that is named like one of lightningd's own crashes the node (cln-contract 3.12), one of its
 * plugins' methods or its options is refused. Used by the check before a safe reload and by `check`.
 */
import names from "./lightningd-v26.06.6.json" with { type: "json" };

/** The release that the names are of. */
export const NAMES_RELEASE = "v26.06.6";

/** The methods that it has in itself, those for developers included: they count without --developer too. */
export const NATIVE_METHODS: ReadonlySet<string> = new Set([
  ...names.methods,
  ...names.developerMethods,
]);

/** Those of its own plugins. */
export const PLUGIN_METHODS: ReadonlySet<string> = new Set(names.pluginMethods);

/** Those of its plugin bcli, which a backend of one's own replaces (`disable-plugin=bcli`). */
export const BACKEND_METHODS: ReadonlySet<string> = new Set(names.bcliMethods);

/** Its options, without those for developers. */
export const NATIVE_OPTIONS: ReadonlySet<string> = new Set(names.options);
