/** An `init` that is answered with an error: the node calls the plugin started, and we say it is not well. */
import { join } from "node:path";
import { expect, it } from "vitest";
import { findPython } from "../../conformance/harness/python.js";
import { NODE_KINDS, startInstalled, startNode } from "../../support/nodes.js";
import { writeProgram } from "../../support/plugin.js";
import { Program } from "../../support/program.js";
import { sandbox } from "../../support/sandbox.js";

/** As pyln-client does it: the traceback is in the error, and logged at info. */
const PYTHON = `#!${findPython() ?? "/usr/bin/python3"} -S
import json, sys, traceback
def send(message):
    sys.stdout.write(json.dumps({"jsonrpc": "2.0", **message}) + "\\n\\n")
    sys.stdout.flush()
def open_port(options):
    return options["port"]
for line in sys.stdin:
    if not line.strip():
        continue
    request = json.loads(line)
    if request["method"] == "getmanifest":
        send({"id": request["id"], "result": {"options": [], "rpcmethods": [], "dynamic": True}})
    elif request["method"] == "init":
        try:
            open_port(request["params"]["options"])
            send({"id": request["id"], "result": {}})
        except Exception as error:
            trace = traceback.format_exc()
            send({"id": request["id"], "error": {"code": -32600, "message": f"Error while processing init: {error}", "traceback": trace}})
            send({"method": "log", "params": {"level": "info", "message": trace}})
`;
const GOOD = PYTHON.replace('return options["port"]', "return 0");

/** It answers in two pieces, and says no more than the error. */
const NODE = `#!${process.execPath}
function answer(id, member) {
  const text = JSON.stringify({ jsonrpc: "2.0", id, ...member });
  process.stdout.write(text.slice(0, 30));
  setTimeout(() => process.stdout.write(text.slice(30)), 20);
}
require("node:readline").createInterface({ input: process.stdin }).on("line", (line) => {
  if (line.trim() === "") return;
  const { id, method } = JSON.parse(line);
  if (method === "getmanifest") answer(id, { result: { options: [], rpcmethods: [], dynamic: true } });
  else answer(id, { error: { code: -7, message: "no geheim key", data: { tried: 2 } } });
});
`;

const WITH_KEY = NODE.replace(
  "options: []",
  'options: [{ name: "api-key", type: "string", description: "d" }]',
);

it.runIf(findPython())(
  "on the embedded node is reported once, with the traceback's own lines",
  async () => {
    const box = sandbox();
    const plugin = writeProgram(join(box.work, "p.py"), GOOD);
    const watch = new Program(box, ["watch", plugin, "--embedded", "--json"]);
    await watch.next("reloaded");
    writeProgram(plugin, PYTHON);
    await watch.next("reloaded", { cause: "file" });
    const told = await watch.next("explained");
    expect(told).toMatchObject({
      plugin: "p.py",
      path: plugin,
      code: -32600,
      message: "Error while processing init: 'port'",
      reason: expect.stringContaining("lists the plugin as active although"),
      fix: expect.stringContaining("Fix its init"),
    });
    expect(told.findings).toContainEqual({ kind: "heading", text: "KeyError: 'port'" });
    expect(told.findings).toContainEqual({ kind: "own-frame", text: `${plugin}:7 in open_port` });
    writeProgram(plugin, GOOD);
    await watch.next("reloaded", { cause: "file" });
    await watch.end();
    const shown = watch.events.filter(({ event }) => event === "explained" || event === "log");
    expect(shown).toHaveLength(1);
  },
);

it("on the embedded node is reported where it comes in pieces and without a traceback, and secrets are hidden", async () => {
  const box = sandbox();
  const plugin = writeProgram(join(box.work, "p.js"), WITH_KEY);
  const watch = new Program(box, ["watch", plugin, "api-key=geheim", "--embedded"]);
  await watch.prints(/✓ p\.js started[\s\S]*✗ p\.js .*init failed: \(-7\) no \*\*\* key/);
  await watch.prints(/\{"tried":2\}/);
  await watch.end();
});

it.runIf(findPython()).each(NODE_KINDS)(
  "on a node of its own (%s) a traceback that is logged during the start is reported as that",
  async (kind) => {
    const box = sandbox();
    const node = kind === "embedded" ? await startNode(box) : await startInstalled(box);
    // It logs before it answers: the node has the line before it calls the plugin started.
    const lines = PYTHON.split("\n");
    const error = lines.findIndex((line) => line.includes('"error"'));
    lines.splice(error, 2, lines[error + 1] ?? "", lines[error] ?? "");
    const plugin = writeProgram(join(box.work, "p.py"), GOOD);
    const watch = new Program(box, ["watch", plugin, node.flag, "--json", "--stop-on-exit"]);
    await watch.next("reloaded");
    writeProgram(plugin, lines.join("\n"));
    await watch.next("reloaded", { cause: "file" });
    const told = await watch.next("explained", { message: "KeyError: 'port'" });
    expect(told.findings).toContainEqual({ kind: "own-frame", text: `${plugin}:7 in open_port` });
    await watch.end();
  },
);
