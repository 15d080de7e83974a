/** The folders that a plugin lies in go, and others come in their place. */
import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { ask, liveVersion, startNode, type TestNode } from "../../support/nodes.js";
import { language, writePlugin } from "../../support/plugin.js";
import { Program } from "../../support/program.js";
import { sandbox } from "../../support/sandbox.js";
import { until } from "../../support/until.js";

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

describe("the folder of a plugin's modules", () => {
  const helperOf = (box: { work: string }) => join(box.work, `lib/helper${language.extension}`);
  const isLive = (node: TestNode, version: string) => async () => {
    const answer = await ask(node, "version").catch(() => ({ modules: undefined }));
    return JSON.stringify(answer.modules) === JSON.stringify({ helper: version });
  };
  async function watched() {
    const box = sandbox();
    const node = await startNode(box);
    const helper = helperOf(box);
    mkdirSync(dirname(helper));
    writeFileSync(helper, language.module("1"));
    const plugin = writePlugin(box.work, { modules: ["helper"] });
    const watch = new Program(box, ["watch", plugin, node.flag, "--json"]);
    await watch.next("reloaded", { cause: "start" });
    return { node, helper, watch };
  }

  it("is watched as before where it is removed and made anew at once", async () => {
    const { node, helper } = await watched();
    for (const version of ["2", "3", "4", "5"]) {
      rmSync(dirname(helper), { recursive: true });
      mkdirSync(dirname(helper));
      writeFileSync(helper, language.module(version));
      await until(`version ${version}`, isLive(node, version));
      writeFileSync(helper, language.module(`${version}, changed`));
      await until(`version ${version}, changed`, isLive(node, `${version}, changed`));
    }
  });

  it("may be renamed, and be put back as it was", async () => {
    const { node, helper, watch } = await watched();
    const folder = dirname(helper);
    writeFileSync(helper, language.module("2"));
    await until("the save", isLive(node, "2"));
    renameSync(folder, `${folder}.away`);
    await watch.next("failed");
    renameSync(`${folder}.away`, folder);
    await until("what was put back", isLive(node, "2"));
  });
});
