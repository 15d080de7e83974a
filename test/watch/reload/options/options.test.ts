/** The options that a watched plugin is started with: given, taken over, secret. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { callNode } from "../../../../src/node/rpc/client.js";
import { ask, startNode } from "../../../support/nodes.js";
import { language, writePlugin } from "../../../support/plugin.js";
import { Program, run } from "../../../support/program.js";
import { sandbox } from "../../../support/sandbox.js";

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

  it("that the config sets and the new version dropped would end the node: it is not sent", async () => {
    const box = sandbox();
    const lightningDir = box.folder();
    const plugin = writePlugin(box.work, { options });
    const config = `network=regtest\nplugin=${plugin}\nbar_opt=from-config\n`;
    writeFileSync(join(lightningDir, "config"), config);
    const node = await startNode(box, { lightningDir });
    const watch = new Program(box, ["watch", plugin, "foo_opt=BAR", node.flag, "--json"]);
    await watch.next("reloaded", { cause: "start" });
    writePlugin(box.work, { options: ["foo_opt"], version: "2" });
    expect(await watch.outcome()).toMatchObject({
      event: "failed",
      phase: "check",
      message: "lightningd would crash",
      reason: expect.stringMatching(/no longer declares bar_opt \(set in \S+config:3\)/),
      running: true,
    });
    expect(await ask(node, "version")).toMatchObject({ version: "1" });
    // Named in the code or not: without such an option nothing is tried before.
    writePlugin(box.work, { options, version: "3" });
    await watch.next("reloaded", { cause: "file" });
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
    const kept = { takenOver: ["foo_opt=old", "many=a"] };
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

describe("a plugin that somebody else stops and starts between two looks", () => {
  const options = ["foo_opt", "bar_opt"];

  it("keeps the options that it then has, and that is reported", async () => {
    const box = sandbox();
    const node = await startNode(box);
    const plugin = writePlugin(box.work, { options });
    const watch = new Program(box, ["watch", plugin, "bar_opt=ours", node.flag, "--json"]);
    await watch.outcome();
    await callNode(node.rpcFile, "plugin", ["stop", plugin]);
    const start = { subcommand: "start", plugin, foo_opt: "B5", bar_opt: "theirs" };
    await callNode(node.rpcFile, "plugin", start);
    writePlugin(box.work, { options, version: "2" });
    const { message } = await watch.next("notice", { level: "warn" });
    expect(message).toBe(
      `plugin${language.extension} was started outside this session: foo_opt=B5 is kept; bar_opt=theirs is replaced by ours, as given to this session`,
    );
    expect(await watch.outcome()).toMatchObject({ event: "reloaded", takenOver: ["foo_opt=B5"] });
    expect(await ask(node, "version")).toMatchObject({
      options: { foo_opt: "B5", bar_opt: "ours" },
    });
    // From now on it is this session's start again.
    writePlugin(box.work, { options, version: "3" });
    await watch.next("reloaded");
    expect(watch.events.filter(({ event }) => event === "notice")).toHaveLength(1);
  });

  it("loses an option that it is started without", async () => {
    const box = sandbox();
    const node = await startNode(box);
    const plugin = writePlugin(box.work, { options });
    const start = { subcommand: "start", plugin };
    await callNode(node.rpcFile, "plugin", { ...start, foo_opt: "B1" });
    const watch = new Program(box, ["watch", plugin, node.flag, "--json"]);
    expect(await watch.outcome()).toMatchObject({ takenOver: ["foo_opt=B1"] });
    await callNode(node.rpcFile, "plugin", ["stop", plugin]);
    await callNode(node.rpcFile, "plugin", start);
    writePlugin(box.work, { options, version: "2" });
    expect(await watch.outcome()).toMatchObject({ event: "reloaded", takenOver: [] });
  });
});
