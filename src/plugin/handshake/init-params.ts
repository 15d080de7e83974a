/**
 * What lightningd makes of a plugin's start options, and what it then tells the plugin in `init`
 * (lightningd/plugin.c plugin_add_params, plugin_populate_init_request; cln-contract 3.5, 4.4).
 * Used by the offline handshake.
 */
import { basename, dirname } from "node:path";
import { RawJson } from "../../jsonrpc/json.js";
import { type ManifestOption, problemWithValue } from "../manifest/options.js";

/** An option with the JSON text that `plugin start` brings for it. */
export interface RawOption {
  readonly name: string;
  readonly raw: string;
}

/** The node that a plugin is told of. */
export interface NodePlace {
  /** `<lightning-dir>/<network>`: also the plugin's working directory. */
  readonly networkDir: string;
  /** The unix socket, absolute. */
  readonly rpcFile: string;
  readonly network: string;
}

/** The features of a v26.06.6 node without experimental options. */
const FEATURE_SET = {
  init: "800898880a8a59a1",
  node: "808898880a8a59a1",
  channel: "",
  invoice: "02000002024100",
  bolt12_offer: "",
  bolt12_invreq: "",
  bolt12_invoice: "020000",
  channel_type: "08800000800000",
};

/** What lightningd says against the options of a start, or undefined where it takes them. */
export function problemWithOptions(
  declared: readonly ManifestOption[],
  given: readonly RawOption[],
): string | undefined {
  for (const { name, raw } of given) {
    const option = declared.find((candidate) => candidate.name === name);
    if (option === undefined) return `unknown parameter ${name}`;
    const problem = option.type === "flag" ? undefined : problemWithValue(option, tokenText(raw));
    if (problem !== undefined) return problem;
  }
  return undefined;
}

/** The params of `init`, as text: lightningd writes numbers as they were given. */
export function initParams(
  declared: readonly ManifestOption[],
  given: readonly RawOption[],
  place: NodePlace,
): RawJson {
  const options = declared.flatMap((option) => {
    const values = given
      .filter(({ name }) => name === option.name)
      .map(({ raw }) => tokenText(raw));
    const text = optionText(option, values);
    return text === undefined ? [] : [`${JSON.stringify(option.name)}:${text}`];
  });
  const configuration = {
    "lightning-dir": place.networkDir,
    "rpc-file":
      dirname(place.rpcFile) === place.networkDir ? basename(place.rpcFile) : place.rpcFile,
    startup: false,
    network: place.network,
    feature_set: FEATURE_SET,
  };
  return new RawJson(
    `{"options":{${options.join(",")}},"configuration":${JSON.stringify(configuration)}}`,
  );
}

/** Unset flags and unset options without a default are not there at all. */
function optionText(option: ManifestOption, values: readonly string[]): string | undefined {
  if (option.type === "flag") return values.length > 0 ? "true" : undefined;
  const effective = values.length === 0 && option.default !== undefined ? [option.default] : values;
  const last = effective.at(-1);
  if (last === undefined) return undefined;
  if (option.multi) return `[${effective.map((value) => valueText(option, value)).join(",")}]`;
  return valueText(option, last);
}

function valueText(option: ManifestOption, value: string): string {
  if (option.type === "int") return value;
  if (option.type === "bool") return /^(true|yes)$/i.test(value) ? "true" : "false";
  return JSON.stringify(value);
}

/** A value as lightningd keeps it: not decoded, blanks at its end cut off. */
function tokenText(raw: string): string {
  return (raw.startsWith('"') ? raw.slice(1, -1) : raw).trimEnd();
}
