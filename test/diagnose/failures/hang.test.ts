/** A start that hangs because the node asks the plugin about the plugin's own call. */
import { expect, test } from "vitest";
import { explainHang } from "../../../src/diagnose/failures/start.js";
import { callNode } from "../../../src/node/rpc/client.js";
import { inspectPluginFile } from "../../../src/plugin/file/plugin-file.js";
import { makeFolder, makePlugin, startNode } from "../../embedded/support.js";
import { until } from "../../support/until.js";

test("a call of the node in init, and a hook for every call", async () => {
  const node = { ...(await startNode()), network: "regtest" };
  const plugin = makePlugin(
    makeFolder(),
    "p.js",
    { hooks: ["rpc_command"] },
    `{
      init: ({ configuration }, { id }) => {
        const socket = require("node:net").connect(configuration["rpc-file"]);
        socket.write(JSON.stringify({ jsonrpc: "2.0", id: "1", method: "getinfo", params: {} }));
        socket.on("data", () => write({ id, result: {} }));
      },
      rpc_command: () => undefined,
    }`,
  );
  const start = callNode(node.rpcFile, "plugin", ["start", plugin]).catch(() => undefined);
  // The node takes its hook with its manifest; from then on no call is answered any more.
  const asked = { timeoutMs: 100 };
  await until("the plugin is asked", () =>
    callNode(node.rpcFile, "getinfo", {}, asked).then(
      () => false,
      () => true,
    ),
  );
  const file = await inspectPluginFile(plugin);
  const failed = { file, options: [], node, since: new Date(), timeoutMs: 700 };
  const found = await explainHang(failed);
  expect(found?.explanation).toMatchObject({
    id: "waits-for-itself",
    reason: expect.stringContaining("the plugin's own rpc_command hook"),
    fix: expect.stringContaining("Answer init first"),
  });
  await node.close();
  await start;
});
