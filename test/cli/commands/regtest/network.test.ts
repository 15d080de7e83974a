/** `cln-dev regtest` with real nodes: where lightningd is installed. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { isObject, type JsonObject } from "../../../../src/jsonrpc/json.js";
import { callNode } from "../../../../src/node/rpc/client.js";
import { installed } from "../../../conformance/nodes/installed.js";
import { has, writeProgram } from "../../../support/plugin.js";
import { isAlive } from "../../../support/processes.js";
import { type Ended, type JsonEvent, Program, run } from "../../../support/program.js";
import { type Sandbox, sharedSandbox } from "../../../support/sandbox.js";
import { Terminal } from "../../../support/terminal.js";
import { until } from "../../../support/until.js";

/** With a different error each time: it is in the node's stderr and nowhere else. */
const DIES_AT_A_BLOCK = `#!${process.execPath}
const manifest = { dynamic: true, options: [], rpcmethods: [], subscriptions: ["block_added"] };
process.stdin.setEncoding("utf8").on("data", (text) => {
  for (const part of text.split("\\n\\n").filter(Boolean)) {
    const { id, method, params } = JSON.parse(part);
    if (method === "block_added") throw new Error("it cannot stand block " + params.block_added.height);
    const result = method === "getmanifest" ? manifest : {};
    process.stdout.write(JSON.stringify({ jsonrpc: "2.0", id, result }) + "\\n\\n");
  }
});
`;

interface Node {
  readonly name: string;
  readonly id: string;
  readonly lightningDir: string;
  readonly rpcFile: string;
  readonly port: number;
  readonly pid: number;
}

/** Runs a command and gives its events. @throws Error: it failed */
async function regtest(box: Sandbox, ...args: readonly string[]): Promise<readonly JsonEvent[]> {
  const { code, stdout, stderr } = await fails(box, ...args);
  if (code !== 0) throw new Error(`regtest ${args.join(" ")}: ${code} ${stdout}${stderr}`);
  return stdout
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line));
}

function fails(box: Sandbox, ...args: readonly string[]): Promise<Ended> {
  return run(box, ["regtest", ...args, "--json"]);
}

function nodesOf(events: readonly JsonEvent[]): readonly Node[] {
  return events.find(({ event }) => event === "ready")?.nodes as readonly Node[];
}

async function call(node: Node | undefined, method: string, params = {}): Promise<JsonObject> {
  const result = await callNode(node?.rpcFile ?? "", method, params);
  return isObject(result) ? result : {};
}

async function heights(nodes: readonly Node[]): Promise<readonly unknown[]> {
  return Promise.all(nodes.map(async (node) => (await call(node, "getinfo")).blockheight));
}

const box = sharedSandbox();

