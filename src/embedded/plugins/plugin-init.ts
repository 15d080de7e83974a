/** The params of `init`, to the field (lightningd/plugin.c plugin_populate_init_request). */
import { RawJson } from "../../jsonrpc/json.js";
import type { ManifestOption } from "../../plugin/manifest/manifest.js";
import type { JsonRecord, JsonValue } from "../rpc/json-text.js";
import type { ConfigVars } from "../state/config-vars.js";

export interface InitConfiguration {
  /** The network directory, under the name that plugins know. */
  readonly "lightning-dir": string;
  readonly "rpc-file": string;
  readonly network: string;
}

/** The features of a lightningd v26.06.6 as it comes. */
export const FEATURES = {
  init: "800898880a8a59a1",
  node: "808898880a8a59a1",
  channel: "",
  invoice: "02000002024100",
} as const;

export function initParams(
  options: readonly ManifestOption[],
  configs: ConfigVars,
  configuration: InitConfiguration,
  startup: boolean,
): JsonRecord {
  return {
    options: optionValues(options, configs),
    configuration: {
      "lightning-dir": configuration["lightning-dir"],
      "rpc-file": configuration["rpc-file"],
      startup,
      network: configuration.network,
      feature_set: {
        ...FEATURES,
        bolt12_offer: "",
        bolt12_invreq: "",
        bolt12_invoice: "020000",
        channel_type: "08800000800000",
      },
    },
  };
}

/** What has neither a value nor a default is left out, a flag that is not set too. */
function optionValues(options: readonly ManifestOption[], configs: ConfigVars): JsonRecord {
  const values: Record<string, JsonValue> = {};
  for (const option of options) {
    const given = configs.values(option.name).map((item) => item.value);
    const texts = given.length > 0 ? given : option.default === undefined ? [] : [option.default];
    const [first] = texts;
    if (texts.length === 0) continue;
    if (option.multi) values[option.name] = texts.map((text) => optionValue(option, text ?? ""));
    else values[option.name] = first === undefined ? true : optionValue(option, first);
  }
  return values;
}

/** A number goes in as it was written, even where that is no JSON (`0x10`), as lightningd does it. */
export function optionValue(option: { readonly type: string }, text: string): JsonValue {
  if (option.type === "int" || option.type === "msat") return new RawJson(text);
  if (option.type === "bool") return /^(yes|true)$/i.test(text);
  return text;
}
