/** A node that gives no answer, and a plugin that takes its time: what is waited for is reported. */
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { messageOf } from "../../../src/errors/failure.js";
import { callNode } from "../../../src/node/rpc/client.js";
import { findPython } from "../../conformance/harness/python.js";
import {
  listed,
  liveVersion,
  NODE_KINDS,
  startInstalled,
  startNode,
  startNodeProcess,
} from "../../support/nodes.js";
import { language, writePlugin, writeProgram } from "../../support/plugin.js";
import { isAlive } from "../../support/processes.js";
import { Program } from "../../support/program.js";
import { sandbox } from "../../support/sandbox.js";
import { until } from "../../support/until.js";

function pidOf(lightningDir: string): number {
  return Number(readFileSync(join(lightningDir, "lightningd-regtest.pid"), "utf8"));
}

describe("a node that is stopped", () => {
  it("is reported soon after a save, the plugin is not blamed, and the save is live when it goes on", async () => {
    const box = sandbox();
    const node = await startNodeProcess(box);
    const plugin = writePlugin(box.work);
    const watch = new Program(box, ["watch", plugin, node.flag, "--json"]);
    await watch.outcome();
    const pid = pidOf(node.lightningDir);
    process.kill(pid, "SIGSTOP");
    try {
      const saved = Date.now();
      writePlugin(box.work, { version: "2" });
      const { message, time } = await watch.next("notice", { level: "warn" });
      expect(message).toContain(`the node at ${node.rpcFile} is suspended (pid ${pid}`);
      expect(Date.parse(time) - saved).toBeLessThan(3_000);
    } finally {
      process.kill(pid, "SIGCONT");
    }
    await watch.next("reloaded", { cause: "file" });
    expect(await liveVersion(node)).toBe("2");
  });

  it("does not hold up the end of a session with --stop-on-exit", async () => {
    const box = sandbox();
    const node = await startNodeProcess(box);
    const plugin = writePlugin(box.work);
    const watch = new Program(box, ["watch", plugin, node.flag, "--stop-on-exit", "--json"]);
    await watch.outcome();
    const pid = pidOf(node.lightningDir);
    process.kill(pid, "SIGSTOP");
    try {
      const from = Date.now();
      await watch.end();
      expect(Date.now() - from).toBeLessThan(5_000);
      const { message } = await watch.next("notice");
      expect(message).toContain("plugin.py was not stopped: the node");
    } finally {
      process.kill(pid, "SIGCONT");
    }
  });
});

it("a save that met no socket is live when the socket is back", async () => {
  const box = sandbox();
  const node = await startNode(box);
  const plugin = writePlugin(box.work);
  const watch = new Program(box, ["watch", plugin, node.flag, "--json"]);
  await watch.outcome();
  renameSync(node.rpcFile, `${node.rpcFile}.away`);
  writePlugin(box.work, { version: "2" });
  expect(await watch.outcome()).toMatchObject({ event: "unreachable" });
  renameSync(`${node.rpcFile}.away`, node.rpcFile);
  expect(await watch.outcome()).toMatchObject({ event: "reloaded", cause: "node" });
  expect(await liveVersion(node)).toBe("2");
});

it("another plugin that hangs in its start is named, with what ends it", async () => {
  const box = sandbox();
  const node = await startNode(box);
  const pidFile = join(box.root, "pid");
  const start = `${language.writesPid(pidFile)}\n${language.hangs}`;
  const hanging = writePlugin(box.work, { version: null, start }, "hanging");
  const starting = callNode(node.rpcFile, "plugin", ["start", hanging]).catch(messageOf);
  const pid = await until(
    "the process",
    () => existsSync(pidFile) && readFileSync(pidFile, "utf8"),
  );
  const plugin = writePlugin(box.folder("other"));
  const watch = new Program(box, ["watch", plugin, node.flag, "--json"]);
  const { message } = await watch.next("notice", { level: "warn" });
  expect(message).toContain("is still starting: the node starts no other plugin");
  expect(message).toContain(`to end it: kill ${pid}`);
  process.kill(Number(pid), "SIGKILL");
  await watch.next("reloaded");
  expect(await starting).toContain("exited before replying to getmanifest");
});

