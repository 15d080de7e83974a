/** Python's bytecode cache goes by whole seconds and sizes: the code that runs is the code that was saved. */
import { existsSync, mkdirSync, readdirSync, renameSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { findPython } from "../../../conformance/harness/python.js";
import { ask, startNode, type TestNode } from "../../../support/nodes.js";
import { language, writePlugin } from "../../../support/plugin.js";
import { Program, run } from "../../../support/program.js";
import { type Sandbox, sandbox } from "../../../support/sandbox.js";

let box: Sandbox;
beforeEach(() => {
  box = sandbox();
});

/** A time stamp of long ago, to the second: as `cp -p` and `rsync -t` leave it. */
const STAMP = 1_700_000_000;

function helper(): string {
  return join(box.work, "lib/helper.py");
}

/** The same size and the same time stamp, whatever the version. */
function putBack(version: string): void {
  writeFileSync(`${helper()}.tmp`, language.module(version));
  utimesSync(`${helper()}.tmp`, STAMP, STAMP);
  renameSync(`${helper()}.tmp`, helper());
}

async function liveModule(node: TestNode): Promise<unknown> {
  const { modules } = await ask(node, "version");
  return modules;
}

function makePlugin(): string {
  mkdirSync(join(box.work, "lib"));
  putBack("1");
  return writePlugin(box.work, { modules: ["helper"] });
}

describe.skipIf(findPython() === undefined)("a module of a Python plugin", () => {
  it.each([
    ["plainly", [], {}],
    ["with --safe", ["--safe"], {}],
    ["with a build step", ["--build", "true"], {}],
    ["with the cache elsewhere", [], { PYTHONPYCACHEPREFIX: "cache" }],
  ])("that is put back with its old time stamp runs as it is, %s", async (_, flags, env) => {
    const prefix = "PYTHONPYCACHEPREFIX" in env ? box.folder("cache") : undefined;
    const given = prefix === undefined ? {} : { PYTHONPYCACHEPREFIX: prefix };
    const node = await startNode(box, { env: { ...box.env, ...given } });
    const watch = new Program(box, ["watch", makePlugin(), node.flag, "--json", ...flags]);
    expect(await watch.outcome()).toMatchObject({ event: "reloaded" });
    for (const version of ["2", "3", "2"]) {
      const before = await liveModule(node);
      putBack(version);
      expect(await watch.outcome()).toMatchObject({ event: "reloaded" });
      expect([before, await liveModule(node)]).not.toEqual([before, before]);
      expect(await liveModule(node)).toEqual({ helper: version });
    }
    // Python does cache it: else this test tests nothing.
    const cached = prefix ?? join(box.work, "lib/__pycache__");
    expect(readdirSync(cached, { recursive: true }).join()).toContain("helper.cpython");
  });

  it("that is saved twice in a second runs as it was saved last", async () => {
    const node = await startNode(box);
    const watch = new Program(box, ["watch", makePlugin(), node.flag, "--json"]);
    await watch.outcome();
    for (const version of ["2", "3", "4", "5", "6"]) {
      writeFileSync(helper(), language.module(version));
      await watch.outcome();
      expect(await liveModule(node)).toEqual({ helper: version });
    }
  });

  it("that was put back while nothing watched runs as it is", async () => {
    const node = await startNode(box);
    const plugin = makePlugin();
    expect((await run(box, ["start", plugin, node.flag])).code).toBe(0);
    expect(existsSync(join(box.work, "lib/__pycache__"))).toBe(true);
    putBack("2");
    expect((await run(box, ["start", plugin, node.flag])).code).toBe(0);
    expect(await liveModule(node)).toEqual({ helper: "2" });
  });
});
