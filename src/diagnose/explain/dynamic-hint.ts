/** Where and how a plugin declares that it is dynamic. */
import type { PluginFile } from "../../plugin/file/plugin-file.js";
import { ownSources, readSource } from "../evidence/own-code.js";
import { hintsFor } from "./language-hints.js";

/** How a plugin is made dynamic with each library. */
const LIBRARIES: readonly { readonly uses: RegExp; readonly line: string }[] = [
  { uses: /\bpyln\b/, line: "Plugin(dynamic=True), which is also its default" },
  { uses: /\bclightningjs\b/, line: "new Plugin({ dynamic: true })" },
  { uses: /\bglightning\b/, line: "plugin.SetDynamic(true)" },
  { uses: /\bcln_plugin\b/, line: ".dynamic() on the Builder" },
  { uses: /\bplugin_main\s*\(/, line: "PLUGIN_RESTARTABLE in plugin_main(...)" },
];

const SAYS_NO =
  /\bdynamic\\?["'`]?\s*(?:[:=]|=>)\s*(?:false|False|JSON::PP::false)\b|SetDynamic\(false\)/;
const SAYS_YES =
  /\bdynamic\\?["'`]?\s*(?:[:=]|=>)\s*(?:true|True|JSON::PP::true)\b|SetDynamic\(true\)|\.dynamic\(\)|PLUGIN_RESTARTABLE/;

/** A dynamic plugin must not have feature bits (pyln-client's empty `featurebits` do not count). */
const HAS_FEATUREBITS = /\bfeaturebits\b\W*\{\W*(?:init|node|channel|invoice)\b/;

/** What to do, as a whole sentence without its full stop. */
export function dynamicHint(file: PluginFile | undefined): string {
  const texts = textsOf(file);
  const hint = hintIn(texts, file);
  if (!texts.some(({ text }) => HAS_FEATUREBITS.test(text))) return hint;
  return `Remove featurebits while you develop, and ${hint[0]?.toLowerCase()}${hint.slice(1)}`;
}

function hintIn(texts: readonly SourceText[], file: PluginFile | undefined): string {
  for (const { path, text } of texts) {
    const at = text.split("\n").findIndex((line) => SAYS_NO.test(line));
    if (at !== -1) return `Change false to true at ${path}:${at + 1}`;
  }
  const library = LIBRARIES.find(({ uses }) => texts.some(({ text }) => uses.test(text)));
  if (library !== undefined) return `Add ${library.line}`;
  const byHand = `Add ${hintsFor(file?.language ?? "other").dynamic} to the result of getmanifest`;
  for (const { path, text } of texts) {
    const at = text.split("\n").findIndex((line) => /["']?rpcmethods\b/.test(line));
    if (at !== -1) return `${byHand}, beside rpcmethods in ${path}:${at + 1}`;
  }
  return byHand;
}

/** Whether the file declares the plugin dynamic now: the running one may be older. */
export function saysDynamic(file: PluginFile | undefined): boolean {
  const texts = textsOf(file);
  return (
    texts.some(({ text }) => SAYS_YES.test(text)) && !texts.some(({ text }) => SAYS_NO.test(text))
  );
}

interface SourceText {
  readonly path: string;
  readonly text: string;
}

/** The plugin itself first. */
function textsOf(file: PluginFile | undefined): SourceText[] {
  const sources = file === undefined ? [] : ownSources(file);
  return sources.map((path) => ({ path, text: readSource(path) ?? "" }));
}
