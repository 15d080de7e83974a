/** Each command that asks a node shows soon what it waits for where the node gives no answer. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { startNodeProcess } from "../../support/nodes.js";
import { writePlugin } from "../../support/plugin.js";
import { Program, run } from "../../support/program.js";
import { sandbox } from "../../support/sandbox.js";

it("each command names a node that is stopped, and ends by Ctrl-C", async () => {
  const box = sandbox();
  const node = await startNodeProcess(box);
  const plugin = writePlugin(box.work);
  expect((await run(box, ["start", plugin, node.flag])).code).toBe(0);
  const pid = Number(readFileSync(join(node.lightningDir, "lightningd-regtest.pid"), "utf8"));
  const commands = [
    ["list"],
    ["call", "getinfo"],
    ["logs", plugin],
    ["stop", plugin],
    ["start", plugin],
    ["restart", plugin],
    ["emit", "--list"],
    ["watch", plugin],
  ];
  process.kill(pid, "SIGSTOP");
  try {
    const programs = commands.map((command) => new Program(box, [...command, node.flag]));
    for (const program of programs) {
      const message = new RegExp(`the node at \\S+ is\\s+suspended\\s+\\(pid\\s+${pid}`);
      await program.prints(message, "stderr");
      program.kill("SIGINT");
      await program.ended;
    }
  } finally {
    process.kill(pid, "SIGCONT");
  }
});
