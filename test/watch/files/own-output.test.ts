/** The program's own output lies in the folder that it watches. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { startNode } from "../../support/nodes.js";
import { writePlugin } from "../../support/plugin.js";
import { BIN, Program } from "../../support/program.js";
import { sandbox } from "../../support/sandbox.js";
import { until } from "../../support/until.js";

describe.skipIf(process.platform !== "linux")("the file that the output goes to", () => {
  it.each([
    ["by the shell", "> out.json"],
    ["through a pipe", "> >(exec tee out.json > /dev/null)"],
  ])("is no source: %s", async (_, redirection) => {
    const box = sandbox();
    const node = await startNode(box);
    const plugin = writePlugin(box.work);
    const command = `"${process.execPath}" "${BIN}" watch "${plugin}" --watch . ${node.flag} --json`;
    new Program(box, ["-c", `exec ${command} ${redirection}`], { program: "/bin/bash" });
    const events = () => {
      const lines = readFileSync(join(box.work, "out.json"), "utf8").split("\n").slice(0, -1);
      return lines.map((line) => JSON.parse(line));
    };
    const count = (name: string) => events().filter(({ event }) => event === name).length;
    const has = (name: string, times: number) => () => {
      try {
        return count(name) === times;
      } catch {
        return false; // It is not there yet, or half a line is.
      }
    };
    await until("the start", has("reloaded", 1));
    writeFileSync(join(box.work, "data.txt"), "1");
    await until("a reload", has("reloaded", 2));
    writeFileSync(join(box.work, "data.txt"), "2");
    await until("one more", has("reloaded", 3));
    const out = join(box.work, "out.json");
    expect(events().filter(({ event }) => event === "notice")).toMatchObject([
      { message: `${out} holds this program's own output: its changes cause no reload` },
    ]);
  });
});
