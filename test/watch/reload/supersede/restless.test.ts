/** Plugins of two watch sessions that write each other's files go on for ever: both sessions say so. */
import { join } from "node:path";
import { expect, it } from "vitest";
import { startNode } from "../../../support/nodes.js";
import { language, writePlugin } from "../../../support/plugin.js";
import { Program } from "../../../support/program.js";
import { sandbox } from "../../../support/sandbox.js";

it("two sessions whose plugins write each other's files both name them", async () => {
  const box = sandbox();
  const node = await startNode(box);
  const names = ["a", "b"] as const;
  const written = (name: string) => `for-${name}${language.extension}`;
  const sessions = names.map((name) => {
    const other = name === "a" ? "b" : "a";
    const start = language.writes(`../${other}/${written(other)}`);
    const plugin = writePlugin(join(box.work, name), { version: null, start }, name);
    return new Program(box, ["watch", plugin, node.flag, "--json"]);
  });
  for (const [index, name] of names.entries()) {
    const notice = await sessions[index]?.next("notice", { level: "warn" });
    const message = String(notice?.message);
    expect(message).toContain(`${written(name)} keeps changing`);
    expect(message).toContain(`or add --ignore ${written(name)}`);
  }
});
