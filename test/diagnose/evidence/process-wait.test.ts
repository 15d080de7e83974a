/** What a process waits for, as the system shows it. */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { test } from "vitest";
import { whatItWaitsFor } from "../../../src/diagnose/evidence/process-wait.js";
import { until } from "../../support/until.js";

const canSee = existsSync("/proc/self/syscall") && ["x64", "arm64"].includes(process.arch);

test.runIf(canSee).each([
  ["exec sleep 60", "sleep"],
  ["read line", "stdin"],
  ["while :; do :; done", "computing"],
  ["sleep 60; true", "child"],
  ["exec python3 -c 'import socket; socket.create_server((\"127.0.0.1\", 0)).accept()'", "socket"],
] as const)("%s: %s", async (script, expected) => {
  const child = spawn("/bin/sh", ["-c", script], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
  });
  try {
    await until("it waits so", () => whatItWaitsFor(child.pid ?? 0) === expected);
  } finally {
    process.kill(-(child.pid ?? 0), "SIGKILL");
  }
});
