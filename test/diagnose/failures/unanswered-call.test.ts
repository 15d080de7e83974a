/** A call that is not answered: what its plugin waits for is read off its process. */
import { existsSync, realpathSync } from "node:fs";
import { expect, test } from "vitest";
import { whatItWaitsFor } from "../../../src/diagnose/evidence/process-wait.js";
import { explainUnansweredCall } from "../../../src/diagnose/failures/unanswered-call.js";
import type { WatchEvent } from "../../../src/events/watch-events.js";
import { pluginProcesses } from "../../../src/node/plugins/plugin-processes.js";
import { callNode } from "../../../src/node/rpc/client.js";
import { inspectPluginFile } from "../../../src/plugin/file/plugin-file.js";
import { FollowUp } from "../../../src/watch/follow-up/follow-up.js";
import type { Reloader } from "../../../src/watch/reload/reloader.js";
import { findPython } from "../../conformance/harness/python.js";
import { makeFile, makeFolder, startNode } from "../../embedded/support.js";
import { until } from "../../support/until.js";

const canSee = existsSync("/proc/self/syscall") && ["x64", "arm64"].includes(process.arch);
const python = findPython();

function write(line: string): string {
  return makeFile(
    `${realpathSync(makeFolder())}/p.py`,
    `#!${python} -S
import json, sys, time
for line in iter(sys.stdin.readline, ""):
    if not line.strip(): continue
    r = json.loads(line)
    if r["method"] == "hold":
        ${line}
        continue
    result = {"options": [], "rpcmethods": [{"name": "hold", "usage": ""}], "dynamic": True} if r["method"] == "getmanifest" else {}
    print(json.dumps({"jsonrpc": "2.0", "id": r["id"], "result": result}), flush=True)
`,
  );
}

test.runIf(canSee && python !== undefined).each([
  ["pass", "stdin", /^it has taken the request, and reads stdin for the next one without/],
  ["time.sleep(60)", "sleep", /^it sleeps, and has not answered hold \(process \d+\)$/],
  ["while True: pass", "computing", /^it is computing, and has not answered hold/],
] as const)("%s", async (line, waits, reason) => {
  const node = await startNode();
  const file = await inspectPluginFile(write(line));
  await callNode(node.rpcFile, "plugin", ["start", file.realPath]);
  void callNode(node.rpcFile, "hold", []).catch(() => {});
  const networkDir = realpathSync(node.networkDir);
  const [found] = pluginProcesses(file.realPath, networkDir);
  await until("it waits so", () => whatItWaitsFor(found?.pid ?? 0) === waits);
  expect(await explainUnansweredCall(file, networkDir, "hold")).toMatchObject({
    reason: expect.stringMatching(reason),
  });
});

test.runIf(canSee && python !== undefined)("a call of the session is reported so", async () => {
  const node = { ...(await startNode()), network: "regtest" };
  const file = await inspectPluginFile(write("pass"));
  await callNode(node.rpcFile, "plugin", ["start", file.realPath]);
  const events: WatchEvent[] = [];
  const name = { plugin: "p.py", node: node.rpcFile };
  const target = { plugin: { path: file.path, call: ["hold 1"] }, node, name };
  const started = { target, file };
  const state = { is: "running", path: file.realPath, started };
  const reloader = { target, state } as unknown as Reloader;
  const emit = (event: WatchEvent) => void events.push(event);
  const followUp = new FollowUp(
    reloader,
    emit,
    () => [],
    () => [],
    200,
  );
  followUp.repeatCalls();
  await until("the explanation", () => events.length === 3);
  expect(events).toMatchObject([
    { event: "calling", call: "hold 1" },
    { event: "notice", message: "hold 1 has not answered for 0.2 s" },
    { event: "explained", reason: expect.stringContaining("reads stdin for the next one") },
  ]);
  await followUp.close();
});
