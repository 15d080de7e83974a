/** The hot host on a real lightningd: a new version takes over, and nothing is lost. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { callNode } from "../../src/node/rpc/client.js";
import { ask, NODE_KINDS, startInstalled, startNode, type TestNode } from "../support/nodes.js";
import { sharedSandbox } from "../support/sandbox.js";
import { until } from "../support/until.js";
import { pythonPlugin, startHot } from "./support.js";

describe.each(NODE_KINDS)("on %s", (kind) => {
  const box = sharedSandbox();
  let node: TestNode;

  beforeAll(async () => {
    node = kind === "embedded" ? await startNode(box()) : await startInstalled(box());
  });

  it("switches to the new version: calls, a slow call, notifications and a hook lose nothing", async () => {
    const folder = box().folder();
    const log = join(folder, "seen");
    const write = (version: string) =>
      pythonPlugin(folder, "all.py", {
        version,
        manifest: {
          rpcmethods: ["ask", "slow", "tell"].map((name) => ({ name, usage: "[x]" })),
          hooks: [{ name: "rpc_command" }],
          notifications: [{ method: "told" }],
          subscriptions: ["told"],
        },
        start: `
def slow(request):
    open(${JSON.stringify(log)} + "-slow" + VERSION, "w")
    time.sleep(0.5)
    answer(request, {"version": VERSION})`,
        serve: `
if method == "slow": threading.Thread(target=slow, args=(request,)).start()
elif method == "tell":
    send({"jsonrpc": "2.0", "method": "told", "params": {"n": params[0]}})
    answer(request, {})
elif method == "told":
    open(${JSON.stringify(log)}, "a").write(VERSION + " " + str(params.get("n", params.get("payload", {}))) + "\\n")
elif method == "rpc_command":
    if params["rpc_command"]["method"] == "ask" : open(${JSON.stringify(`${log}-hook`)}, "a").write("x\\n")
    answer(request, {"result": "continue"})
else: answer(request, {"version": VERSION})`,
      });
    const hot = await startHot(box(), node, write("1"));
    let running = true;
    let asked = 0;
    const versions: string[] = [];
    const caller = async () => {
      while (running) {
        versions.push(String((await ask(node, "ask")).version));
        asked++;
      }
    };
    let told = 0;
    const teller = async () => {
      while (running) await callNode(node.rpcFile, "tell", [++told]);
    };
    const callers = Promise.all([caller(), caller(), teller()]);
    for (let version = 2; version <= 6; version++) {
      const slow = ask(node, "slow");
      await until("the slow call", () => existsSync(`${log}-slow${version - 1}`));
      write(String(version));
      expect(await hot.host.reload()).toMatchObject({ result: "switched", version });
      expect(await slow).toEqual({ version: String(version - 1) });
    }
    running = false;
    await callers;
    expect((await ask(node, "ask")).version).toBe("6");
    const lines = (file: string) => readFileSync(file, "utf8").trim().split("\n");
    await until("the notifications", () => lines(log).length === told);
    expect(lines(`${log}-hook`).length).toBe(asked + 1);
    await hot.stop();
  });
});
