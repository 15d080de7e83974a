/** `cln-dev watch --embedded` beside other commands: which node they mean, and how it ends. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { listed, startNode } from "../../support/nodes.js";
import { writePlugin } from "../../support/plugin.js";
import { Program, run } from "../../support/program.js";
import { sandbox } from "../../support/sandbox.js";

it("--embedded never means the real node of another session", async () => {
  const box = sandbox();
  const node = await startNode(box);
  const plugin = writePlugin(box.work);
  const watch = new Program(box, ["watch", plugin, node.flag, "--json"]);
  await watch.next("reloaded");
  expect(await run(box, ["stop", plugin, "--embedded"])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("no embedded node runs"),
  });
  const elsewhere = `--lightning-dir=${box.folder()}`;
  const stopped = await run(box, ["stop", plugin, "--embedded", elsewhere]);
  expect(stopped).toMatchObject({ code: 3, stderr: expect.stringContaining("no node at") });
  const restarted = await run(box, ["restart", plugin, "--embedded"]);
  expect(restarted.code).toBe(2);
  expect(await listed(node)).toHaveLength(1);
  expect(watch.events.filter(({ event }) => event === "reloaded")).toHaveLength(1);
});

it("finds the embedded node of the session, and the one of a lightning-dir", async () => {
  const box = sandbox();
  const plugin = writePlugin(box.work);
  const dir = `--lightning-dir=${box.folder()}`;
  const watch = new Program(box, ["watch", plugin, "--embedded", dir, "--json"]);
  await watch.next("reloaded");
  for (const args of [[], ["--embedded"], ["--embedded", dir]]) {
    const { code, stdout } = await run(box, ["list", ...args]);
    expect({ code, stdout }).toMatchObject({ code: 0, stdout: expect.stringContaining("watched") });
    expect((await run(box, ["restart", ...args])).code).toBe(0);
  }
});

it("ends when its node is stopped: nothing would bring that back", async () => {
  const box = sandbox();
  const watch = new Program(box, ["watch", writePlugin(box.work), "--embedded"]);
  await watch.prints(/started in/);
  const other = new Program(box, ["watch", writePlugin(box.folder()), "--embedded"]);
  await other.prints(/started in/);
  expect((await other.end()).stdout).toMatch(/ms\nstopped watching\n$/);
  expect((await run(box, ["call", "stop"])).code).toBe(0);
  const { code, stdout } = await watch.ended;
  expect(code).toBe(0);
  expect(stdout).toMatch(/the embedded node was stopped\nstopped watching\n$/);
});

it("may have its control socket under a path of any length", async () => {
  const box = sandbox();
  const node = await startNode(box);
  const runtime = join(box.root, "x".repeat(120));
  mkdirSync(runtime, { mode: 0o700 });
  const env = { XDG_RUNTIME_DIR: runtime };
  const watch = new Program(box, ["watch", writePlugin(box.work), node.flag, "--json"], { env });
  await watch.next("reloaded");
  expect((await run(box, ["restart"], { env })).stdout).toMatch(/reloaded in/);
  await watch.next("reloaded", { cause: "command" });
});

it("reports a --call that mixes key=value and words, and keeps running", async () => {
  const box = sandbox();
  const node = await startNode(box);
  const plugin = writePlugin(box.work);
  const watch = new Program(box, [
    ...["watch", plugin, node.flag, "--call", "version a=1 b", "--call", "version", "--json"],
  ]);
  expect(await watch.next("called")).toMatchObject({ ok: false });
  expect(await watch.next("called")).toMatchObject({ ok: true });
  writePlugin(box.work, { version: "2" });
  await watch.next("reloaded");
  expect(await watch.next("called", { ok: true })).toMatchObject({
    result: expect.stringContaining('"2"'),
  });
});
