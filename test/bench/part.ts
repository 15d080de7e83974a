/** One part of the benchmark: what it is given, and what it gives. */
import type { Lab } from "../lab/lab.js";
import type { LabNode } from "../lab/node.js";
import type { Claim, Table } from "../lab/report.js";

export interface PartOptions {
  readonly lab: Lab;
  readonly node: LabNode;
  /** How many measurements make a figure. */
  readonly count: number;
  /** Only the rows whose title contains this. */
  readonly filter: string | undefined;
  /** Tells what is being done. */
  readonly say: (text: string) => void;
}

export interface Part {
  readonly name: string;
  readonly title: string;
  readonly table: Table;
  readonly notes: readonly string[];
  /** The same for programs. */
  readonly figures: { readonly [name: string]: unknown };
  readonly claims: readonly Claim[];
}
