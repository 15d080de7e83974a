/**
 * Encodes a plugin's options for `plugin start`. lightningd does not decode the values: the plugin
 * receives the JSON text as it was sent, without its quotes (lightningd/plugin.c
 * plugin_add_params).
 */
import { type Failure, usageFailure } from "../../errors/failure.js";
import { parseJson } from "../../jsonrpc/json.js";
import type { OptionType } from "../../plugin/manifest/options.js";
import { shownValue } from "../../plugin/secret-options.js";

/** An option and the JSON text to send for it. A multi option appears once for each value. */
export interface StartOption {
  readonly name: string;
  readonly raw: string;
}

/** The known part of an option's declaration. */
export interface OptionDeclaration {
  readonly type: OptionType;
  readonly multi: boolean;
  /** Whether the node has a value for it that is not from `plugin start`: config, setconfig. */
  readonly isConfigured?: boolean;
}

/**
 * Whether the plugin's declarations must be known before the options are sent: if an option is
 * repeated, or if a value would mean something else, or harm the node, under another type.
 */
export function needsDeclaration(options: readonly GivenOption[]): boolean {
  const names = new Set(options.map((option) => option.name));
  return names.size < options.length || options.some((option) => isDoubtful(option.value));
}

export interface GivenOption {
  readonly name: string;
  readonly value: string | number | boolean;
}

/**
 * Encodes the user's options as JSON text for `plugin start`.
 * @param shapes how the plugin declares its options, if known
 * @throws Failure (exit code 2) for a value that lightningd cannot take or that would harm it, or
 *   for a repeated option that is not multi
 */
export function encodeStartOptions(
  options: readonly GivenOption[],
  shapes?: ReadonlyMap<string, OptionDeclaration>,
): StartOption[] {
  const seen = new Set<string>();
  return options.flatMap(({ name, value }) => {
    const shape = shapes?.get(name);
    if (seen.has(name) && !shape?.multi) throw givenTwice(name, shape);
    seen.add(name);
    if (shape?.type === "flag") return isOff(value) ? [] : [{ name, raw: "true" }];
    if (shape?.type === "int") checkInt(name, String(value));
    return [{ name, raw: typeof value === "string" ? encodeText(name, value) : String(value) }];
  });
}

/** Encodes a value that reaches the plugin unchanged. @throws Failure if it would not */
function encodeText(name: string, text: string): string {
  const raw = `"${text}"`;
  if (typeof parseJson(raw) === "string") return raw;
  throw usageFailure(`option ${name} cannot be set to ${shown(name, text)}`, {
    why: "lightningd does not decode the value, so a double quote, a control character or a lone backslash would reach the plugin changed",
    fix: "Set it in the node's config file instead",
  });
}

/** Refuses `0x10`, `010` and `+5`: strtol takes them, but lightningd then writes invalid JSON. */
function checkInt(name: string, text: string): void {
  if (/^-?(0|[1-9]\d*)$/.test(text)) return;
  throw usageFailure(`option ${name} takes a whole number, not ${shown(name, text)}`, {
    fix: "Write it in decimal digits, such as 42 or -1",
  });
}

function givenTwice(name: string, shape: OptionDeclaration | undefined): Failure {
  return usageFailure(`option ${name} is given twice`, {
    why: shape
      ? "the plugin does not declare it as multi"
      : "only a multi option takes several values",
    fix: "Give it once",
  });
}

function shown(name: string, value: string): string {
  return JSON.stringify(shownValue({ name, value }));
}

function isOff(value: GivenOption["value"]): boolean {
  return /^(false|no|0|null|off|)$/i.test(String(value));
}

function isDoubtful(value: GivenOption["value"]): boolean {
  const text = String(value);
  return isOff(value) || /^\+\d/.test(text) || /^[+-]?0[xX\d]/.test(text);
}
