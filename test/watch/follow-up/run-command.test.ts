/** `--run`: a command after each good reload, ended by the next save. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { startNode } from "../../support/nodes.js";
import { language, writePlugin } from "../../support/plugin.js";
import { isAlive, pidIn } from "../../support/processes.js";
import { Program } from "../../support/program.js";
import { sandbox } from "../../support/sandbox.js";
import { until } from "../../support/until.js";

it("is run with the node and the plugin in its environment, and its result is reported", async () => {
  const box = sandbox();
  const node = await startNode(box);
  const plugin = writePlugin(box.work);
  const command = 'echo "$CLN_DEV_RPC_FILE $CLN_DEV_LIGHTNING_DIR $CLN_DEV_PLUGIN"; test ! -e bad';
  const watch = new Program(box, ["watch", plugin, node.flag, "--json", "--run", command]);
  expect(await watch.next("ran")).toMatchObject({
    plugin: `plugin${language.extension}`,
    ok: true,
    output: `${node.rpcFile} ${node.lightningDir} ${plugin}`,
  });
  writePlugin(box.work, { version: "2", start: language.writes("bad") });
  expect(await watch.next("ran")).toMatchObject({ ok: false, ending: "exit code 1" });
  writePlugin(box.work, { start: language.fails("broken") });
  await watch.next("failed");
  expect(watch.events.filter(({ event }) => event === "ran")).toHaveLength(2);
});

it("is ended by the next save", async () => {
  const box = sandbox();
  const node = await startNode(box);
  const plugin = writePlugin(box.work);
  const file = join(box.folder(), "pid");
  const command = `echo $$ >> ${file}; exec sleep 1000`;
  const watch = new Program(box, ["watch", plugin, node.flag, "--json", "--run", command]);
  await until("the command", () => existsSync(file) && readFileSync(file, "utf8").includes("\n"));
  const first = pidIn(file);
  const { message } = await watch.next("notice");
  expect(message).toMatch(/sleep 1000 is still running after 5 s: it has printed nothing$/);
  writePlugin(box.work, { version: "2" });
  await watch.next("reloaded", { cause: "file" });
  await until("the end of the first", () => !isAlive(first));
  await until("the second", () => readFileSync(file, "utf8").split("\n").length === 3);
  await watch.end();
  expect(watch.events.some(({ event }) => event === "ran")).toBe(false);
});
