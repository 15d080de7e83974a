/** A named pipe where a file is expected: nobody writes to it, and a read would never end. */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { expect, it } from "vitest";
import { readableLog } from "../../src/node/log/log-file.js";
import { nodePid } from "../../src/node/node-process.js";
import { sandbox } from "../support/sandbox.js";

it("is no pid file, and no log", () => {
  const folder = sandbox().folder();
  const [pidFile, log] = [join(folder, "lightningd-regtest.pid"), join(folder, "log")];
  execFileSync("mkfifo", [pidFile, log]);
  expect(nodePid(folder, "regtest")).toBeUndefined();
  expect(readableLog({ files: [log], level: "debug" }, "debug")).toBeUndefined();
});
