/**
 * Scenarios: written once, run on each kind of node that is here, each asserting the facts literally;
 * then what they observed on the embedded node is compared with what they observed on lightningd, now
 * or when it was recorded. The scenarios of a test file share one node of each kind.
 */
import { afterAll, describe, it, type TestContext } from "vitest";
import { startEmbedded } from "../nodes/embedded.js";
import { installed } from "../nodes/installed.js";
import { startLightningd } from "../nodes/lightningd.js";
import type { NodeKind } from "../nodes/node-kind.js";
import type { Json } from "./json.js";
import { messageOf } from "./message-of.js";
import { findPython } from "./python.js";
import { Recorded } from "./recorded.js";
import { isBefore, isOurRelease, releaseDifference } from "./release.js";
import { type Run, sharedNode } from "./shared-node.js";
import "./table-row.js";
import { faults } from "./verdict.js";

interface Needs {
  /** The first release of lightningd that does this: `23.08`. */
  readonly since?: string;
  /** Takes the 120 s or 30 s of lightningd's own timeouts: there only with CLN_DEV_SLOW=1. */
  readonly slow?: boolean;
}

export type Scenario = (name: string, run: Run, needs?: Needs) => void;

const TIMEOUT_MS = 20_000;
const SLOW_TIMEOUT_MS = 280_000;

const KINDS = [sharedNode("embedded", startEmbedded)];
if (installed !== undefined) KINDS.push(sharedNode("lightningd", startLightningd));
afterAll(() => Promise.all(KINDS.map((kind) => kind.end())));

/** Groups scenarios under a title. */
export function topic(
  title: string,
  define: (scenario: Scenario) => void,
  { skip = false }: { readonly skip?: boolean } = {},
): void {
  describe.skipIf(skip || findPython() === undefined)(title, () => {
    const recorded = new Recorded(title);
    define((name, run, needs = {}) => {
      recorded.name(name);
      const timeout = needs.slow && process.env.CLN_DEV_SLOW ? SLOW_TIMEOUT_MS : TIMEOUT_MS;
      it(name, { timeout }, async ({ task }) => {
        const seen = await runOnAll(`${title}: ${name}`, task, run, needs);
        compare(`${title}: ${name}`, task, seen, recorded);
      });
    });
  });
}

/** @returns what was observed on each node on which it has run */
async function runOnAll(
  title: string,
  task: TestContext["task"],
  run: Run,
  needs: Needs,
): Promise<ReadonlyMap<NodeKind, Json>> {
  const row = { embedded: "failed", lightningd: whySkipped(title, needs) ?? "failed" };
  task.meta.conformance = row;
  const wanted = KINDS.filter(({ kind }) => kind === "embedded" || row.lightningd === "failed");
  const seen = new Map<NodeKind, Json>();
  const problems: string[] = [];
  await Promise.all(
    wanted.map(async (node) => {
      try {
        seen.set(node.kind, await node.run(run));
        row[node.kind] = "ok";
      } catch (error) {
        problems.push(`on the ${node.kind} node: ${messageOf(error)}`);
      }
    }),
  );
  if (problems.length > 0) throw plainError(problems.join("\n"));
  return seen;
}

function whySkipped(title: string, { since, slow }: Needs): string | undefined {
  if (installed === undefined) return "not here";
  const difference = releaseDifference(title);
  if (difference !== undefined) return difference;
  if (since !== undefined && isBefore(since)) return `before v${since}`;
  return slow && !process.env.CLN_DEV_SLOW ? "slow: CLN_DEV_SLOW=1" : undefined;
}

function compare(
  title: string,
  task: TestContext["task"],
  seen: ReadonlyMap<NodeKind, Json>,
  recorded: Recorded,
): void {
  const embedded = seen.get("embedded") ?? null;
  const live = seen.get("lightningd");
  const lightningd = live ?? recorded.get(task.name);
  if (lightningd === undefined) return;
  const found = faults(title, embedded, lightningd, live === undefined || isOurRelease());
  if (live !== undefined && isOurRelease() && !recorded.agrees(task.name, live)) {
    found.push("  what lightningd shows is not what is recorded: CLN_DEV_RECORD=1 records it");
  }
  if (found.length === 0) return;
  if (task.meta.conformance !== undefined) task.meta.conformance.embedded = "differs";
  throw plainError(`the nodes differ:\n${found.join("\n")}`);
}

/** Without a stack: it would only show this file. */
function plainError(message: string): Error {
  return Object.assign(new Error(message), { stack: "" });
}
