/** Settings that are edited while the watch runs. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { ask, startNode } from "../support/nodes.js";
import { language, writePlugin } from "../support/plugin.js";
import { Program, run } from "../support/program.js";
import { sandbox } from "../support/sandbox.js";

const options = ["foo_opt", "bar_opt", "api-token"];

async function watched(settings: object) {
  const box = sandbox();
  const node = await startNode(box);
  const plugin = writePlugin(box.work, { options });
  const file = join(box.work, "package.json");
  const save = (value: unknown) => writeFileSync(file, JSON.stringify({ "cln-dev": value }));
  const path = plugin.slice(box.work.length + 1);
  save({ path, ...settings });
  const watch = new Program(box, ["watch", node.flag, "--json"]);
  expect(await watch.next("watching")).toMatchObject({ settings: file });
  await watch.next("reloaded", { cause: "start" });
  return { box, node, plugin, file, path, save, watch };
}

it("other options are reported, and used by one reload and all that follow", async () => {
  const { box, node, path, save, watch } = await watched({
    options: { foo_opt: "BAR", "api-token": "geheim" },
  });
  save({ path, options: { foo_opt: "BAAAR", "api-token": "andere" } });
  expect(await watch.next("notice")).toMatchObject({
    level: "info",
    message: "package.json has changed: foo_opt=BAAAR (was BAR); api-token=*** (was ***)",
  });
  expect(await watch.outcome()).toMatchObject({ event: "reloaded", cause: "settings" });
  const live = { options: { foo_opt: "BAAAR", "api-token": "andere" } };
  expect(await ask(node, "version")).toMatchObject(live);
  writePlugin(box.work, { options, version: "2" });
  expect(await watch.outcome()).toMatchObject({ event: "reloaded", cause: "file" });
  expect(await ask(node, "version")).toMatchObject({ version: "2", ...live });
  // What a command has set stays, unless the file changes it.
  expect((await run(box, ["restart", "bar_opt=by hand"])).code).toBe(0);
  save({ path });
  await watch.next("notice", { message: "package.json has changed: -foo_opt; -api-token" });
  expect(await watch.outcome()).toMatchObject({ event: "reloaded", cause: "settings" });
  expect((await ask(node, "version")).options).toEqual({ bar_opt: "by hand" });
});

it("other files are watched, and other calls are made", async () => {
  const { box, path, save, watch } = await watched({ only: [] });
  const helper = join(box.work, `helper${language.extension}`);
  const data = join(box.work, "data.yml");
  save({ path, watch: ["data.yml"], ignore: ["helper*"], call: "version" });
  expect(await watch.next("notice")).toMatchObject({
    message: `package.json has changed: watch: ${data}; ignore: helper*; call: version`,
  });
  await watch.next("reloaded", { cause: "settings" });
  await watch.next("called", { call: "version" });
  writeFileSync(helper, "\n");
  writeFileSync(data, "a: 1\n");
  expect(await watch.outcome()).toMatchObject({ event: "reloaded", files: [data] });
});

it("a broken file is reported, and the settings stay as they were", async () => {
  const { box, file, plugin, path, save, watch } = await watched({ options: { foo_opt: "BAR" } });
  writeFileSync(file, '{ "cln-dev": { "path"');
  expect(await watch.next("notice")).toMatchObject({
    level: "warn",
    message: expect.stringMatching(/package\.json:1:.* keeping the previous settings$/),
  });
  save({ path, options: 5 });
  await watch.next("notice");
  writePlugin(box.work, { options, version: "2" });
  expect(await watch.outcome()).toMatchObject({ event: "reloaded", files: [plugin] });
  save({ plugins: [{ path, options: { foo_opt: "BAR" } }, "another.py"] });
  expect(await watch.next("notice")).toMatchObject({
    message: "package.json: the list of plugins changed; restart the watch to apply this",
  });
});

it(".gitignore: what it leaves out from now on does not reload, and what it no longer does, does", async () => {
  const { box, watch } = await watched({});
  const helper = join(box.work, `helper${language.extension}`);
  const other = join(box.work, `other${language.extension}`);
  const gitignore = join(box.work, ".gitignore");
  writeFileSync(gitignore, "helper*\n");
  await watch.next("notice", {
    message: `${gitignore} has changed: files that it ignores are not watched`,
  });
  writeFileSync(helper, "\n");
  expect(await watch.next("notice")).toMatchObject({
    message: `${helper} does not reload the plugin: ${gitignore} ignores it (--watch adds it)`,
  });
  writeFileSync(other, "\n");
  expect(await watch.outcome()).toMatchObject({ event: "reloaded", files: [other] });
  writeFileSync(gitignore, "");
  expect(await watch.outcome()).toMatchObject({ event: "reloaded", files: [helper] });
});
