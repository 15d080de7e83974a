/** `--poll`: the files are asked for, since no events come. */
import { renameSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { liveVersion, startNode } from "../../support/nodes.js";
import { writePlugin } from "../../support/plugin.js";
import { Program } from "../../support/program.js";
import { sandbox } from "../../support/sandbox.js";

it("an older version with as many bytes that is put back is reloaded", async () => {
  const box = sandbox();
  const node = await startNode(box);
  const backup = writePlugin(box.folder("backup"), { version: "1" });
  utimesSync(backup, 1_600_000_000, 1_600_000_000);
  const plugin = writePlugin(box.work, { version: "2" });
  const watch = new Program(box, ["watch", plugin, "--poll", "50", node.flag, "--json"]);
  await watch.next("reloaded", { cause: "start" });
  renameSync(backup, join(box.work, "aside"));
  renameSync(join(box.work, "aside"), plugin);
  await watch.next("reloaded", { cause: "file", files: [plugin] });
  expect(await liveVersion(node)).toBe("1");
});
