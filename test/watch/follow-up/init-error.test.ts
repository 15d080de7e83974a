/** An `init` that is answered with an error: the node calls the plugin started, and we say it is not well. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { startEmbeddedNode } from "../../../src/embedded/node.js";
import { findPython } from "../../conformance/harness/python.js";
import { ask, NODE_KINDS, startInstalled, startNode } from "../../support/nodes.js";
import { writeProgram } from "../../support/plugin.js";
import { Program, run } from "../../support/program.js";
import { type Sandbox, sandbox } from "../../support/sandbox.js";
import { until } from "../../support/until.js";

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

function startKind(box: Sandbox, kind: string) {
  return kind === "embedded" ? startNode(box) : startInstalled(box);
}

describe.each(NODE_KINDS)("on the node %s", (kind) => {
  it.runIf(findPython())("is told after the reload, with the traceback's own lines", async () => {
    const box = sandbox();
    const node = await startKind(box, kind);
    const plugin = writeProgram(join(box.work, "p.py"), GOOD);
    const watch = new Program(box, ["watch", plugin, node.flag, "--json", "--stop-on-exit"]);
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
    expect(told.findings).toContainEqual({
      kind: "own-frame",
      text: `${plugin}:7 in open_port`,
    });
    await watch.end();
  });

  it.runIf(findPython())("is told once where its traceback was logged before", async () => {
    const box = sandbox();
    const node = await startKind(box, kind);
    const go = join(box.root, "go");
    const late = PYTHON.replace('send({"method": "log"', `wait(); send({"method": "log"`).replace(
      "def open_port",
      `def wait():
    import os, time
    while not os.path.exists(${JSON.stringify(go)}):
        time.sleep(0.005)
def open_port`,
    );
    const plugin = writeProgram(join(box.work, "p.py"), late);
    const watch = new Program(box, ["watch", plugin, node.flag, "--stop-on-exit"]);
    await watch.prints(/✓ p\.py started/);
    writeFileSync(go, "");
    await watch.prints(/p\.py info: KeyError: 'port'\n(.*\n){2}.*p\.py:11 in open_port\n/);
    await watch.prints(/init failed: \(-32600\) .*'port'\n(.*\n){2} +Its traceback is above\n/);
    expect(watch.stdout.split("KeyError")).toHaveLength(2);
    // The next version logs before it answers, which is not told: its report has it all.
    const lines = late.split("\n");
    const error = lines.findIndex((line) => line.includes('"error"'));
    lines.splice(error, 2, lines[error + 1] ?? "", lines[error] ?? "");
    writeProgram(plugin, lines.join("\n"));
    await watch.prints(
      /✓ p\.py reloaded.*\n.*init failed.*\n(.*\n){2} +KeyError: 'port'\n(.*\n){2}.*p\.py:11 in open_port\n/,
    );
    await watch.end();
  });

  it("is told where it comes in pieces and without a traceback, and secrets are hidden", async () => {
    const box = sandbox();
    const node = await startKind(box, kind);
    const plugin = writeProgram(join(box.work, "p.js"), WITH_KEY);
    const args = ["watch", plugin, "api-key=geheim", node.flag, "--stop-on-exit"];
    const watch = new Program(box, args);
    await watch.prints(
      /✓ p\.js started[\s\S]*✗ p\.js runs, but its init failed: \(-7\) no \*\*\* key/,
    );
    await watch.prints(/\{"tried":2\}/);
    await watch.end();
  });

  it("is told by the one-shot commands, which end with 1 and hide secrets, too", async () => {
    const box = sandbox();
    const node = await startKind(box, kind);
    const plugin = writeProgram(join(box.work, "p.js"), WITH_KEY);
    for (const command of ["start", "restart"]) {
      const key = command === "start" ? ["api-key=geheim"] : [];
      const { code, stdout } = await run(box, [command, plugin, ...key, node.flag]);
      expect(stdout).toMatch(
        /✓ p\.js (re|st)\w+ in .*\n.*✗ p\.js runs, but its init failed: \(-7\) no \*\*\* key/,
      );
      expect(code).toBe(1);
    }
    writeProgram(plugin, WITH_KEY.replace("error:", "result:"));
    const { code, stdout } = await run(box, ["restart", plugin, node.flag]);
    expect(stdout).not.toContain("init failed");
    expect(code).toBe(0);
    await run(box, ["stop", plugin, node.flag]);
  });
});

it.runIf(findPython())("a good init is looked at as well, and nothing is said of it", async () => {
  const box = sandbox();
  const lightningDir = box.folder();
  const node = await startEmbeddedNode({ lightningDir, logLevel: "io", env: box.env });
  box.onEnd(() => node.close());
  const looks = () => readFileSync(node.logFile, "utf8").split("logging of getlog").length - 1;
  const plugin = writeProgram(join(box.work, "p.py"), PYTHON);
  const watch = new Program(box, ["watch", plugin, `--lightning-dir=${lightningDir}`, "--json"]);
  await watch.next("explained");
  const before = looks();
  writeProgram(plugin, GOOD);
  await watch.next("reloaded", { cause: "file" });
  // It asks how large the log is, and then for the log.
  await until("the look", () => looks() >= before + 2);
  await watch.end();
  expect(watch.events.filter(({ event }) => event === "explained")).toHaveLength(1);
});

it("the embedded node's log does not fill with the answers to those who read it", async () => {
  const box = sandbox();
  const node = await startNode(box);
  const plugin = writeProgram(join(box.work, "p.js"), NODE);
  await run(box, ["start", plugin, node.flag]);
  const used = async () => Number((await ask(node, "getlog", ["broken"])).bytes_used);
  const before = await used();
  const answer = JSON.stringify(await ask(node, "getlog", ["io"]));
  expect((await used()) - before).toBeLessThan(answer.length / 2);
});
