/** The suite's own parts: that a difference is found, and that the two nodes can be distinguished. */
import { mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { differences } from "./harness/difference.js";
import { normaliser } from "./harness/normalise.js";
import { sharedNode } from "./harness/shared-node.js";
import { startEmbedded } from "./nodes/embedded.js";
import { installed } from "./nodes/installed.js";
import { startLightningd } from "./nodes/lightningd.js";
import type { RunningNode } from "./nodes/node-kind.js";
import { RELEASE_DIFFERENCES } from "./release-differences.js";

describe("differences", () => {
  it("finds none between equals, whatever the order of keys", () => {
    expect(differences({ a: [1, { b: null }], c: "x" }, { c: "x", a: [1, { b: null }] })).toEqual(
      [],
    );
  });

  it.each([
    ["a value", { a: { b: 1 } }, { a: { b: 2 } }, "a.b"],
    ["a missing field", { a: {} }, { a: { b: 2 } }, "a.b"],
    ["a field too many", { a: [{ b: 1 }] }, { a: [{}] }, "a.0.b"],
    ["the length of an array", { a: [1] }, { a: [1, 2] }, "a.1"],
    ["a type", { a: "1" }, { a: 1 }, "a"],
    ["an array for an object", { a: [] }, { a: {} }, "a"],
    ["null for nothing", { a: null }, {}, "a"],
    ["the whole", 1, 2, ""],
  ])("names the place of %s", (_, embedded, lightningd, path) => {
    expect(differences(embedded, lightningd).map((difference) => difference.path)).toEqual([path]);
  });
});

describe("a node that cannot be tested", () => {
  /** One whose log is not where it should be. */
  async function withoutLog(started: RunningNode[]): Promise<RunningNode> {
    const node = { ...(await startEmbedded()), logFile: "/no/such/log" };
    started.push(node);
    return node;
  }
  let temp: string;
  beforeEach(() => {
    temp = mkdtempSync(join(realpathSync(tmpdir()), "cln-conf-t-"));
    vi.stubEnv("TMPDIR", temp);
    onTestFinished(() => {
      vi.unstubAllEnvs();
      rmSync(temp, { recursive: true });
    });
  });

  it("leaves nothing behind", async () => {
    const started: RunningNode[] = [];
    const shared = sharedNode("embedded", () => withoutLog(started));
    for (let times = 0; times < 2; times++) {
      await expect(shared.run(async () => null)).rejects.toThrow("/no/such/log");
    }
    await shared.end();
    expect(started.map((node) => node.hasEnded())).toEqual([true, true]);
    expect(readdirSync(temp)).toEqual([]);
  });

  it("nor does a scenario's own", async () => {
    const started: RunningNode[] = [];
    const shared = sharedNode("embedded", async () => {
      if (started.length > 0) return withoutLog(started);
      const node = await startEmbedded();
      started.push(node);
      return node;
    });
    await expect(shared.run(async (node) => (await node.fresh()).list())).rejects.toThrow(
      "/no/such/log",
    );
    expect(started.map((node) => node.hasEnded())).toEqual([false, true]);
    await shared.end();
    expect(readdirSync(temp)).toEqual([]);
  });
});

describe("the nodes", () => {
  it("are what they say: the embedded one", async () => {
    const node = await startEmbedded();
    try {
      const same = normaliser(node, "/folder");
      expect(same(`${node.rpcFile} of /folder/p.py, ${node.version}, "x/cln:init#17"`)).toBe(
        '<network-dir>/lightning-rpc of <folder>/p.py, <version>, "x/cln:init#N"',
      );
      expect(node.hasEnded()).toBe(false);
    } finally {
      await node.end();
    }
    expect(node.hasEnded()).toBe(true);
  });

  it.skipIf(installed === undefined)(
    "lightningd and lightning-cli are on PATH: each scenario runs on both nodes",
    async () => {
      const node = await startLightningd();
      try {
        expect(node.version).toBe(installed?.version);
        expect(node.ownPluginFolders.length).toBeGreaterThan(0);
      } finally {
        await node.end();
      }
      expect(node.hasEnded()).toBe(true);
    },
  );
});

describe("the differences of other releases", () => {
  it("are of scenarios that there are", () => {
    const missing = RELEASE_DIFFERENCES.flatMap(({ scenarios }) => scenarios).filter((title) => {
      const [topic = "", ...name] = title.split(": ");
      const recorded = readFileSync(
        join(import.meta.dirname, "recorded", `${topic.replaceAll(" ", "-")}.jsonl`),
        "utf8",
      );
      return !recorded.includes(`{"scenario":${JSON.stringify(name.join(": "))},`);
    });
    expect(missing).toEqual([]);
  });
});
