/** A call by hand that its plugin did not survive, on a node that nobody watches. */
import { describe, expect, test } from "vitest";
import { diagnoseTerminatedCall, markStderrOf } from "../../../src/diagnose/on-demand.js";
import { callNode } from "../../../src/node/rpc/client.js";
import { RpcError } from "../../../src/node/rpc/errors.js";
import { installed } from "../../conformance/nodes/installed.js";
import { startLightningd } from "../../conformance/nodes/lightningd.js";
import { makeFolder, makePlugin, method, startNode } from "../../embedded/support.js";
import { until } from "../../support/until.js";

const HANDLERS = `{
  dies: () => nosuch(1),
  prints: (_, { id }) => { console.log("so many"); return {}; },
  waits: () => void log("asked to wait"),
}`;

describe.each([
  {
    name: "the embedded node",
    start: async () => ({ ...(await startNode()), end: async () => {} }),
  },
  ...(installed === undefined ? [] : [{ name: "lightningd", start: () => startLightningd() }]),
])("on $name", ({ start }) => {
  test("the plugin is found in the log, and the call repeated offline", async () => {
    const node = { ...(await start()), network: "regtest" };
    try {
      const rpcmethods = ["dies", "prints", "waits"].map((name) => method(name));
      const plugin = makePlugin(makeFolder(), "p.js", { rpcmethods }, HANDLERS);
      const explain = async (name: string, meanwhile = async () => {}) => {
        await callNode(node.rpcFile, "plugin", ["start", plugin]);
        const since = new Date();
        const stderrMark = markStderrOf(node);
        const answer = callNode(node.rpcFile, name, []).catch((error: unknown) => error);
        await meanwhile();
        const error = await answer;
        if (!(error instanceof RpcError)) throw new Error("it survives");
        const call = { node, error, method: name, params: [], since, stderrMark };
        const { signal } = new AbortController();
        return (await diagnoseTerminatedCall({ ...call, signal }))?.reason;
      };
      expect(await explain("dies")).toMatch(/^it crashed at \S+p\.js:\d+: ReferenceError: nosuch/);
      expect(await explain("prints")).toMatch(/^the node ended it: it printed `so many` to stdout/);
      const stop = async () => {
        const isAsked = async () =>
          JSON.stringify(await callNode(node.rpcFile, "getlog", [])).includes("asked to wait");
        await until("the call", isAsked);
        await callNode(node.rpcFile, "plugin", ["stop", plugin]);
      };
      expect(await explain("waits", stop)).toMatch(/^the plugin was stopped or reloaded during/);
    } finally {
      await node.end();
    }
  });
});
