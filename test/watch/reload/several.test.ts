/** Several plugins, on several nodes, in one folder. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ask, liveVersion, startNode } from "../../support/nodes.js";
import { language, writePlugin } from "../../support/plugin.js";
import { Program } from "../../support/program.js";
import { sandbox } from "../../support/sandbox.js";

describe("several plugins and nodes", () => {
  it("each plugin on each node has its own outcome, and one that fails holds up no other", async () => {
    const box = sandbox();
    const nodes = [await startNode(box), await startNode(box)];
    const flags = nodes.map((node) => node.flag);
    const one = writePlugin(box.folder("work/one"), { options: ["foo"], methods: ["one"] });
    const second = { methods: ["two"], version: null };
    const two = writePlugin(box.folder("work/two"), second);
    writeFileSync(
      join(box.work, "package.json"),
      JSON.stringify({
        "cln-dev": {
          plugins: [{ path: `one/plugin${language.extension}`, options: { foo: "bar" } }, two],
        },
      }),
    );
    const watch = new Program(box, ["watch", ...flags, "--json"]);
    for (let count = 0; count < 4; count++) await watch.next("reloaded");
    const targets = watch.events
      .filter(({ event }) => event === "reloaded")
      .map(({ path, node }) => `${path} ${node}`);
    expect(new Set(targets)).toEqual(
      new Set([one, two].flatMap((path) => nodes.map(({ rpcFile }) => `${path} ${rpcFile}`))),
    );
    for (const node of nodes) {
      expect(await ask(node, "version")).toMatchObject({ options: { foo: "bar" } });
    }

    writePlugin(join(box.work, "two"), { ...second, start: language.fails("two") });
    await watch.next("failed", { path: two });
    await watch.next("failed", { path: two });
    writePlugin(join(box.work, "one"), { options: ["foo"], methods: ["one"], version: "2" });
    expect(await watch.outcome()).toMatchObject({ event: "reloaded", path: one });
    expect(await watch.outcome()).toMatchObject({ event: "reloaded", path: one });
    for (const node of nodes) expect(await liveVersion(node)).toBe("2");
  });
});

it("plugins that share a folder do not reload each other; what they share reloads both", async () => {
  const box = sandbox();
  const node = await startNode(box);
  const one = writePlugin(box.work, { methods: ["one"] }, "one");
  const second = { methods: ["two"], version: null };
  const two = writePlugin(box.work, second, "two");
  const watch = new Program(box, ["watch", one, two, node.flag, "--json"]);
  await watch.outcome();
  await watch.outcome();
  writePlugin(box.work, { methods: ["one"] }, "one");
  expect(await watch.outcome()).toMatchObject({ path: one, files: [one] });
  writePlugin(box.work, second, "two");
  expect(await watch.outcome()).toMatchObject({ path: two, files: [two] });
  const helper = join(box.work, `helper${language.extension}`);
  writeFileSync(helper, language.module("1"));
  const paths = [await watch.outcome(), await watch.outcome()].map(({ path, files }) => {
    expect(files).toEqual([helper]);
    return path;
  });
  expect(new Set(paths)).toEqual(new Set([one, two]));
  // One that comes back while the other is away has not taken its methods away.
  await watch.end();
  expect(watch.events.filter(({ event }) => event === "manifest")).toEqual([]);
});

it("the options that a version changes are told also of plugins that were started together", async () => {
  const box = sandbox();
  const node = await startNode(box);
  const parts = { one: { methods: ["one"] }, two: { methods: ["two"], version: null } };
  const one = writePlugin(box.folder("a"), parts.one, "one");
  const two = writePlugin(box.folder("b"), parts.two, "two");
  const watch = new Program(box, ["watch", one, two, "--call", "help", node.flag, "--json"]);
  // What they show has been read before the calls are made.
  await watch.next("called");
  await watch.next("called");
  writeFileSync(
    one,
    language.plugin({ ...parts.one, options: [{ name: "opt_one", default: "x" }] }),
  );
  expect(await watch.next("manifest")).toMatchObject({ path: one, added: ["option opt_one"] });
  writeFileSync(
    two,
    language.plugin({ ...parts.two, options: [{ name: "opt_two", default: "x" }] }),
  );
  expect(await watch.next("manifest")).toMatchObject({ path: two, added: ["option opt_two"] });
  await watch.end();
});
