/** A plugin, or a build, that writes a watched file at each start is not started for ever. */
import { existsSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { ask, liveVersion, startNode } from "../../../support/nodes.js";
import { language, writePlugin } from "../../../support/plugin.js";
import { Program, run } from "../../../support/program.js";
import { sandbox } from "../../../support/sandbox.js";
import { until } from "../../../support/until.js";

const { extension } = language;
const GENERATED = `generated${extension}`;

it("a plugin that writes a module at each start is reported with the file and what to do", async () => {
  const box = sandbox();
  const node = await startNode(box);
  const start = language.writes(GENERATED);
  const plugin = writePlugin(box.work, { start });
  const watch = new Program(box, ["watch", plugin, node.flag, "--json"]);
  expect(await watch.outcome()).toMatchObject({ event: "reloaded" });
  const { message } = await watch.next("notice", { level: "warn" });
  expect(message).toContain(`${GENERATED} changes at each start`);
  expect(message).toContain(`add --ignore ${GENERATED}`);
  // From now on it is known: one start for each save.
  const count = () => watch.events.filter(({ event }) => event === "reloading").length;
  const before = count();
  writePlugin(box.work, { start, version: "2" });
  expect(await watch.outcome()).toMatchObject({ event: "reloaded" });
  expect(await liveVersion(node)).toBe("2");
  expect((await run(box, ["restart", plugin])).code).toBe(0);
  expect(count()).toBe(before + 2);
});

it("a plugin that writes itself at each start is reported, too", async () => {
  const box = sandbox();
  const node = await startNode(box);
  const write = language.writes(`plugin${extension}`);
  const comment = language.name === "python" ? "#" : "//";
  const plugin = writePlugin(box.work, { start: write.replace("x\\n", `${comment}\\n`) });
  const watch = new Program(box, ["watch", plugin, node.flag, "--json"]);
  expect(await watch.outcome()).toMatchObject({ event: "reloaded" });
  const { message } = await watch.next("notice", { level: "warn" });
  expect(message).toContain("written by the plugin itself");
});

it("two plugins that write each other's modules at their starts come to an end", async () => {
  const box = sandbox();
  const node = await startNode(box);
  const plugin = (stem: string, other: string, version = "1") =>
    writePlugin(
      join(box.work, stem),
      {
        version: null,
        methods: [`${stem}${version}`],
        start: language.writes(`../${other}/for-${other}${extension}`),
      },
      stem,
    );
  const [one, two] = [plugin("a", "b"), plugin("b", "a")];
  const watch = new Program(box, ["watch", one, two, node.flag, "--json"]);
  const { message } = await watch.next("notice", { level: "warn" });
  expect(message).toMatch(/^for-[ab]\.\w+ changes at each start of .* add --ignore for-[ab]\.\w+$/);
  // From now on it is known: a save starts each of them once, at most.
  const count = () => watch.events.filter(({ event }) => event === "reloading").length;
  expect((await run(box, ["restart", two])).code).toBe(0);
  const before = count();
  plugin("a", "b", "2");
  await until("the save runs", () => ask(node, "a2").catch(() => undefined));
  expect((await run(box, ["restart", two])).code).toBe(0);
  expect((await run(box, ["restart", one])).code).toBe(0);
  expect((await run(box, ["restart", two])).code).toBe(0);
  expect(count() - before).toBeLessThanOrEqual(6);
  await watch.end();
});

it("the last of many saves runs, also where each of them fell into a start", async () => {
  const box = sandbox();
  const node = await startNode(box);
  const plugin = writePlugin(box.work);
  const watch = new Program(box, ["watch", plugin, node.flag, "--json"]);
  await watch.outcome();
  const gate = join(box.work, "gate");
  const save = (n: number) =>
    writePlugin(box.work, {
      start: `${language.writes(`started-${n}`)}\n${language.waitsFor(gate)}`,
      version: `save ${n}`,
    });
  save(0);
  // So many supersede a start in a row that the plugin is suspected; the last falls into the test.
  for (let n = 0; n < 6; n++) {
    await until("it is started", () => existsSync(join(box.work, `started-${n}`)));
    save(n + 1);
  }
  writeFileSync(gate, "");
  const isLive = async () => (await liveVersion(node).catch(() => undefined)) === "save 6";
  await until("the last save runs", isLive);
  expect(watch.events.some(({ event }) => event === "notice")).toBe(false);
});

it("a build that writes a module anew with the same content is run once more, and that is all", async () => {
  const box = sandbox();
  const node = await startNode(box);
  const plugin = writePlugin(box.work);
  writeFileSync(join(box.work, "source.txt"), language.module("1"));
  const build = `cp source.txt new.tmp && mv new.tmp ${GENERATED}`;
  const watch = new Program(box, ["watch", plugin, "--build", build, node.flag, "--json"]);
  expect(await watch.outcome()).toMatchObject({ event: "reloaded" });
  const builds = watch.events.filter(({ phase }) => phase === "build");
  expect(builds.length).toBeLessThanOrEqual(2);
  expect(watch.events.some(({ event }) => event === "notice")).toBe(false);
});

it("a build that writes another content each time comes to an end", async () => {
  const box = sandbox();
  const node = await startNode(box);
  const plugin = writePlugin(box.work);
  const build = `date +%s%N > ${GENERATED}`;
  const watch = new Program(box, ["watch", plugin, "--build", build, node.flag, "--json"]);
  expect(await watch.outcome()).toMatchObject({ event: "reloaded" });
  const { message } = await watch.next("notice", { level: "warn" });
  expect(message).toContain(`${GENERATED} changes at each start`);
  // Whether its event comes during the reload or just after it.
  const builds = watch.events.filter(({ phase }) => phase === "build");
  expect(builds.length).toBeLessThan(15);
});

it("a failure is reported although the file's time stamp is ahead of the clock", async () => {
  const box = sandbox();
  const node = await startNode(box);
  const plugin = writePlugin(box.work);
  const watch = new Program(box, ["watch", plugin, node.flag, "--json"]);
  await watch.outcome();
  writePlugin(box.work, { start: language.fails("out of luck") });
  const ahead = Date.now() / 1000 + 3600;
  utimesSync(plugin, ahead, ahead);
  expect(await watch.outcome()).toMatchObject({ event: "failed", phase: "start" });
});
