/** What of an error is worth showing if a scenario has failed. */

/** What is shown of a value, in characters. */
const MAX_SHOWN = 1_000;

/** The message, the line of the scenario, and what an assertion had expected. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const frames = (error.stack ?? "").split("\n").filter((line) => line.includes("/scenarios/"));
  const sides = ["expected", "actual"]
    .filter((side) => side in error)
    .map((side) => `  ${side}: ${JSON.stringify(Reflect.get(error, side))?.slice(0, MAX_SHOWN)}`);
  return [error.message, ...sides, ...frames].join("\n");
}
