/** Tables on the terminal, and the claims with which a bench or a soak ends. */

export interface Claim {
  readonly claim: string;
  readonly ok: boolean;
  /** The figure or the fault. */
  readonly found: string;
  /** It was not tried, for that reason: neither passed nor failed. */
  readonly leftOut?: string;
}

export type Result = "pass" | "fail" | "left out";

export function resultOf({ ok, leftOut }: Claim): Result {
  return leftOut !== undefined ? "left out" : ok ? "pass" : "fail";
}

/** A claim that cannot be tried on this machine. @param why a right or a tool that is missing */
export function leftOut(claim: string, why: string): Claim {
  return { claim, ok: false, found: "", leftOut: why };
}

export interface Table {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** For the terminal: the first column is flush left, the others right. */
export function aligned({ head, rows }: Table): string {
  const widths = widthsOf({ head, rows });
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

/** For docs/benchmarks.md. */
export function markdown({ head, rows }: Table): string {
  const widths = widthsOf({ head, rows });
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`;
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...rows.map(line)].join("\n");
}

function widthsOf({ head, rows }: Table): number[] {
  const all = [head, ...rows];
  return head.map((_, column) => Math.max(3, ...all.map((row) => row[column]?.length ?? 0)));
}

export function claimsTable(claims: readonly Claim[]): string {
  const width = Math.max(...claims.map(({ claim }) => claim.length));
  return claims
    .map((claim) => {
      const result = resultOf(claim);
      const shown = result === "fail" ? "FAIL" : result;
      const found = claim.leftOut ?? claim.found;
      return `${shown.padEnd("left out".length)}  ${claim.claim.padEnd(width)}  ${found}`.trimEnd();
    })
    .join("\n");
}
