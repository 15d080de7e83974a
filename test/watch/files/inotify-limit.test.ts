/** Where the system gives no more inotify instances: files are polled. Needs a user namespace. */
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { startNode } from "../../support/nodes.js";
import { writePlugin } from "../../support/plugin.js";
import { BIN, Program } from "../../support/program.js";
import { sandbox } from "../../support/sandbox.js";

const NO_INSTANCES = "echo 0 > /proc/sys/user/max_inotify_instances";
const inNamespace = (command: string) => ["-Ur", "sh", "-c", command];
const possible = spawnSync("unshare", inNamespace(NO_INSTANCES)).status === 0;

it.skipIf(!possible)("says so once, and reloads by polling, of several folders, too", async () => {
  const box = sandbox();
  const node = await startNode(box);
  const plugin = writePlugin(box.work);
  for (const folder of ["a", "b"]) mkdirSync(join(box.work, folder));
  const args = ["watch", plugin, "--watch", "a", "--watch", "b", node.flag, "--json"];
  const command = [process.execPath, BIN, ...args].map((word) => `'${word}'`).join(" ");
  const watch = new Program(box, inNamespace(`${NO_INSTANCES}; exec ${command}`), {
    program: "unshare",
  });
  expect(await watch.next("notice")).toMatchObject({ message: expect.stringContaining("inotify") });
  await watch.next("reloaded", { cause: "start" });
  const helper = join(box.work, "b", "helper.py");
  writeFileSync(helper, "VERSION = 1\n");
  await watch.next("reloaded", { cause: "file", files: [helper] });
  expect(watch.events.filter(({ event }) => event === "notice")).toHaveLength(1);
});
