/** Many saves that belong together: a checkout, a rebase, a coding agent. */
import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { ask, startNode } from "../../../support/nodes.js";
import { has, language, writePlugin } from "../../../support/plugin.js";
import { Program } from "../../../support/program.js";
import { sandbox } from "../../../support/sandbox.js";

const NAMES = ["a", "b", "c", "d", "e", "f"];

const REFUSES_A_MIXTURE =
  language.name === "python"
    ? `import lib.${NAMES.join(", lib.")}\nassert len({m.VERSION for m in (lib.${NAMES.join(", lib.")})}) == 1`
    : `if (new Set([${NAMES.map((name) => `require("./lib/${name}.js").VERSION`)}]).size > 1) process.exit(1);`;

/** A plugin that starts only if all of its modules have one version. */
async function watched() {
  const box = sandbox();
  const node = await startNode(box);
  const save = (name: string, version: string) =>
    writeFileSync(join(box.work, `lib/${name}${language.extension}`), language.module(version));
  mkdirSync(join(box.work, "lib"));
  for (const name of NAMES) save(name, "1");
  const plugin = writePlugin(box.work, { modules: NAMES, start: REFUSES_A_MIXTURE });
  const watch = new Program(box, ["watch", plugin, node.flag, "--json"]);
  await watch.next("reloaded", { cause: "start" });
  const outcomes = () =>
    watch.events.map(({ event }) => event).filter((event) => /reloaded|failed|refused/.test(event));
  return { box, node, save, watch, outcomes };
}

it("modules that are saved one after another have one outcome, without the failures in between", async () => {
  const { node, save, watch, outcomes } = await watched();
  for (const name of NAMES) {
    save(name, "2");
    // The time between two saves is what is tested.
    await sleep(250);
  }
  await watch.next("reloaded", { cause: "file" });
  expect(outcomes()).toEqual(["reloaded", "reloaded"]);
  expect(await ask(node, "version")).toMatchObject({ modules: { a: "2", f: "2" } });
});

it("a failure is reported when the saves have ended", async () => {
  const { save, watch, outcomes } = await watched();
  for (const name of NAMES.slice(0, 3)) {
    save(name, "2");
    await sleep(250);
  }
  await watch.next("failed", { cause: "file" });
  expect(outcomes()).toEqual(["reloaded", "failed"]);
});

it.skipIf(!has("git"))("a failure waits for git's lock to go, in a worktree as well", async () => {
  const { box, save, watch, outcomes } = await watched();
  const git = (...args: string[]) => execFileSync("git", args, { cwd: box.work, stdio: "pipe" });
  git("init", "-q", "--separate-git-dir", join(box.root, "state"));
  const lock = join(box.root, "state/index.lock");
  writeFileSync(lock, "");
  save("a", "2");
  await watch.next("phase", { phase: "start" });
  await sleep(1_200);
  expect(outcomes()).toEqual(["reloaded"]);
  rmSync(lock);
  await watch.next("failed", { cause: "file" });
});
