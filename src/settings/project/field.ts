/**
 * Converts a value in package.json to a typed setting. A field knows its file and key path, so that
 * every error names them and the value.
 */
import { nearestName } from "../../errors/did-you-mean.js";
import { Failure } from "../../errors/failure.js";
import { isObject, type JsonObject } from "../../jsonrpc/json.js";
import { isSecretName } from "../../plugin/secret-options.js";

export interface Field {
  readonly file: string;
  /** `cln-dev.plugins[0].path` */
  readonly keyPath: string;
  readonly value: unknown;
}

/** Returns the field under `key` of an object; undefined if there is none. */
export function member(parent: Field & { readonly value: JsonObject }, key: string) {
  if (!Object.hasOwn(parent.value, key)) return undefined;
  return { file: parent.file, keyPath: joinKey(parent.keyPath, key), value: parent.value[key] };
}

export function elements(parent: Field & { readonly value: readonly unknown[] }): Field[] {
  return parent.value.map((value, index) => ({
    file: parent.file,
    keyPath: `${parent.keyPath}[${index}]`,
    value,
  }));
}

/** Reads a non-empty string. @param example a correct value, in JSON, for the error */
export function asText(field: Field, example: string): string {
  if (typeof field.value !== "string") throw wrongType(field, "a string", example);
  if (field.value.trim() === "" || field.value.includes("\0")) {
    throw fieldFailure(
      field,
      "it is empty or contains a NUL character",
      `Write ${example}, or leave it out`,
    );
  }
  return field.value;
}

/** Reads a string or a list of strings. */
export function asTextList(field: Field, example: string): string[] {
  if (typeof field.value === "string") return [asText(field, example)];
  if (!isListField(field)) throw wrongType(field, "a string or a list of strings", example);
  return elements(field).map((element) => asText(element, example));
}

export function asBoolean(field: Field): boolean {
  if (typeof field.value !== "boolean") throw wrongType(field, "true or false", "true");
  return field.value;
}

export function isObjectField(field: Field): field is Field & { readonly value: JsonObject } {
  return isObject(field.value);
}

export function isListField(field: Field): field is Field & { readonly value: readonly unknown[] } {
  return Array.isArray(field.value);
}

/** Refuses misspelt keys. @throws Failure for the first key that is not among `known` */
export function refuseUnknownKeys(
  field: Field & { readonly value: JsonObject },
  known: readonly string[],
): void {
  const unknown = Object.keys(field.value).find((key) => !known.includes(key));
  if (unknown === undefined) return;
  const near = nearestName(unknown, known);
  const value = described({ ...field, keyPath: unknown, value: field.value[unknown] });
  throw settingsFailure(
    `unknown key ${joinKey(field.keyPath, unknown)} (${value}) in ${field.file}`,
    `known keys: ${known.join(", ")}`,
    near === undefined ? "Remove it" : `Did you mean "${near}"?`,
  );
}

export function wrongType(field: Field, needed: string, example: string): Failure {
  return fieldFailure(field, `it must be ${needed}`, `Write ${example}`);
}

export function fieldFailure(field: Field, why: string, fix: string): Failure {
  return settingsFailure(`wrong ${field.keyPath} (${described(field)}) in ${field.file}`, why, fix);
}

function settingsFailure(what: string, why: string, fix: string): Failure {
  return new Failure({ kind: "settings", what, why, fix, exitCode: 2 });
}

const MAX_SHOWN = 60;

/** Describes the value for an error. Lists and objects are not shown: they may hold a secret. */
function described({ keyPath, value }: Field): string {
  if (Array.isArray(value)) return "a list";
  if (isObject(value)) return "an object";
  if (keyPath.split(/[.[\]]+/).some(isSecretName)) return "***";
  // An option written as on the command line.
  if (typeof value === "string" && isSecretName(value.split("=")[0] ?? "")) return "***";
  const text = JSON.stringify(value);
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}...` : text;
}

function joinKey(keyPath: string, key: string): string {
  return /^[\w-]+$/.test(key) ? `${keyPath}.${key}` : `${keyPath}[${JSON.stringify(key)}]`;
}
