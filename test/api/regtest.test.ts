/** startRegtest() as the tests of a plugin use it: where lightningd is installed. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { startRegtest } from "../../src/api/regtest.js";
import { installed } from "../conformance/nodes/installed.js";
import { writeProgram } from "../support/plugin.js";
import { Program } from "../support/program.js";
import { sandbox } from "../support/sandbox.js";
import { until } from "../support/until.js";

/** Refuses a payment of 13 sat: the example of docs/regtest.md. */
const REFUSES_13 = `#!${process.execPath}
const answers = {
  getmanifest: () => ({ dynamic: true, options: [], rpcmethods: [], hooks: ["htlc_accepted"] }),
  htlc_accepted: ({ htlc }) =>
    htlc.amount_msat === 13000 ? { result: "fail", failure_message: "400f" + "00".repeat(12) } : { result: "continue" },
};
const lines = require("node:readline").createInterface({ input: process.stdin });
lines.on("line", (line) => {
  if (line.trim() === "") return;
  const { id, method, params } = JSON.parse(line);
  const result = (answers[method] ?? (() => ({})))(params);
  if (id !== undefined) process.stdout.write(JSON.stringify({ jsonrpc: "2.0", id, result }) + "\\n\\n");
});
`;

describe.skipIf(installed === undefined)("startRegtest()", () => {
  test("a plugin that refuses a payment", async () => {
    const box = sandbox();
    const plugin = writeProgram(join(box.work, "refuses-13.js"), REFUSES_13);
    let dir: string;
    {
      await using net = await startRegtest({ nodes: 2, env: box.env });
      dir = net.dir;
      const [l1, l2] = net.nodes;
      if (l1 === undefined || l2 === undefined) throw new Error("no nodes");
      await l2.startPlugin(plugin);
      await expect(net.pay(l1, l2, 13_000)).rejects.toThrow(/incorrect_or_unknown_payment/i);
      expect(await net.pay("l1", "l2", 14_000)).toMatchObject({ msat: 14_000, feeMsat: 0 });
      const { invoices } = await l2.call<{ invoices: { status: string }[] }>("listinvoices");
      expect(invoices.map(({ status }) => status)).toEqual(["unpaid", "paid"]);
      const { blockheight } = await l1.call<{ blockheight: number }>("getinfo");
      expect(await net.mine(2)).toBe(blockheight + 2);
    }
    expect(existsSync(dir)).toBe(false);
  });

  test("a failed start leaves nothing", async () => {
    const box = sandbox();
    const dir = join(box.root, "net");
    const options = { dir, env: box.env, options: ["--no-such-option"] };
    await expect(startRegtest(options)).rejects.toThrow(
      /l1 exited while it started.*no-such-option/s,
    );
    expect(readdirSync(dir)).not.toContain("l1");
    await using net = await startRegtest({ dir, env: box.env, nodes: 1 });
    expect(net.nodes.map(({ name }) => name)).toEqual(["l1"]);
  });

  test("nodes end with the program that has started them, however it ends", async () => {
    const box = sandbox();
    const script = writeProgram(
      join(box.work, "program.mjs"),
      `#!${process.execPath}
import { startRegtest } from ${JSON.stringify(join(dirname(dirname(import.meta.dirname)), "dist/index.mjs"))};
const net = await startRegtest({ nodes: 1, dir: ${JSON.stringify(join(box.root, "net"))} });
console.log("up");
process.kill(process.pid, "SIGKILL");
`,
    );
    const program = new Program(box, [], { program: script });
    expect(await program.ended).toMatchObject({ signal: "SIGKILL", stdout: "up\n" });
    await until("the end of the node", () => lightningdsIn(box.root) === 0);
  });
});

function lightningdsIn(root: string): number {
  return readdirSync("/proc").filter((pid) => {
    try {
      return /^\d+$/.test(pid) && commandOf(pid).includes(`--lightning-dir=${root}`);
    } catch {
      return false;
    }
  }).length;
}

function commandOf(pid: string): string {
  return readFileSync(`/proc/${pid}/cmdline`, "utf8");
}