it.runIf(process.platform === "linux")(
  "of two plugins that start at once, the one that holds up the other is named, and it alone",
  async () => {
    const box = sandbox();
    const node = await startNode(box);
    const hanging = writePlugin(box.work, { version: null, start: language.hangs }, "hanging");
    const plugin = writePlugin(box.work, {}, "waiting");
    const watch = new Program(box, ["watch", hanging, plugin, node.flag, "--json"]);
    const { message } = await watch.next("notice", { level: "warn" });
    expect(message).toMatch(/^hanging\.\w+ is still starting/);
    process.kill(Number(/kill (\d+)/.exec(String(message))?.[1]), "SIGKILL");
    await watch.next("reloaded");
    await watch.end();
    const notices = watch.events.filter(
      ({ event, level }) => event === "notice" && level === "warn",
    );
    expect(notices.filter((notice) => /waiting\.\w+ has not/.test(`${notice.message}`))).toEqual(
      [],
    );
  },
);

describe("a start that hangs when the session ends", () => {
  it("is ended, so that the node starts others", async () => {
    const box = sandbox();
    const node = await startNode(box);
    const pidFile = join(box.root, "pid");
    const start = `${language.writesPid(pidFile)}\n${language.hangs}`;
    const plugin = writePlugin(box.work, { start });
    const watch = new Program(box, ["watch", plugin, node.flag, "--json"]);
    const pid = await until(
      "the start",
      () => existsSync(pidFile) && readFileSync(pidFile, "utf8"),
    );
    await watch.end();
    await watch.next("notice", {
      level: "warn",
      message: `plugin${language.extension} was still starting, and was killed`,
    });
    expect(isAlive(Number(pid))).toBe(false);
    expect(await listed(node)).toEqual([]);
  });
});

it.skipIf(findPython() === undefined)(
  "a plugin that takes long to end is reported, in a pipe as well",
  async () => {
    const box = sandbox();
    const node = await startNode(box);
    const leave = join(box.root, "leave");
    const plugin = join(box.work, "plugin.py");
    const code = (version: string) =>
      language
        .plugin({ version })
        .replace(
          'if "id" in request',
          `if method == "shutdown":\n        while not os.path.exists(${JSON.stringify(leave)}): __import__("time").sleep(0.01)\n        sys.exit(0)\n    if "id" in request`,
        )
        .replace("result = json.loads(", 'result = dict(subscriptions=["shutdown"], **json.loads(')
        .replace(/(json\.loads\(".*"\))$/m, "$1)");
    writeProgram(plugin, code("1"));
    const watch = new Program(box, ["watch", plugin, node.flag]);
    await watch.prints(/started in/);
    writeProgram(plugin, code("2"));
    await watch.prints(/plugin\.py is still stopping: it subscribes to shutdown/);
    writeFileSync(leave, "");
    await until("the new version", async () => (await liveVersion(node).catch(() => 0)) === "2");
  },
);

/** It has the rpc_command hook, and calls the node in init: it waits for itself. */
const WAITS_FOR_ITSELF = `#!${findPython()} -S
import json, socket, sys
def send(message):
    sys.stdout.write(json.dumps({"jsonrpc": "2.0", **message}) + "\\n\\n")
    sys.stdout.flush()
for line in sys.stdin:
    if not line.strip():
        continue
    request = json.loads(line)
    if request["method"] == "getmanifest":
        hooks = [{"name": "rpc_command"}]
        send({"id": request["id"], "result": {"hooks": hooks, "rpcmethods": [], "options": [], "dynamic": True}})
    elif request["method"] == "init":
        node = socket.socket(socket.AF_UNIX)
        node.connect("lightning-rpc")
        node.sendall(b'{"jsonrpc": "2.0", "id": "x", "method": "getinfo", "params": []}')
        node.recv(1)
        send({"id": request["id"], "result": {}})
    elif "id" in request:
        send({"id": request["id"], "result": {"result": "continue"}})
`;

it.runIf(findPython()).each(NODE_KINDS)(
  "a plugin that waits for itself in init is told so, and can be saved anew (%s)",
  async (kind) => {
    const box = sandbox();
    const node = kind === "embedded" ? await startNode(box) : await startInstalled(box);
    const plugin = writeProgram(join(box.work, "plugin.py"), WAITS_FOR_ITSELF);
    const watch = new Program(box, ["watch", plugin, node.flag, "--json", "--stop-on-exit"]);
    const { message } = await watch.next("notice", { level: "warn" });
    expect(message).toMatch(/plugin\.py \(pid \d+\) waits for data on a socket/);
    expect(message).toContain("until the plugin answers its rpc_command hook");
    writePlugin(box.work);
    expect(await watch.outcome()).toMatchObject({ event: "reloaded" });
    await watch.end();
  },
);
