/** Whether two observations differ in anything but what is meant to differ. */
import { KNOWN_DIFFERENCES } from "../known-differences.js";
import { type Difference, differences } from "./difference.js";
import { type Json, show } from "./json.js";

/**
 * @param title `topic: scenario`
 * @param mustSeeKnown a known difference that is not there is a fault too
 * @returns a line for each fault; none if all is well
 */
export function faults(
  title: string,
  embedded: Json,
  lightningd: Json,
  mustSeeKnown: boolean,
): string[] {
  const found = differences(embedded, lightningd);
  const known = KNOWN_DIFFERENCES.filter(({ scenario }) => scenario === title);
  const unwanted = found
    .filter((difference) => !known.some(({ path }) => covers(path, difference)))
    .map(describe);
  const gone = (mustSeeKnown ? known : [])
    .filter(({ path }) => !found.some((difference) => covers(path, difference)))
    .map(({ path }) => `  ${path}: listed as a known difference, but there is none`);
  return [...unwanted, ...gone];
}

function covers(path: string, difference: Difference): boolean {
  return path === "" || difference.path === path || difference.path.startsWith(`${path}.`);
}

function describe({ path, embedded, lightningd }: Difference): string {
  return `  ${path}\n    embedded:   ${show(embedded)}\n    lightningd: ${show(lightningd)}`;
}
