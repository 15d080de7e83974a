/**
 * What lightningd makes of a plugin's start options, and what it then sends the plugin in `init`
 * (lightningd/plugin.c plugin_add_params, plugin_populate_init_request).
 */
import { basename, dirname } from "node:path";
import { type ManifestOption, problemWithValue } from "../manifest/options.js";

/** An option with the JSON text that `plugin start` passes for it. */
export interface RawOption {
  readonly name: string;
  readonly raw: string;
}

/** The node that a plugin belongs to. */
export interface NodePlace {
  /** `<lightning-dir>/<network>`: also the plugin's working directory. */
  readonly networkDir: string;
  /** The unix socket, absolute. */
  readonly rpcFile: string;
  readonly network: string;
}

/** The features of a v26.06.6 node without experimental options. */
export const FEATURE_SET = {
  init: "800898880a8a59a1",
  node: "808898880a8a59a1",
  channel: "",
  invoice: "02000002024100",
  bolt12_offer: "",
  bolt12_invreq: "",
  bolt12_invoice: "020000",
  channel_type: "08800000800000",
} as const;

/** The `configuration` of an `init`, as JSON text. */
export function configurationOf(place: NodePlace, startup: boolean): string {
  const { networkDir, rpcFile, network } = place;
  return JSON.stringify({
    "lightning-dir": networkDir,
    "rpc-file": dirname(rpcFile) === networkDir ? basename(rpcFile) : rpcFile,
    startup,
    network,
    feature_set: FEATURE_SET,
  });
}

/**
 * Checks the options of a start against a manifest.
 * @returns what lightningd objects to in the options of a start; undefined if it accepts them
 */
export function problemWithOptions(
  declared: readonly ManifestOption[],
  given: readonly RawOption[],
): string | undefined {
  for (const { name, raw } of given) {
    const option = declared.find((candidate) => candidate.name === name);
    if (option === undefined) return `unknown parameter ${name}`;
    const value = option.type === "flag" ? "" : tokenText(raw);
    const problem = problemWithValue(option, value);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

/**
 * The params of `init`, as JSON text.
 * @param valuesOf the values that an option was given, undefined for a flag that is set
 * @param configuration JSON text
 */
export function initParams(
  declared: readonly ManifestOption[],
  valuesOf: (name: string) => readonly (string | undefined)[],
  configuration: string,
): string {
  const options = declared.flatMap((option) => {
    const text = optionText(option, valuesOf(option.name));
    return text === undefined ? [] : [`${JSON.stringify(option.name)}:${text}`];
  });
  return `{"options":{${options.join(",")}},"configuration":${configuration}}`;
}

/** The values of an option in a `plugin start`, for {@link initParams}. */
export function startValues(given: readonly RawOption[], name: string): readonly string[] {
  return given.filter((option) => option.name === name).map(({ raw }) => tokenText(raw));
}

/** Leaves out unset flags and unset options without a default. */
function optionText(
  option: ManifestOption,
  values: readonly (string | undefined)[],
): string | undefined {
  if (option.type === "flag") return values.length > 0 ? "true" : undefined;
  const effective = values.length === 0 && option.default !== undefined ? [option.default] : values;
  if (effective.length === 0) return undefined;
  const texts = effective.map((value) => valueText(option, value));
  return option.multi ? `[${texts.join(",")}]` : texts.at(-1);
}

/**
 * A number goes in as it was written, even if that is not JSON (`0x10`), as lightningd does it.
 * @param value undefined if the option came without one
 * @returns JSON text
 */
export function valueText(option: { readonly type: string }, value: string | undefined): string {
  if (value === undefined) return "true";
  if (option.type === "int" || option.type === "msat") return value;
  if (option.type === "bool") return /^(true|yes)$/i.test(value) ? "true" : "false";
  return JSON.stringify(value);
}

/** A value as lightningd keeps it: not decoded, without trailing blanks. */
function tokenText(raw: string): string {
  return (raw.startsWith('"') ? raw.slice(1, -1) : raw).trimEnd();
}