describe.skipIf(installed === undefined)("a network", () => {
  let nodes: readonly Node[];
  let dir: string;

  beforeAll(async () => {
    const events = await regtest(box(), "2");
    nodes = nodesOf(events);
    dir = String(events.at(-1)?.dir);
  });

  afterAll(async () => {
    await regtest(box(), "reset");
  });

  test("is private, and by default in the temp folder, with a channel that pays both ways", async () => {
    expect(dir).toMatch(new RegExp(`/cln-dev-regtest-${process.getuid?.()}$`));
    expect(nodes.map(({ name }) => name)).toEqual(["l1", "l2"]);
    const [there] = await regtest(box(), "pay", "l1", "l2", "5000");
    expect(there).toMatchObject({ event: "paid", from: "l1", to: "l2", msat: 5000, feeMsat: 0 });
    const [back] = await regtest(box(), "pay", "l2", "l1", "--keysend");
    expect(back).toMatchObject({ event: "paid", msat: 1_000_000, preimage: expect.any(String) });
  });

  test("the same secret for each name: l1 is always the same node", () => {
    expect(nodes.map(({ id }) => id)).toEqual([
      "03fe5c067f7f988127a382a955ecdea17ada51e4774eab67a6a5d1f23653012917",
      "0392129d96a76efa2aa923d333ce2e29ff73e2709288e082163ecff3581859b69b",
    ]);
  });

  test("start again: nothing is started, nothing is opened", async () => {
    const events = await regtest(box(), "start");
    expect(events.map(({ event }) => event)).toEqual(["ready"]);
    expect(nodesOf(events)).toEqual(nodes);
    expect(events[0]?.channels).toHaveLength(1);
  });

  test("a person is shown the lines that use the nodes", async () => {
    const { stdout } = await run(box(), ["regtest"]);
    expect(stdout).toMatch(/; ends with: cln-dev regtest stop\n$/);
    expect(stdout).toContain(`cln-dev watch ./myplugin.py --lightning-dir=${dir}/l1\n`);
    expect(stdout).toContain(`lightning-cli --lightning-dir=${dir}/l2 getinfo\n`);
  });

  test.skipIf(!has("python3"))("in a terminal its lines are coloured", async () => {
    const terminal = new Terminal(box(), ["regtest", "status"]);
    await terminal.shows(/^ {2}l1 running {3}block \d+/m);
  });

  test("where no node is named and none is there, the network is offered", async () => {
    const { code, stderr } = await run(box(), ["list"]);
    expect(code).toBe(3);
    expect(stderr).toContain(`--lightning-dir=${dir}/l1`);
    expect(stderr).toContain(`--lightning-dir=${dir}/l2`);
  });

  test("watch finds the traceback of a plugin in the node's stderr", async () => {
    const plugin = writeProgram(join(box().work, "dies.js"), DIES_AT_A_BLOCK);
    const watch = new Program(box(), ["watch", plugin, `--lightning-dir=${dir}/l1`, "--json"]);
    await watch.next("reloaded");
    await regtest(box(), "mine");
    await watch.next("plugin-died");
    const explained = await watch.next("explained");
    expect(JSON.stringify(explained)).toContain("it cannot stand block");
    await watch.end();
  });

  test("mine: every node has the block on return", async () => {
    const before = await heights(nodes);
    const [mined] = await regtest(box(), "mine", "3");
    expect(mined).toMatchObject({ event: "mined", blocks: 3, nodes: ["l1", "l2"] });
    expect(await heights(nodes)).toEqual(before.map((height) => Number(height) + 3));
  });

  test("two that mine at once: no block is lost", async () => {
    const [before] = await heights(nodes);
    await Promise.all([regtest(box(), "mine", "30"), regtest(box(), "mine", "30")]);
    expect(await heights(nodes)).toEqual([Number(before) + 60, Number(before) + 60]);
  });

  test("a question for a block that is not there is answered at once", async () => {
    const asked = performance.now();
    const answer = await call(nodes[0], "getrawblockbyheight", { height: 5000 });
    expect(answer).toEqual({ blockhash: null, block: null });
    expect(performance.now() - asked).toBeLessThan(2_000);
  });

  test("fund, withdraw and mine: the wallet has the money", async () => {
    const sum = async () => {
      const { outputs } = await call(nodes[1], "listfunds");
      const all: readonly unknown[] = Array.isArray(outputs) ? outputs : [];
      return all.reduce<number>((total, one) => {
        const confirmed = isObject(one) && one.status === "confirmed";
        return total + (confirmed ? Number(one.amount_msat) / 1000 : 0);
      }, 0);
    };
    const before = await sum();
    await regtest(box(), "fund", "l2", "5000000");
    expect(await sum()).toBe(before + 5_000_000);
    const { bech32 } = await call(nodes[1], "newaddr", { addresstype: "bech32" });
    await call(nodes[0], "withdraw", { destination: bech32, satoshi: 1_000_000 });
    await regtest(box(), "mine");
    await until("the withdrawal", async () => (await sum()) === before + 6_000_000);
  });

  test("reorg: the nodes follow it, and the channel is usable", async () => {
    const [event] = await regtest(box(), "reorg", "3");
    expect(event).toMatchObject({ event: "reorganized", depth: 3 });
    await regtest(box(), "pay", "l1", "l2", "1000");
    expect(await fails(box(), "reorg", "30")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("too deep"),
    });
  });

  test("fees: all kinds of fee rates follow", async () => {
    await regtest(box(), "fees", "2=40000", "12=9000", "100=3000");
    const { perkb } = await call(nodes[0], "feerates", { style: "perkb" });
    expect(perkb).toMatchObject({ opening: 9000, mutual_close: 3000, penalty: 9000 });
  });

  test("open: the node's own words where the money is short", async () => {
    const { code, stderr } = await fails(box(), "open", "l1", "l2", "999999999999");
    expect({ code, error: JSON.parse(stderr).error }).toMatchObject({
      code: 1,
      error: { kind: "node-error", message: expect.stringContaining("Could not afford") },
    });
    const events = await regtest(box(), "open", "l2", "l1", "400000");
    expect(events.at(-1)).toMatchObject({ event: "channel", from: "l2", capacitySat: 400_000 });
  });

  test("a mutual close, mined to its end", async () => {
    const [status] = await regtest(box(), "status");
    const channels = status?.channels as { shortChannelId: string }[] | undefined;
    expect(channels).toHaveLength(2);
    await call(nodes[1], "close", { id: channels?.[1]?.shortChannelId, unilateraltimeout: 1 });
    await regtest(box(), "mine", "2");
    await until("the end of the channel", async () => {
      const { channels: left } = await call(nodes[1], "listpeerchannels");
      const all: readonly unknown[] = Array.isArray(left) ? left : [];
      return all.filter((one) => isObject(one) && one.state === "CHANNELD_NORMAL").length === 1;
    });
  });

  test("--automine: a channel by hand needs no mine", async () => {
    await regtest(box(), "start", "--automine", "6");
    await call(nodes[0], "fundchannel", { id: nodes[1]?.id, amount: 300_000 });
    await until("the channel", async () => {
      const [status] = await regtest(box(), "status");
      return Array.isArray(status?.channels) && status.channels.length === 2;
    });
    await regtest(box(), "start", "--automine", "0");
  });

  test("stop and start: the same nodes, the same channel; one by one, too", async () => {
    await regtest(box(), "stop", "l2");
    expect(await fails(box(), "status")).toMatchObject({ code: 1 });
    expect(await fails(box(), "pay", "l1", "l2")).toMatchObject({
      code: 3,
      stderr: expect.stringContaining("l2 is not running"),
    });
    expect(await regtest(box(), "mine")).toMatchObject([{ nodes: ["l1"] }]);
    await regtest(box(), "stop");
    expect(nodes.map(({ pid }) => isAlive(pid))).toEqual([false, false]);
    const events = await regtest(box(), "start");
    expect(nodesOf(events).map(({ id, port }) => ({ id, port }))).toEqual(
      nodes.map(({ id, port }) => ({ id, port })),
    );
    nodes = nodesOf(events);
    await regtest(box(), "pay", "l1", "l2");
  });

  test("a node that is killed, and one whose backend is: status shows it, start brings both back", async () => {
    process.kill(nodes[0]?.pid ?? 0, "SIGKILL");
    process.kill(backendOf(nodes[1]?.pid ?? 0), "SIGKILL");
    await until("the end of both", () => nodes.every(({ pid }) => !isAlive(pid)));
    const { code, stdout } = await fails(box(), "status");
    expect(code).toBe(1);
    expect(JSON.parse(stdout).nodes).toMatchObject([
      { state: "stopped" },
      { state: "stopped", lastWords: expect.stringContaining("The Bitcoin backend died") },
    ]);
    await regtest(box(), "mine", "3");
    nodes = nodesOf(await regtest(box(), "start"));
    await regtest(box(), "pay", "l1", "l2");
  });

  test("a port that somebody else has taken: another one, and an event for it", async () => {
    await regtest(box(), "stop");
    const server = createServer().listen(nodes[0]?.port, "127.0.0.1");
    try {
      const events = await regtest(box(), "start");
      expect(events[0]).toMatchObject({ event: "port-changed", name: "l1", from: nodes[0]?.port });
      nodes = nodesOf(events);
      await regtest(box(), "pay", "l2", "l1");
    } finally {
      server.close();
    }
  });

  test("a pid file of old, whose number a stranger has: the stranger lives on", async () => {
    await regtest(box(), "stop", "l1");
    const stranger = spawn("sleep", ["60"], { stdio: "ignore" });
    writeFileSync(join(dir, "l1", "lightningd-regtest.pid"), `${stranger.pid}\n`);
    const [status] = JSON.parse(`[${(await fails(box(), "status")).stdout}]`);
    expect(status.nodes[0]).toMatchObject({ state: "stopped" });
    await regtest(box(), "stop");
    expect(isAlive(stranger.pid ?? 0)).toBe(true);
    stranger.kill();
    // lightningd writes over what is there, and leaves the rest of a longer number.
    writeFileSync(join(dir, "l1", "lightningd-regtest.pid"), "99999999999\n");
    nodes = nodesOf(await regtest(box(), "start"));
    expect(isAlive(nodes[0]?.pid ?? 0)).toBe(true);
    await regtest(box(), "stop");
  });

  test("a node that cannot start: its own words, and no other is left running", async () => {
    const config = join(dir, "l2", "config");
    const text = readFileSync(config, "utf8");
    writeFileSync(config, `${text}no-such-option=1\n`);
    const { code, stderr } = await fails(box(), "start");
    expect(code).toBe(1);
    expect(JSON.parse(stderr).error.message).toMatch(/l2 exited while it started.*no-such-option/s);
    writeFileSync(config, text);
    expect(await fails(box(), "status")).toMatchObject({
      stdout: expect.stringMatching(/"l1".*"stopped".*"l2".*"stopped"/),
    });
    nodes = nodesOf(await regtest(box(), "start"));
  });

  test("no room on the disk: no half block, and the next mine works", async () => {
    const [before] = await heights(nodes);
    const blocks = join(dir, "chain", "blocks.jsonl");
    const size = readFileSync(blocks).length;
    // Room for some of the blocks: no node may be given these.
    const limit = Math.ceil(size / 1024) + 20;
    const program = `ulimit -f ${limit}; exec "$0" "$@"`;
    const child = spawn(
      "bash",
      ["-c", program, process.execPath, "bin/cln-dev.js", "regtest", "mine", "50"],
      {
        env: box().env,
        stdio: ["ignore", "ignore", "pipe"],
      },
    );
    let stderr = "";
    child.stderr.on("data", (chunk) => {
      stderr += chunk;
    });
    await ended(child);
    expect(stderr).toMatch(/^cln-dev: cannot write .*blocks\.jsonl: /);
    expect(readFileSync(blocks)).toHaveLength(size);
    expect(await regtest(box(), "mine")).toMatchObject([{ nodes: ["l1", "l2"] }]);
    expect(await heights(nodes)).toEqual([Number(before) + 1, Number(before) + 1]);
  });

  test("Ctrl-C in the middle of a start: nothing runs, and the next one completes", async () => {
    await regtest(box(), "stop");
    const program = new Program(box(), ["regtest", "3", "--verbose"]);
    await until("the third node", () => existsSync(join(dir, "l3", "stderr")));
    program.kill("SIGINT");
    expect((await program.ended).code).toBe(130);
    expect(lightningdsIn(dir)).toEqual([]);
    nodes = nodesOf(await regtest(box(), "3"));
    expect(nodes).toHaveLength(3);
    await regtest(box(), "pay", "l1", "l3");
  });

  test("two starts at once: one network", async () => {
    await regtest(box(), "stop");
    const both = await Promise.all([regtest(box()), regtest(box())]);
    expect(nodesOf(both[0] ?? [])).toEqual(nodesOf(both[1] ?? []));
    expect(lightningdsIn(dir)).toHaveLength(3);
  });

  test("a chain that is gone, or another's: refused, with the way out", async () => {
    const chain = join(dir, "chain", "blocks.jsonl");
    await regtest(box(), "stop");
    const other = box().folder("other");
    await regtest(box(), "1", "--no-channels", "--dir", other);
    await regtest(box(), "stop", "--dir", other);
    const { stderr } = await fails(box(), "fund", "l1", "--dir", other);
    expect(stderr).toContain(`Start it: cln-dev regtest start --dir ${other}`);
    renameSync(chain, `${chain}.kept`);
    for (const words of [/the chain is gone/, /is another network's/]) {
      const { code, stderr } = await fails(box(), "start");
      expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringMatching(words) });
      expect(stderr).toContain("cln-dev regtest reset");
      writeFileSync(chain, readFileSync(join(other, "chain", "blocks.jsonl")));
    }
    await regtest(box(), "reset", "--dir", other);
    expect(existsSync(other)).toBe(false);
    rmSync(chain);
    renameSync(`${chain}.kept`, chain);
  });

  test("every command of docs/regtest.md", async () => {
    const page = readFileSync("docs/regtest.md", "utf8");
    const lines = [...page.matchAll(/^cln-dev (regtest.*?)(?: +#.*)?$/gm)].map(([, line]) => line);
    expect(lines.length).toBeGreaterThan(8);
    for (const line of lines) {
      const { code, stderr } = await run(box(), (line ?? "").split(" "));
      // On a slow machine a step that takes long is named.
      const told = stderr.replace(/^cln-dev: waiting for .*\n/gm, "");
      expect({ line, code, told }).toEqual({ line, code: 0, told: "" });
    }
    expect(existsSync(dir)).toBe(false);
  });
});

/** The process that has been started in place of bcli by a lightningd. */
function backendOf(lightningd: number): number {
  return processes().find(
    (pid) => parentOf(pid) === lightningd && commandOf(pid).includes("backend"),
  ) as number;
}

function lightningdsIn(dir: string): readonly number[] {
  return processes().filter((pid) => commandOf(pid).includes(`--lightning-dir=${dir}/`));
}

function processes(): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

function parentOf(pid: number): number {
  return Number(/\) \S (\d+)/.exec(read(`/proc/${pid}/stat`))?.[1]);
}

function commandOf(pid: number): string {
  return read(`/proc/${pid}/cmdline`);
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

function ended(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => child.once("close", () => resolve()));
}
