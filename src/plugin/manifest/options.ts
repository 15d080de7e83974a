/**
 * Reads an option in a manifest, and checks values for it as lightningd does (lightningd/plugin.c
 * plugin_opt_add, ccan/opt/helpers.c). Used by manifest.ts, and by the embedded node for the values
 * in a start or a setconfig.
 */
import { readNumber, type Token } from "../../jsonrpc/token.js";
import { type Deprecation, isRemoved, readDeprecation } from "./deprecation.js";
import { ManifestFault } from "./manifest-fault.js";

export type OptionType = "string" | "string-conceal" | "int" | "bool" | "flag";

export interface ManifestOption {
  readonly name: string;
  readonly type: OptionType;
  readonly description: string;
  /** The text of the default as lightningd keeps it, not decoded. A flag has none. */
  readonly default: string | undefined;
  readonly multi: boolean;
  /** Whether `setconfig` may change it while the plugin runs. */
  readonly dynamic: boolean;
  readonly deprecated: Deprecation | undefined;
}

/** Reads one option of a manifest. @throws ManifestFault */
export function readOption(element: Token, isTaken: (name: string) => boolean): ManifestOption {
  const [nameField, typeField] = [element.member("name"), element.member("type")];
  const description = element.member("description");
  if (typeField === undefined || nameField === undefined || description === undefined) {
    throw new ManifestFault('An option is missing either "name", "description" or "type"');
  }
  const name = nameField.text;
  if (!/^[0-9a-z_-]*$/.test(name)) {
    throw new ManifestFault(`Option "name" must be lowercase alphanumeric, plus _ or -'`);
  }
  if (name === "") {
    // lightningd v26.06.6 crashes here, so there is no message to copy.
    throw new ManifestFault(`Option "name" is empty, at which lightningd crashes`);
  }
  if (isTaken(name)) throw new ManifestFault(`Option "${name}" already registered`);
  const deprecated = readDeprecation(element.member("deprecated"));
  const multi = readSwitch(element, name, "multi");
  const dynamic = readSwitch(element, name, "dynamic");
  const type = readType(typeField);
  const defaultField = element.member("default");
  if (type === "flag" && defaultField !== undefined && defaultField.bool !== false) {
    throw new ManifestFault(`--${name} type flag default must be 'false' not ${defaultField.raw}`);
  }
  if (multi && (type === "flag" || type === "bool")) {
    throw new ManifestFault(`${type} type cannot be multi`);
  }
  const hasDefault = type !== "flag" && defaultField !== undefined && !defaultField.isNull;
  const option: ManifestOption = {
    name,
    type,
    description: description.text,
    default: hasDefault ? defaultField.text : undefined,
    multi,
    dynamic,
    deprecated,
  };
  if (option.default !== undefined) {
    const problem = problemWithValue(option, option.default);
    if (problem !== undefined) {
      throw new ManifestFault(`Invalid default '${option.default}': ${problem}`);
    }
  }
  return option;
}

function readSwitch(element: Token, name: string, field: "multi" | "dynamic"): boolean {
  const value = element.member(field);
  if (value === undefined) return false;
  if (value.bool === undefined) {
    throw new ManifestFault(`--${name}: invalid "${field}" field ${value.text}`);
  }
  return value.bool;
}

const TYPES: readonly OptionType[] = ["string", "string-conceal", "int", "bool", "flag"];

function readType(field: Token): OptionType {
  const type = TYPES.find((known) => field.is(known));
  if (type === undefined) {
    throw new ManifestFault('Only "string", "int", "bool", and "flag" options are supported');
  }
  return type;
}

/**
 * Checks a value for an option.
 * @param value the text as lightningd keeps it: for a string option, the raw JSON text of a start
 *   parameter without its quotes
 * @returns lightningd's error for the value, or undefined if it accepts it
 */
export function problemWithValue(
  option: { readonly type: string; readonly deprecated: Deprecation | undefined },
  value: string,
): string | undefined {
  if (option.type === "int") {
    const number = readNumber(value);
    if (number === undefined) return `'${value}' is not a number`;
    if (BigInt.asIntN(64, number) !== number) return `'${value}' is out of range`;
  }
  if (option.type === "bool" && !/^(yes|no|true|false)$/i.test(value)) {
    return `Invalid argument '${value}'`;
  }
  return isRemoved(option.deprecated) ? "deprecated option (will be removed!)" : undefined;
}
