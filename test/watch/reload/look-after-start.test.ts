/**
 * The last save wins without any event of it, by the look at the file after the start: as in the
 * commands that watch nothing.
 */
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { liveVersion, startNode } from "../../support/nodes.js";
import { language, writePlugin } from "../../support/plugin.js";
import { Program } from "../../support/program.js";
import { sandbox } from "../../support/sandbox.js";
import { until } from "../../support/until.js";

describe.each(["start", "restart"])("a save during cln-dev %s", (command) => {
  it.each([
    ["works", {}],
    ["fails", { onInit: language.fails("the first version") }],
    ["fails early", { fails: language.fails("the first version") }],
  ])("is live, where the version before it %s, and is the only outcome", async (_, first) => {
    const box = sandbox();
    const node = await startNode(box);
    const [begun, gate] = [join(box.folder(), "begun"), join(box.folder(), "gate")];
    const { fails = "", ...parts } = { fails: "", ...first };
    const start = [language.writesPid(begun), language.waitsFor(gate), fails].join("\n");
    const plugin = writePlugin(box.work, { version: "1", ...parts, start });
    const program = new Program(box, [command, plugin, node.flag, "--json"]);
    await until("the first version", () => existsSync(begun));
    writePlugin(box.work, { version: "2" });
    writeFileSync(gate, "");
    const { code } = await program.ended;
    const steps = ["reloading", "phase"];
    const outcomes = program.events.filter(({ event }) => !steps.includes(event));
    expect(outcomes).toMatchObject([{ event: "reloaded" }]);
    expect(code).toBe(0);
    expect(await liveVersion(node)).toBe("2");
  });
});
