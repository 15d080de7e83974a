/** What a scenario reports to the table: see table-reporter.ts. */
import type {} from "vitest";

/** `ok`, `failed`, `differs`, or why it was not run. */
interface TableRow {
  embedded: string;
  lightningd: string;
}

declare module "vitest" {
  interface TaskMeta {
    conformance?: TableRow;
  }
}
