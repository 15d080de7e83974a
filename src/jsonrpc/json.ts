/** JSON values from a socket, a pipe or a file, and a few checks on them. */

export type JsonObject = { readonly [key: string]: unknown };

/** JSON text that is sent unchanged. */
export class RawJson {
  constructor(readonly text: string) {}
}

/** Whether a value is a JSON object: neither null nor an array. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Returns the parsed value, or undefined if the text is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** Returns the object in the bytes (UTF-8), or undefined if they hold something else. */
export function parseObject(bytes: Buffer): JsonObject | undefined {
  const value = parseJson(bytes.toString("utf8"));
  return isObject(value) ? value : undefined;
}

/** Returns the value if it is a string, else undefined. */
export function stringOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
