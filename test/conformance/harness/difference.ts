/** What two observations of the same scenario differ in, down to the field. */
import { isRecord, type Json } from "./json.js";

export interface Difference {
  /** Keys and indexes, joined by dots; empty for the whole. */
  readonly path: string;
  readonly embedded: Json | undefined;
  readonly lightningd: Json | undefined;
}

export function differences(
  embedded: Json | undefined,
  lightningd: Json | undefined,
  path = "",
): Difference[] {
  if (Array.isArray(embedded) && Array.isArray(lightningd)) {
    const length = Math.max(embedded.length, lightningd.length);
    return Array.from({ length }, (_, index) =>
      differences(embedded[index], lightningd[index], join(path, index)),
    ).flat();
  }
  if (isRecord(embedded) && isRecord(lightningd)) {
    const keys = new Set([...Object.keys(embedded), ...Object.keys(lightningd)]);
    return [...keys].flatMap((key) => differences(embedded[key], lightningd[key], join(path, key)));
  }
  return embedded === lightningd ? [] : [{ path, embedded, lightningd }];
}

function join(path: string, step: string | number): string {
  return path === "" ? String(step) : `${path}.${step}`;
}
