/**
 * `setconfig` changes an option of the running version; the next one must start with the new value.
 * lightningd types the values of `init` by the option's declaration (lightningd/plugin.c
 * plugin_populate_init_request).
 */
import { isObject, parseObject } from "../jsonrpc/json.js";
import { Token } from "../jsonrpc/token.js";
import type { ManifestOption } from "../plugin/manifest/options.js";

export interface ConfigChange {
  readonly name: string;
  /** Absent for a flag that is set. */
  readonly value: unknown;
}

/** What a `setconfig` request asks for; undefined where that cannot be read. */
export function readSetconfig(request: Buffer): ConfigChange | undefined {
  const params = parseObject(request)?.params;
  if (!isObject(params) || typeof params.config !== "string") return undefined;
  return { name: params.config, value: params.val };
}

/**
 * @param init the text of the params of `init`
 * @returns the same with the new value in its `options`
 */
export function withConfig(
  init: string,
  { name, value }: ConfigChange,
  options: readonly ManifestOption[],
): string {
  const params = new Token(init);
  const before = params.member("options");
  if (before === undefined) return init;
  const rest = before.without(name);
  const text = valueText(options.find((option) => option.name === name)?.type, value);
  const kept = rest.raw.replace(/^\{|\}$/g, "");
  const added = text === undefined ? [] : [`${JSON.stringify(name)}:${text}`];
  return params.withMember("options", `{${[kept, ...added].filter(Boolean).join(",")}}`);
}

function valueText(type: ManifestOption["type"] | undefined, value: unknown): string | undefined {
  if (Array.isArray(value)) return `[${value.map((one) => valueText(type, one)).join(",")}]`;
  if (type === "flag") return value === undefined || isTrue(value) ? "true" : undefined;
  if (type === "bool") return String(isTrue(value));
  if (type === "int") return String(value);
  return JSON.stringify(value);
}

function isTrue(value: unknown): boolean {
  return /^(true|yes|on|1)$/i.test(String(value));
}
