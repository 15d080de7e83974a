/** How the program ends, and when it does not: signals, a parent that is gone, a reader that does not read. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { fakeNode } from "../support/fake-node.js";
import { liveVersion, startNode } from "../support/nodes.js";
import { language, writePlugin } from "../support/plugin.js";
import { isAlive } from "../support/processes.js";
import { BIN, Program } from "../support/program.js";
import { type Sandbox, sandbox } from "../support/sandbox.js";
import { until } from "../support/until.js";

const { extension } = language;
const WATCH = `'${process.execPath}' '${BIN}' "$@"`;

/** Runs a line of shell in which `$@` are the arguments; `box.env` is all of its environment. */
function shell(box: Sandbox, line: string, args: readonly string[], env = {}): ChildProcess {
  const options = { cwd: box.work, env: { ...box.env, ...env } };
  const child = spawn("sh", ["-c", line, "sh", ...args], options);
  box.onEnd(() => void child.kill("SIGKILL"));
  return child;
}

it("SIGUSR2 before the session is open does not end a watch", async () => {
  const box = sandbox();
  writePlugin(box.work);
  const node = await fakeNode(join(box.folder(), "regtest", "lightning-rpc"), {
    getinfo: () => {},
  });
  box.onEnd(() => node.close());
  const watch = new Program(box, [`plugin${extension}`, `--rpc-file=${node.rpcFile}`]);
  await until("the first request", () => node.requests.length > 0);
  watch.kill("SIGUSR2");
  watch.kill("SIGTERM");
  expect(await watch.ended).toMatchObject({ signal: null });
});

it.skipIf(!existsSync("/proc/self/status"))("nohup keeps a watch from SIGHUP", async () => {
  const box = sandbox();
  const node = await startNode(box);
  writePlugin(box.work);
  // nohup opens such a stdin in place of a terminal.
  const line = `exec nohup ${WATCH} 0>/dev/null`;
  const child = shell(box, line, [`plugin${extension}`, node.flag]);
  child.stdout?.resume();
  await until("the start", async () => (await liveVersion(node).catch(() => "")) === "1");
  child.kill("SIGHUP");
  writePlugin(box.work, { version: "2" });
  await until("the reload", async () => (await liveVersion(node).catch(() => "")) === "2");
  child.kill("SIGTERM");
  await until("the end", () => child.exitCode !== null);
  expect(child.exitCode).toBe(0);
});

/** Starts a watch below a shell that is then killed. @returns the process id of the watch */
async function orphan(box: Sandbox, env: NodeJS.ProcessEnv): Promise<number> {
  const node = await startNode(box);
  writePlugin(box.work);
  const child = shell(box, `${WATCH} & echo $!; wait`, [`plugin${extension}`, node.flag], env);
  let text = "";
  child.stdout?.on("data", (chunk: Buffer) => {
    text += chunk;
  });
  await until("the start", () => /started in/.test(text));
  child.kill("SIGKILL");
  const pid = Number(text.split("\n")[0]);
  box.onEnd(() => {
    if (isAlive(pid)) process.kill(pid, "SIGTERM");
  });
  writePlugin(box.work, { version: "2" });
  await until("the reload", () => /reloaded in/.test(text));
  return pid;
}

it("what was started with & keeps running without its shell", async () => {
  const box = sandbox();
  const pid = await orphan(box, {});
  expect(isAlive(pid)).toBe(true);
});

it("a watch that npm started ends with it", async () => {
  const box = sandbox();
  const node = await startNode(box);
  writePlugin(box.work);
  // npm runs sh, which waits for the program.
  const npm = `sh -c '${WATCH.replaceAll("'", `'"'"'`)}; exit' sh "$@"; exit`;
  const env = { npm_lifecycle_event: "dev" };
  const child = shell(box, npm, [`plugin${extension}`, node.flag], env);
  let text = "";
  child.stdout?.on("data", (chunk: Buffer) => {
    text += chunk;
  });
  await until("the start", () => /started in/.test(text));
  child.kill("SIGKILL");
  await until("the end", () => /^stopped watching/m.test(text));
});

it("an embedded node that npx started ends with it", async () => {
  const box = sandbox();
  const npx = `sh -c '${WATCH.replaceAll("'", `'"'"'`)}; exit' sh "$@"; exit`;
  const args = ["node", `--lightning-dir=${box.folder("node")}`];
  const child = shell(box, npx, args, { npm_lifecycle_event: "npx" });
  let text = "";
  let isOver = false;
  child.stdout?.on("data", (chunk: Buffer) => {
    text += chunk;
  });
  child.stdout?.on("end", () => {
    isOver = true;
  });
  await until("the start", () => /embedded node on/.test(text));
  child.kill("SIGKILL");
  await until("the end", () => isOver);
});

it("a signal ends it though nobody reads what it prints", async () => {
  const box = sandbox();
  const node = await startNode(box);
  writePlugin(box.work, { version: "x".repeat(1_000_000) });
  await new Program(box, ["start", `plugin${extension}`, node.flag]).ended;
  const child = shell(box, `exec ${WATCH}`, ["call", "version", node.flag]);
  await new Promise<void>((resolve) => child.stdout?.once("readable", resolve));
  const asked = Date.now();
  child.kill("SIGTERM");
  await until("the end", () => child.exitCode !== null);
  expect(Date.now() - asked).toBeLessThan(2000);
});
