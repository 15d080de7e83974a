/**
 * Where HOME is not set, as in a bare container, nothing fails of that, and nothing lands elsewhere;
 * where there is no place for temporary files, that is what is said.
 */
import { readdirSync } from "node:fs";
import { expect, it } from "vitest";
import { liveVersion, startNode } from "../../support/nodes.js";
import { writePlugin } from "../../support/plugin.js";
import { Program, run } from "../../support/program.js";
import { sandbox } from "../../support/sandbox.js";

const env = { HOME: undefined, XDG_CACHE_HOME: undefined };

it("looks for the node where lightning-cli does, and reports that none is there", async () => {
  const box = sandbox();
  const { code, stdout, stderr } = await run(box, ["list"], { env });
  expect({ code, stdout }).toEqual({ code: 3, stdout: "" });
  expect(stderr).toContain(`cln-dev: no node at ${box.work}/bitcoin/lightning-rpc`);
  expect(readdirSync(box.work)).toEqual([]);
});

it("watches a plugin, and is found by restart", async () => {
  const box = sandbox();
  const node = await startNode(box);
  const plugin = writePlugin(box.work);
  const watch = new Program(box, ["watch", plugin, node.flag, "--json"], { env });
  await watch.next("reloaded");
  writePlugin(box.work, { version: "2" });
  await watch.next("reloaded", { cause: "file" });
  expect(await liveVersion(node)).toBe("2");
  expect(await run(box, ["restart"], { env })).toMatchObject({ code: 0 });
  await watch.next("reloaded", { cause: "command" });
  expect(await watch.end()).toMatchObject({ code: 0, stderr: "" });
});

it("names TMPDIR where no temporary folder can be made", async () => {
  const box = sandbox();
  const plugin = writePlugin(box.work);
  const bad = { TMPDIR: "/nonexistent" };
  const { code, stderr } = await run(box, ["watch", plugin, "--embedded"], { env: bad });
  expect(code).toBe(1);
  expect(stderr).toMatch(
    /^cln-dev: cannot create a temporary folder in \/nonexistent: .*\n {2}Set TMPDIR/,
  );
});
