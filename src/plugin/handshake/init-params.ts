/**
 * Checks a plugin's start options as lightningd does, and builds the `init` that it then sends
 * (lightningd/plugin.c plugin_add_params, plugin_populate_init_request).
 */
import { basename, dirname } from "node:path";
import { type ManifestOption, problemWithValue } from "../manifest/options.js";

/** An option and the JSON text that `plugin start` passes for it. */
export interface RawOption {
  readonly name: string;
  readonly raw: string;
}

/** The node that a plugin belongs to. */
export interface NodePlace {
  /** `<lightning-dir>/<network>`, which is also the plugin's working directory. */
  readonly networkDir: string;
  /** The absolute path of the unix socket. */
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

/** Returns the `configuration` of an `init`, as JSON text. */
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
 * Checks the options of a start against those that a manifest declares.
 * @returns lightningd's first objection, or undefined if it accepts the options
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
 * Returns the params of `init`, as JSON text.
 * @param valuesOf returns the values that an option was given; undefined for one without a value
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

/** Returns the values of an option in a `plugin start`, for {@link initParams}. */
export function startValues(given: readonly RawOption[], name: string): readonly string[] {
  return given.filter((option) => option.name === name).map(({ raw }) => tokenText(raw));
}

/** Undefined for an unset flag, and for an unset option without a default: `init` omits them. */
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
 * Converts an option's value for `init`. As in lightningd, a number stays as written, even if that
 * is not valid JSON (`0x10`).
 * @param value undefined if the option was given without one
 * @returns JSON text
 */
export function valueText(option: { readonly type: string }, value: string | undefined): string {
  if (value === undefined) return "true";
  if (option.type === "int" || option.type === "msat") return value;
  if (option.type === "bool") return /^(true|yes)$/i.test(value) ? "true" : "false";
  return JSON.stringify(value);
}

/** Returns a value as lightningd keeps it: not decoded, without trailing blanks. */
function tokenText(raw: string): string {
  return (raw.startsWith('"') ? raw.slice(1, -1) : raw).trimEnd();
}
