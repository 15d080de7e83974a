/**
 * `setconfig` changes an option of the running version; the next one must start with the new value.
 * lightningd types the values of `init` by the option's declaration (lightningd/plugin.c
 * plugin_populate_init_request).
 */
import { Token } from "../jsonrpc/token.js";
import { valueText } from "../plugin/handshake/init-params.js";
import type { ManifestOption } from "../plugin/manifest/options.js";

export interface ConfigChange {
  readonly name: string;
  /** Undefined for a flag that is set. */
  readonly value: Token | undefined;
}

/** Returns what a `setconfig` request changes, or undefined if it cannot be read. */
export function readSetconfig(request: Token): ConfigChange | undefined {
  const params = request.member("params");
  const name = params?.member("config");
  return name?.type === "string" ? { name: name.text, value: params?.member("val") } : undefined;
}

/**
 * Puts the new value into the params of `init`, for the next version.
 * @param init the params of `init`, as JSON text
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
  const { type = "string" } = options.find((option) => option.name === name) ?? {};
  const text = optionText(type, value);
  const kept = before.without(name).raw.replace(/^\{|\}$/g, "");
  const added = text === undefined ? [] : [`${JSON.stringify(name)}:${text}`];
  return params.withMember("options", `{${[kept, ...added].filter(Boolean).join(",")}}`);
}

function optionText(type: string, value: Token | undefined): string | undefined {
  if (value?.type === "array") return `[${value.elements.map((one) => optionText(type, one))}]`;
  if (type === "flag") return value === undefined || isTrue(value.text) ? "true" : undefined;
  if (type === "bool") return String(isTrue(value?.text));
  // The text keeps its escapes, as it was written.
  return type === "string" ? `"${value?.text}"` : valueText({ type }, value?.text);
}

function isTrue(text: string | undefined): boolean {
  return /^(true|yes|on|1)$/i.test(text ?? "");
}
