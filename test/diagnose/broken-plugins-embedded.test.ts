/** The broken plugins on the embedded node. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runEmbeddedNode } from "../../src/embedded/node.js";
import { testBrokenPlugins } from "./broken-plugins-harness.js";

testBrokenPlugins({
  name: "the embedded node",
  version: "v26.06.6",
  waitsShortly: true,
  start: async (timeoutMs) => {
    const lightningDir = mkdtempSync(join(tmpdir(), "cln-dev-broken-e-"));
    const patience = timeoutMs === undefined ? {} : { pluginTimeoutMs: timeoutMs };
    const node = await runEmbeddedNode({ lightningDir, ...patience });
    return {
      place: { ...node, network: "regtest" },
      end: async () => {
        await node.close();
        rmSync(lightningDir, { recursive: true, force: true });
      },
    };
  },
});
