/** The broken plugins on a real lightningd: it waits 120 s for one that hangs, so those are left out. */
import { describe } from "vitest";
import { installed } from "../conformance/nodes/installed.js";
import { startLightningd } from "../conformance/nodes/lightningd.js";
import { testBrokenPlugins } from "./broken-plugins-harness.js";

describe.skipIf(installed === undefined)("lightningd and lightning-cli are on PATH", () => {
  testBrokenPlugins({
    name: "a real lightningd",
    version: installed?.version ?? "",
    waitsShortly: false,
    start: async () => {
      const node = await startLightningd();
      return { place: { ...node, network: "regtest" }, end: () => node.end() };
    },
  });
});
