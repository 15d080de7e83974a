/** A plugin that the embedded node's config calls important: that node does not end with it. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { liveVersion, startNode } from "../../../support/nodes.js";
import { writePlugin } from "../../../support/plugin.js";
import { Program } from "../../../support/program.js";
import { sandbox } from "../../../support/sandbox.js";

it("is reloaded on the embedded node", async () => {
  const box = sandbox();
  const plugin = writePlugin(box.work);
  const lightningDir = box.folder();
  writeFileSync(join(lightningDir, "config"), `network=regtest\nimportant-plugin=${plugin}\n`);
  const node = await startNode(box, { lightningDir });
  expect(await liveVersion(node)).toBe("1");
  const watch = new Program(box, ["watch", plugin, node.flag, "--json"]);
  expect(await watch.outcome()).toMatchObject({ event: "reloaded" });
  writePlugin(box.work, { version: "2" });
  expect(await watch.outcome()).toMatchObject({ event: "reloaded" });
  expect(await liveVersion(node)).toBe("2");
  await watch.end();
});
