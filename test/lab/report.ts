/** Tables on the terminal, and the claims with which a bench or a soak ends. */

export interface Claim {
  readonly claim: string;
  readonly ok: boolean;
  /** The figure or the fault. */
  readonly found: string;
}

/** Columns as wide as what is in them; the first is flush left, the others right. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return column === 0 ? cell.padEnd(width) : cell.padStart(width);
      })
      .join("  ");
  const rule = widths.map((width) => "-".repeat(width)).join("  ");
  return [line(head), rule, ...rows.map(line)].join("\n");
}

export function claimsTable(claims: readonly Claim[]): string {
  const width = Math.max(...claims.map(({ claim }) => claim.length));
  return claims
    .map(({ claim, ok, found }) => `${ok ? "pass" : "FAIL"}  ${claim.padEnd(width)}  ${found}`)
    .join("\n");
}
