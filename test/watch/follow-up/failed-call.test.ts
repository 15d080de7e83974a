/** A --call that the plugin answers with an error. */
import { join } from "node:path";
import { expect, it } from "vitest";
import { startNodeProcess } from "../../support/nodes.js";
import { writeProgram } from "../../support/plugin.js";
import { Program } from "../../support/program.js";
import { sandbox } from "../../support/sandbox.js";

/** Logs why, and answers with an error. */
const FAILS = `#!${process.execPath}
process.stdin.on("data", (chunk) => {
  for (const text of String(chunk).split("\\n\\n").filter((part) => part.trim() !== "")) {
    const { id, method } = JSON.parse(text);
    const send = (message) => process.stdout.write(JSON.stringify({ jsonrpc: "2.0", ...message }) + "\\n\\n");
    if (method === "init") send({ id, result: {} });
    else if (method === "getmanifest") {
      send({ id, result: { dynamic: true, options: [], rpcmethods: [{ name: "fails", usage: "", description: "" }] } });
    } else {
      send({ method: "log", params: { level: "info", message: "the shelf is empty" } });
      send({ id, error: { code: -1, message: "no book" } });
    }
  }
});
`;

it("is shown with what the plugin logged before it answered", async () => {
  const box = sandbox();
  const node = await startNodeProcess(box);
  const plugin = writeProgram(join(box.work, "fails.js"), FAILS);
  const watch = new Program(box, ["watch", plugin, node.flag, "--call", "fails", "--json"]);
  const { log } = await watch.next("called", { ok: false });
  expect(String(log)).toContain("the shelf is empty");
  await watch.end();
});
