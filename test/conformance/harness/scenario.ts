/**
 * Scenarios: written once, run on each kind of node that is here, each asserting the facts literally;
 * then what they observed on the two is compared. The scenarios of a test file share one node of each
 * kind, as starting a lightningd takes a while.
 */
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, it, type TestContext } from "vitest";
import { EMBEDDED_VERSION } from "../../../src/embedded/node.js";
import { KNOWN_DIFFERENCES } from "../known-differences.js";
import { startEmbedded } from "../nodes/embedded.js";
import { installed } from "../nodes/installed.js";
import { startLightningd } from "../nodes/lightningd.js";
import type { NodeKind, NodeStart, RunningNode } from "../nodes/node-kind.js";
import { type Difference, differences } from "./difference.js";
import { type Json, show } from "./json.js";
import { NodeUnderTest } from "./node-under-test.js";
import { findPython } from "./python.js";
import "./table-row.js";

/** What a scenario saw: compared between the nodes, so without anything that differs by itself. */
type Run = (node: NodeUnderTest) => Promise<Json>;

interface Needs {
  /** The first release of lightningd that does this: `23.08`. */
  readonly since?: string;
  /** Takes the 120 s or 30 s of lightningd's own timeouts: there only with CLN_DEV_SLOW=1. */
  readonly slow?: boolean;
}

const SLOW_MS = 280_000;
/** What is shown of a value in an error. */
const MAX_SHOWN = 1_000;

export type Scenario = (name: string, run: Run, needs?: Needs) => void;

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
    define((name, run, needs = {}) => {
      const limit = needs.slow && process.env.CLN_DEV_SLOW ? SLOW_MS : 20_000;
      it(name, { timeout: limit }, async ({ task }) => {
        await runOnAll(`${title}: ${name}`, task, run, needs);
      });
    });
  });
}

interface SharedNode {
  readonly kind: NodeKind;
  run(run: Run): Promise<Json>;
  end(): Promise<void>;
}

/** One node for all scenarios of the file, started when first wanted, and anew if one ended it. */
function sharedNode(
  kind: NodeKind,
  start: (options: NodeStart) => Promise<RunningNode>,
): SharedNode {
  let running: RunningNode | undefined;
  return {
    kind,
    run: async (run) => {
      running ??= await start({});
      const folder = mkdtempSync(join(realpathSync(tmpdir()), "cln-conf-s-"));
      const node = new NodeUnderTest(running, folder, start);
      try {
        return await run(node);
      } finally {
        const problem = await cleanUp(node);
        rmSync(folder, { recursive: true, force: true });
        if (problem !== undefined) {
          await running.end();
          running = undefined;
          // biome-ignore lint/correctness/noUnsafeFinally: what harms the next scenario comes first
          throw new Error(problem);
        }
      }
    },
    end: async () => running?.end(),
  };
}

/** @returns why the node cannot serve the next scenario, if so */
async function cleanUp(node: NodeUnderTest): Promise<string | undefined> {
  try {
    await node.cleanUp();
  } catch (error) {
    return `the scenario left something behind: ${messageOf(error)}`;
  }
  const { running } = node;
  return running.hasEnded() ? `the shared node ended: ${running.stderr()}` : undefined;
}

async function runOnAll(
  title: string,
  task: TestContext["task"],
  run: Run,
  needs: Needs,
): Promise<void> {
  task.meta.conformance = { embedded: "failed", lightningd: whySkipped(needs) ?? "failed" };
  const row = task.meta.conformance;
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
  if (!seen.has("lightningd")) return;
  const unwanted = unexplained(title, differences(seen.get("embedded"), seen.get("lightningd")));
  if (unwanted.length === 0) return;
  row.embedded = "differs";
  throw plainError(`the nodes differ:\n${unwanted.join("\n")}`);
}

/** Without a stack: it would only show this file. */
function plainError(message: string): Error {
  return Object.assign(new Error(message), { stack: "" });
}

function whySkipped({ since, slow }: Needs): string | undefined {
  if (installed === undefined) return "not here";
  if (since !== undefined && numberOf(installed.version) < numberOf(since)) {
    return `before v${since}`;
  }
  return slow && !process.env.CLN_DEV_SLOW ? "slow: CLN_DEV_SLOW=1" : undefined;
}

/** `v23.08.1` as 2308: what a scenario needs is a release, never a point release. */
function numberOf(version: string): number {
  const [, year, month] = /(\d+)\.(\d+)/.exec(version) ?? [];
  return year === undefined ? Number.POSITIVE_INFINITY : Number(year) * 100 + Number(month);
}

/** Is it the release that the embedded node follows? */
function isOurRelease(): boolean {
  return installed !== undefined && numberOf(installed.version) === numberOf(EMBEDDED_VERSION);
}

function unexplained(title: string, found: readonly Difference[]): string[] {
  const known = KNOWN_DIFFERENCES.filter(({ scenario }) => scenario === title);
  const covers = (path: string, difference: Difference) =>
    path === "" || difference.path === path || difference.path.startsWith(`${path}.`);
  const lines = found
    .filter((difference) => !known.some(({ path }) => covers(path, difference)))
    .map(
      ({ path, embedded, lightningd }) =>
        `  ${path}\n    embedded:   ${show(embedded)}\n    lightningd: ${show(lightningd)}`,
    );
  // Another release may have mended what is listed.
  const gone = (isOurRelease() ? known : [])
    .filter(({ path }) => !found.some((difference) => covers(path, difference)))
    .map(({ path }) => `  ${path}: listed as a known difference, but there is none`);
  return [...lines, ...gone];
}

/** The message, the line of the scenario, and what an assertion had expected. */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const frames = (error.stack ?? "").split("\n").filter((line) => line.includes("/scenarios/"));
  const sides = ["expected", "actual"]
    .filter((side) => side in error)
    .map((side) => `  ${side}: ${JSON.stringify(Reflect.get(error, side))?.slice(0, MAX_SHOWN)}`);
  return [error.message, ...sides, ...frames].join("\n");
}
