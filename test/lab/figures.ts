/** What a row of measurements comes to. */

export interface Figures {
  readonly n: number;
  readonly min: number;
  readonly median: number;
  readonly p95: number;
  readonly max: number;
}

/** @param values at least one */
export function figuresOf(values: readonly number[]): Figures {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number) =>
    sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
  const middle = (sorted.length - 1) / 2;
  const median = ((sorted[Math.floor(middle)] ?? 0) + (sorted[Math.ceil(middle)] ?? 0)) / 2;
  return { n: sorted.length, min: at(0), median, p95: at(0.95), max: at(1) };
}

/** `41.2 (52.0)`: the median and the 95th percentile. */
export function shown(figures: Figures | undefined): string {
  if (figures === undefined || figures.n === 0) return "-";
  return `${round(figures.median)} (${round(figures.p95)})`;
}

export function round(value: number): string {
  return value.toFixed(Math.abs(value) < 100 ? 1 : 0);
}
