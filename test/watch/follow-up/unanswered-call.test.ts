/** A call that the plugin never answers: it is shown when it is made, and what is known of the wait. */
import { join } from "node:path";
import { expect, it } from "vitest";
import { findPython } from "../../conformance/harness/python.js";
import { NODE_KINDS, startInstalled, startNode } from "../../support/nodes.js";
import { language, writePlugin, writeProgram } from "../../support/plugin.js";
import { Program } from "../../support/program.js";
import { sandbox } from "../../support/sandbox.js";

/** A plugin that reads its requests and answers no call. */
function deaf(folder: string): string {
  const code = language.plugin({ methods: ["deaf"] });
  const text =
    language.name === "python"
      ? code.replace('if "id" in request', 'if "id" in request and method != "deaf"')
      : code.replace("if (id !== undefined)", 'if (id !== undefined && method !== "deaf")');
  return writeProgram(join(folder, `plugin${language.extension}`), text);
}

it("by --call is reported with what the plugin does, and a save goes on", async () => {
  const box = sandbox();
  const node = await startNode(box);
  const plugin = deaf(box.work);
  const watch = new Program(box, ["watch", plugin, "--call", "deaf", node.flag, "--json"]);
  await watch.next("calling", { call: "deaf" });
  const { message } = await watch.next("notice", { level: "warn" });
  expect(message).toMatch(/^deaf has not been answered for 5 s; plugin\.\w+ \(pid \d+\) /);
  writePlugin(box.work, { methods: ["deaf"] });
  await watch.next("called", { call: "deaf", ok: true });
});

it.runIf(findPython()).each(NODE_KINDS.slice(-1))(
  "by cln-dev call (%s) is reported in the same way, on stderr",
  async (kind) => {
    const box = sandbox();
    const node = kind === "embedded" ? await startNode(box) : await startInstalled(box);
    const plugin = deaf(box.work);
    const watch = new Program(box, ["watch", plugin, node.flag, "--json", "--stop-on-exit"]);
    await watch.outcome();
    const call = new Program(box, ["call", "deaf", node.flag]);
    await call.prints(
      /deaf has not been answered for 5 s; .*plugin\.py \(pid \d+\) reads its stdin/,
      "stderr",
    );
    await call.end();
    await watch.end();
  },
);
