/** The node that the scenarios of a test file share, as starting a lightningd takes a while. */
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { NodeKind, NodeStart, RunningNode } from "../nodes/node-kind.js";
import type { Json } from "./json.js";
import { messageOf } from "./message-of.js";
import { NodeUnderTest } from "./node-under-test.js";

/** What a scenario saw: compared between the nodes, so without anything that differs by itself. */
export type Run = (node: NodeUnderTest) => Promise<Json>;

export interface SharedNode {
  readonly kind: NodeKind;
  run(run: Run): Promise<Json>;
  end(): Promise<void>;
}

/** One node for all scenarios of the file, started when first wanted, and again if a scenario ended it. */
export function sharedNode(
  kind: NodeKind,
  start: (options: NodeStart) => Promise<RunningNode>,
): SharedNode {
  let running: RunningNode | undefined;
  return {
    kind,
    run: async (run) => {
      running ??= await start({});
      const folder = mkdtempSync(join(realpathSync(tmpdir()), "cln-conf-s-"));
      let isFit = false;
      try {
        const node = new NodeUnderTest(running, folder, start);
        try {
          return await run(node);
        } finally {
          const problem = await cleanUp(node);
          isFit = problem === undefined;
          // biome-ignore lint/correctness/noUnsafeFinally: what harms the next scenario comes first
          if (problem !== undefined) throw new Error(problem);
        }
      } finally {
        rmSync(folder, { recursive: true, force: true });
        if (!isFit) {
          const unfit = running;
          running = undefined;
          await unfit.end();
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
