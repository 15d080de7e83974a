/** The folders that a plugin lies in go, and others come in their place. */
import { mkdirSync, renameSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, it } from "vitest";
import { liveVersion, startNode } from "../support/nodes.js";
import { writePlugin } from "../support/plugin.js";
import { Program } from "../support/program.js";
import { sandbox } from "../support/sandbox.js";
import { until } from "../support/until.js";

it("a folder far above the plugin is replaced, of which the system tells nothing", async () => {
  const box = sandbox();
  const node = await startNode(box);
  const project = join(box.work, "project");
  const folder = join(project, "src/plugins");
  mkdirSync(folder, { recursive: true });
  const plugin = writePlugin(folder);
  const watch = new Program(box, ["watch", plugin, node.flag, "--json"]);
  await watch.next("reloaded", { cause: "start" });
  renameSync(project, `${project}.old`);
  mkdirSync(dirname(plugin), { recursive: true });
  writePlugin(folder, { version: "another" });
  await watch.next("reloaded", { cause: "file" });
  expect(await liveVersion(node)).toBe("another");
  writePlugin(folder, { version: "saved there" });
  const live = () => liveVersion(node).catch(() => undefined);
  await until("the save", async () => (await live()) === "saved there");
});
