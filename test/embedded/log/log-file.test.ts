/** The log file when there is no room for it. */
import { existsSync } from "node:fs";
import { expect, it } from "vitest";
import { LogFile } from "../../../src/embedded/log/log-file.js";
import type { LogEntry } from "../../../src/embedded/log/node-log.js";

const FULL = "/dev/full";

it.skipIf(!existsSync(FULL))("reports that once, and the node goes on", () => {
  const reported: string[] = [];
  const file = new LogFile(FULL, (message) => reported.push(message));
  const entry: LogEntry = {
    level: "info",
    time: 0,
    source: "lightningd",
    text: "hello",
  };
  for (let line = 0; line < 3; line++) {
    file.write(entry);
    file.flush();
  }
  file.close();
  expect(reported).toEqual([
    expect.stringMatching(/^cannot write the node's log \/dev\/full: ENOSPC/),
  ]);
});
