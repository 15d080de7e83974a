/** An exception that a plugin survives, as with pyln-client: it answers with an error, and logs its traceback. */
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { findPython } from "../../conformance/harness/python.js";
import {
  ask,
  NODE_KINDS,
  startInstalled,
  startNode,
  startNodeProcess,
} from "../../support/nodes.js";
import { writeProgram } from "../../support/plugin.js";
import { Program, run } from "../../support/program.js";
import { sandbox } from "../../support/sandbox.js";

const PLUGIN = `#!${findPython()} -S
import json, sys, traceback
class RpcException(Exception):
    pass
def divide(x=0):
    return {"is": 1 / x}
def refuse():
    raise RpcException("RpcException: not today")
def send(message):
    print(json.dumps({"jsonrpc": "2.0", **message}), flush=True)
def manifest(**_):
    methods = [{"name": name, "usage": "", "description": ""} for name in ["divide", "refuse"]]
    return {"dynamic": True, "options": [], "rpcmethods": methods}
answers = {"getmanifest": manifest, "init": lambda **_: {}, "divide": divide, "refuse": refuse}
for line in sys.stdin:
    if not line.strip():
        continue
    request = json.loads(line)
    try:
        send({"id": request["id"], "result": answers[request["method"]](**dict(request["params"]))})
    except Exception as error:
        words = traceback.format_exc()
        send({"method": "log", "params": {"level": "info", "message": words}})
        send({"id": request["id"], "error": {"code": -32600, "message": str(error), "traceback": words, "data": {"by": 7}}})
`;

describe.skipIf(findPython() === undefined).each(NODE_KINDS)("on %s", (kind) => {
  it("is told with its place in the plugin, whoever made the call", async () => {
    const box = sandbox();
    const node = await (kind === "lightningd" ? startInstalled(box) : startNode(box));
    const path = writeProgram(join(box.work, "plugin.py"), PLUGIN);
    const calls = ["--call", "refuse", "--call", "divide"];
    const watch = new Program(box, ["watch", path, node.flag, ...calls]);
    await watch.prints(/plugin\.py info: ZeroDivisionError: division by zero/);
    await watch.prints(/plugin\.py:6 in divide\n +return \{"is": 1 \/ x\}/);
    await watch.prints(/✗ divide {3}\(-32600\) division by zero\n/);
    await expect(ask(node, "divide", { x: "a" })).rejects.toThrow("unsupported operand");
    await watch.prints(/plugin\.py info: TypeError: unsupported operand/);
    // An error that is meant is no mishap: its message says all.
    expect(watch.stdout).toMatch(/✗ refuse {3}\(-32600\) RpcException: not today\n +(✗|plugin)/);
    expect(watch.stdout).not.toMatch(/in refuse|␊/);
  });
});

it.skipIf(findPython() === undefined)("`call` shows all of an error's members", async () => {
  const box = sandbox();
  const node = await startNode(box);
  const path = writeProgram(join(box.work, "plugin.py"), PLUGIN);
  await run(box, ["start", path, node.flag]);
  const { code, stderr } = await run(box, ["call", "divide", node.flag]);
  expect(code).toBe(1);
  expect(stderr).toMatch(
    /^cln-dev: \(-32600\) division by zero\n {2}data: \{\n {5}"by": 7\n {2}\}\n/,
  );
  expect(stderr).toMatch(/\n {2}Traceback \(most recent call last\):\n {4}File /);
  const json = await run(box, ["call", "divide", node.flag, "--json"]);
  expect(JSON.parse(json.stderr).error).toMatchObject({
    data: { by: 7 },
    traceback: expect.stringContaining("ZeroDivisionError"),
  });
});

it.skipIf(findPython() === undefined)(
  "one that kills it is told, too, where an embedded node has a terminal of its own",
  async () => {
    const box = sandbox();
    const node = await startNodeProcess(box);
    const path = writeProgram(
      join(box.work, "plugin.py"),
      PLUGIN.replace("except Exception", "except KeyError"),
    );
    const watch = new Program(box, ["watch", path, node.flag]);
    await watch.prints(/started in/);
    await expect(ask(node, "divide")).rejects.toThrow("Plugin terminated");
    await watch.prints(/it crashed at plugin\.py:6: ZeroDivisionError: division by zero\n/);
  },
);

it.skipIf(findPython() === undefined).each(NODE_KINDS)(
  "one before getmanifest is told where the plugin sends its stderr to the log, on %s",
  async (kind) => {
    const box = sandbox();
    const node = await (kind === "lightningd" ? startInstalled(box) : startNode(box));
    // As pyln-client does once there is a Plugin.
    const text = `#!${findPython()} -S
import json, sys
class ToLog:
    text = ""
    def write(self, text):
        *lines, self.text = (self.text + text).split("\\n")
        for line in lines:
            params = {"level": "warn", "message": line}
            print(json.dumps({"jsonrpc": "2.0", "method": "log", "params": params}), flush=True)
    def flush(self):
        pass
sys.stderr = ToLog()
raise ValueError("bound twice")
`;
    const path = writeProgram(join(box.work, "plugin.py"), text);
    const watch = new Program(box, ["watch", path, node.flag]);
    await watch.prints(/it crashed at plugin\.py:13: ValueError: bound twice\n/);
    const silent = text.replace('raise ValueError("bound twice")', "sys.exit(3)");
    writeProgram(path, silent);
    await watch.prints(/it exited with code 3 with no output\n/);
  },
);
