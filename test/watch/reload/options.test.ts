/** The options that a watched plugin is started with: given, taken over, secret. */
import { describe, expect, it } from "vitest";
import { callNode } from "../../../src/node/rpc/client.js";
import { ask, startNode } from "../../support/nodes.js";
import { language, writePlugin } from "../../support/plugin.js";
import { Program, run } from "../../support/program.js";
import { sandbox } from "../../support/sandbox.js";

describe("options", () => {
  const options = ["foo_opt", "bar_opt", { name: "many", multi: true }];

  it("given on the command line are set at every reload, and shown at the beginning", async () => {
    const box = sandbox();
    const node = await startNode(box);
    const plugin = writePlugin(box.work, { options });
    const given = ["foo_opt=BAR", "-o", "bar_opt=x=y z"];
    const watch = new Program(box, ["watch", plugin, ...given, node.flag, "--json"]);
    expect((await watch.next("watching")).plugins).toMatchObject([
      { options: ["foo_opt=BAR", "bar_opt=x=y z"] },
    ]);
    await watch.next("reloaded", { cause: "start" });
    writePlugin(box.work, { options, version: "2" });
    await watch.next("reloaded", { cause: "file" });
    expect(await ask(node, "version")).toMatchObject({
      version: "2",
      options: { foo_opt: "BAR", bar_opt: "x=y z" },
    });
  });

  it("of a plugin that runs already are taken over, but for those that are given", async () => {
    const box = sandbox();
    const node = await startNode(box);
    const plugin = writePlugin(box.work, { options });
    const start =
      '{"subcommand":"start","plugin":PLUGIN,"foo_opt":"old","bar_opt":"old","many":"a"}';
    await callNode(
      node.rpcFile,
      "plugin",
      JSON.parse(start.replace("PLUGIN", JSON.stringify(plugin))),
    );
    const watch = new Program(box, ["watch", plugin, "bar_opt=new", node.flag, "--json"]);
    const kept = { takenOver: ["foo_opt", "many"] };
    expect(await watch.next("reloaded")).toMatchObject(kept);
    const wanted = { options: { foo_opt: "old", bar_opt: "new", many: ["a"] } };
    expect(await ask(node, "version")).toMatchObject(wanted);
    writePlugin(box.work, { options, version: "2" });
    expect(await watch.next("reloaded")).toMatchObject(kept);
    expect(await ask(node, "version")).toMatchObject({ ...wanted, version: "2" });
  });

  it("that are secret are shown nowhere", async () => {
    const box = sandbox();
    const node = await startNode(box);
    const plugin = writePlugin(box.work, { options: ["api-token"] });
    const args = ["watch", plugin, "api-token=geheim", node.flag];
    for (const form of [["--json"], ["--verbose"]]) {
      const watch = new Program(box, [...args, ...form]);
      await watch.prints(/reloaded|started in/);
      const { stdout, stderr } = await watch.end();
      expect(stdout).toContain("api-token=***");
      expect(stdout + stderr).not.toContain("geheim");
    }
    expect(await ask(node, "version")).toMatchObject({ options: { "api-token": "geheim" } });
  });

  it("that are secret are hidden in what the node, the plugin and a call say of them", async () => {
    const box = sandbox();
    const node = await startNode(box);
    const number = { name: "api-token", type: "int" };
    const plugin = writePlugin(box.work, { options: [number] });
    const args = ["watch", plugin, "api-token=geheim", "--call", "version", node.flag, "--json"];
    const watch = new Program(box, args);
    expect(await watch.next("failed")).toMatchObject({
      message: expect.stringContaining("'***' is not a number"),
    });
    const restart = await run(box, ["restart"]);
    expect(restart).toMatchObject({ code: 1, stdout: expect.stringContaining("'***'") });
    writePlugin(box.work, { options: ["api-token"], onInit: language.fails("geheim is no good") });
    await watch.next("failed", { phase: "start" });
    writePlugin(box.work, { options: ["api-token"], version: "2" });
    await watch.next("called", { ok: true });
    const { stdout, stderr } = await watch.end();
    expect(stdout + stderr + restart.stdout + restart.stderr).not.toContain("geheim");
  });
});

describe("secrets that are taken over", () => {
  it("are hidden in what the plugin logs and answers", async () => {
    const box = sandbox();
    const node = await startNode(box);
    const plugin = writePlugin(box.work, { options: ["api-token"] });
    await callNode(node.rpcFile, "plugin", {
      subcommand: "start",
      plugin,
      "api-token": "geheim",
    });
    const args = ["watch", plugin, "--call", "version", node.flag, "--json"];
    const watch = new Program(box, args);
    expect(await watch.next("called", { ok: true })).toMatchObject({
      result: expect.stringMatching(/"api-token": ?"\*\*\*"/),
    });
    expect(watch.stdout).not.toContain("geheim");
  });
});
