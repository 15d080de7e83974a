/** JSON values as scenarios see them, and ways into them. */

export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [key: string]: Json };

export type JsonRecord = { readonly [key: string]: Json };

export function isRecord(value: Json | undefined): value is JsonRecord {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function parse(text: string): Json {
  return JSON.parse(text) as Json;
}

/** The value at the end of a path. @throws Error if the path leads nowhere */
export function at(value: Json | undefined, ...path: readonly (string | number)[]): Json {
  let here = value;
  for (const step of path) {
    if (isRecord(here)) here = here[step];
    else if (Array.isArray(here)) here = (here as readonly Json[])[Number(step)];
    else here = undefined;
    if (here === undefined) throw new Error(`nothing at ${path.join(".")} in ${show(value)}`);
  }
  return here as Json;
}

/** The same, for a string. */
export function textAt(value: Json | undefined, ...path: readonly (string | number)[]): string {
  const found = at(value, ...path);
  if (typeof found !== "string") throw new Error(`no string at ${path.join(".")}: ${show(found)}`);
  return found;
}

/** The same, for an array. */
export function listAt(
  value: Json | undefined,
  ...path: readonly (string | number)[]
): readonly Json[] {
  const found = at(value, ...path);
  if (!Array.isArray(found)) throw new Error(`no array at ${path.join(".")}: ${show(found)}`);
  return found as readonly Json[];
}

export function show(value: Json | undefined): string {
  return value === undefined ? "(nothing)" : JSON.stringify(value);
}
