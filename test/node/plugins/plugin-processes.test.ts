/** Which processes are a plugin's: nothing else is ever ended. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import {
  descendantsOf,
  isRunning,
  killPluginProcesses,
  pluginProcesses,
} from "../../../src/node/plugins/plugin-processes.js";
import { writeProgram } from "../../support/plugin.js";
import { isAlive } from "../../support/processes.js";
import { type Sandbox, sandbox } from "../../support/sandbox.js";
import { until } from "../../support/until.js";

const PLUGIN = { LIGHTNINGD_PLUGIN: "1" };

async function start(box: Sandbox, path: string, cwd: string, env: NodeJS.ProcessEnv) {
  const child: ChildProcess = spawn(path, [], { cwd, env: { ...box.env, ...env } });
  box.onEnd(() => void child.kill("SIGTERM"));
  const pid = child.pid ?? 0;
  await until("the program to run", () => existsSync(join(cwd, `${pid}`)));
  return pid;
}

it.skipIf(!existsSync("/proc/self/stat"))(
  "are those that run its file, in the node's folder, with the environment that a node gives",
  async () => {
    const box = sandbox();
    const [here, elsewhere] = [box.folder(), box.folder()];
    const code = '#!/bin/sh\nsleep 600 &\ntrap "kill $!; exit" TERM\ntouch $$\nwait\n';
    const path = writeProgram(join(box.work, "plugin"), code);
    const other = writeProgram(join(box.work, "other"), code);
    const editor = await start(box, path, here, {});
    const otherNode = await start(box, path, elsewhere, PLUGIN);
    const otherPlugin = await start(box, other, here, PLUGIN);
    const plugin = await start(box, path, here, PLUGIN);
    // The child that it starts is a shell with the same arguments for a moment.
    const [found] = await until("one process", () => {
      const all = pluginProcesses(path, here);
      return all.length === 1 && all;
    });
    expect(found?.pid).toBe(plugin);
    if (found === undefined) return;
    const [child] = descendantsOf([found]);
    expect(child && isRunning(child)).toBe(true);
    // A pid that is used again is another process.
    expect(isRunning({ ...found, startTime: "1" })).toBe(false);
    expect(killPluginProcesses(path, here)).toBe(1);
    if (child !== undefined) process.kill(child.pid);
    await until("its end", () => !isAlive(plugin));
    expect([editor, otherNode, otherPlugin].map(isAlive)).toEqual([true, true, true]);
  },
);
