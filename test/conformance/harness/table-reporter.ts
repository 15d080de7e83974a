/**
 * The reporter of `npm run test:conformance`: after the usual output of failures, a table of what
 * each scenario came to on each node.
 */
import { DefaultReporter, type TestModule } from "vitest/node";
import { installed } from "../nodes/installed.js";
import "./table-row.js";

export default class TableReporter extends DefaultReporter {
  override onTestRunEnd(...args: Parameters<DefaultReporter["onTestRunEnd"]>): void {
    const [modules] = args;
    process.stdout.write(table(modules));
    super.onTestRunEnd(...args);
  }
}

function table(modules: readonly TestModule[]): string {
  const rows: [string, string, string][] = [];
  for (const module of modules) {
    for (const test of module.children.allTests()) {
      const row = test.meta().conformance;
      if (row === undefined) continue;
      rows.push([test.fullName.replace(" > ", ": "), row.embedded, row.lightningd]);
    }
  }
  const head: [string, string, string] = [
    "scenario",
    "embedded",
    `lightningd (${installed?.version ?? "not on PATH: skipped"})`,
  ];
  const width = Math.max(...[head, ...rows].map(([name]) => name.length));
  const lines = [head, ...rows.sort(([a], [b]) => (a < b ? -1 : 1))].map(
    ([name, embedded, lightningd]) => `${name.padEnd(width)}  ${embedded.padEnd(8)}  ${lightningd}`,
  );
  return `\n${lines.join("\n")}\n\n${summary(rows)}\n`;
}

function summary(rows: readonly (readonly [string, string, string])[]): string {
  const count = (column: 1 | 2) => rows.filter((row) => row[column] === "ok").length;
  return `${rows.length} scenarios; ok on the embedded node: ${count(1)}, on lightningd: ${count(2)}`;
}
