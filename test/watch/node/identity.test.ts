/** Which node is behind the path is asked at each reload, not once. */
import { rmSync } from "node:fs";
import type { Socket } from "node:net";
import { join } from "node:path";
import { expect, it } from "vitest";
import {
  type Answers,
  type FakeNode,
  type FakeRequest,
  fakeNode,
} from "../../support/fake-node.js";
import { writePlugin } from "../../support/plugin.js";
import { Program, run } from "../../support/program.js";
import { type Sandbox, sandbox } from "../../support/sandbox.js";

interface Who {
  readonly network: string;
  readonly version?: string;
  readonly id?: string;
}

/** A node whose identity can be changed while it runs. Every `plugin` command is answered well. */
async function changingNode(box: Sandbox, who: Who, more: Answers = {}) {
  const now = { current: who };
  const rpcFile = join(box.root, "node/lightning-rpc");
  const open = () => {
    // It is another file than before.
    rmSync(rpcFile, { force: true });
    return fakeNode(rpcFile, {
      getinfo: (socket: Socket, { id }: FakeRequest) => {
        const result = {
          version: "v26.06.6",
          id: `02${"0".repeat(64)}`,
          alias: "",
          ...now.current,
        };
        socket.write(`${JSON.stringify({ jsonrpc: "2.0", id, result })}\n\n`);
      },
      plugin: { command: "start", plugins: [] },
      listconfigs: { configs: {} },
      ...more,
    });
  };
  const node = { rpcFile, now, fake: await open(), open };
  box.onEnd(() => node.fake.close());
  return node;
}

function starts({ requests }: FakeNode): number {
  return requests.filter(({ method, params }) => method === "plugin" && isStart(params)).length;
}

function isStart(params: unknown): boolean {
  return JSON.stringify(params).includes('"start"');
}

it("refuses a node that says mainnet now, at each reload, and works on when it no longer does", async () => {
  const box = sandbox();
  const node = await changingNode(box, { network: "regtest" });
  const plugin = writePlugin(box.work);
  const watch = new Program(box, ["watch", plugin, `--rpc-file=${node.rpcFile}`, "--json"]);
  expect(await watch.outcome()).toMatchObject({ event: "reloaded" });
  node.now.current = { network: "bitcoin" };
  for (const version of ["2", "3"]) {
    writePlugin(box.work, { version });
    expect(await watch.outcome()).toMatchObject({ event: "refused", kind: "mainnet", exitCode: 2 });
  }
  expect(starts(node.fake)).toBe(1);
  node.now.current = { network: "regtest" };
  writePlugin(box.work, { version: "4" });
  expect(await watch.outcome()).toMatchObject({ event: "reloaded" });
});

it("starts nothing on a mainnet node that comes back on the socket", async () => {
  const box = sandbox();
  const node = await changingNode(box, { network: "regtest" });
  const plugin = writePlugin(box.work);
  const watch = new Program(box, ["watch", plugin, `--rpc-file=${node.rpcFile}`, "--json"]);
  await watch.outcome();
  await node.fake.close();
  await watch.next("node-gone");
  node.now.current = { network: "bitcoin" };
  node.fake = await node.open();
  expect(await watch.outcome()).toMatchObject({ event: "refused", kind: "mainnet" });
  expect(starts(node.fake)).toBe(0);
});

it("waits for a node that does not say who it is, and starts nothing before", async () => {
  const box = sandbox();
  const node = await changingNode(box, { network: "regtest" });
  const plugin = writePlugin(box.work);
  const watch = new Program(box, ["watch", plugin, `--rpc-file=${node.rpcFile}`, "--json"]);
  await watch.outcome();
  await node.fake.close();
  await watch.next("node-gone");
  let isStarting = true;
  node.fake = await fakeNode(node.rpcFile, {
    getinfo: (socket: Socket, { id }: FakeRequest) => {
      const error = { code: -28, message: "still starting" };
      const result = { version: "v26.06.6", id: "02", alias: "", network: "regtest" };
      const member = isStarting ? { error } : { result };
      socket.write(`${JSON.stringify({ jsonrpc: "2.0", id, ...member })}\n\n`);
    },
    plugin: { command: "start", plugins: [] },
    listconfigs: { configs: {} },
  });
  const outcome = await watch.outcome();
  expect(outcome).toMatchObject({ event: "unreachable" });
  expect(outcome.message).toContain("still starting");
  expect(starts(node.fake)).toBe(0);
  isStarting = false;
  expect(await watch.next("reloaded")).toMatchObject({ cause: "node" });
});

it("reports another node behind the path", async () => {
  const box = sandbox();
  const node = await changingNode(box, { network: "regtest", id: "02aaaaaaaa" });
  const plugin = writePlugin(box.work);
  const watch = new Program(box, ["watch", plugin, `--rpc-file=${node.rpcFile}`, "--json"]);
  await watch.outcome();
  node.now.current = { network: "signet", id: "03bbbbbbbb", version: "v25.05" };
  writePlugin(box.work, { version: "2" });
  const message = `another node answers at ${node.rpcFile}: id 03bbbbbb (was 02aaaaaa), network signet (was regtest), v25.05 (was v26.06.6)`;
  await watch.next("notice", { level: "warn", message });
  expect(await watch.outcome()).toMatchObject({ event: "reloaded" });
});

it.each([
  ["watch", ["--json"]],
  ["watch", ["--json", "--hot"]],
  ["start", []],
  ["stop", []],
])("%s refuses a release that can kill every process of its user", async (command, flags) => {
  const box = sandbox();
  const node = await changingNode(box, { network: "regtest", version: "v23.05.2" });
  const plugin = writePlugin(box.work);
  const args = [command, plugin, `--rpc-file=${node.rpcFile}`, ...flags];
  const { code, stderr } = await run(box, args);
  expect(stderr).toContain(`the node at ${node.rpcFile} is lightningd v23.05.2`);
  expect(code).toBe(2);
  expect(node.fake.requests.filter(({ method }) => method === "plugin")).toEqual([]);
});

it("list and call work on such a release", async () => {
  const box = sandbox();
  const node = await changingNode(box, { network: "regtest", version: "v23.05.2" });
  const flag = `--rpc-file=${node.rpcFile}`;
  expect((await run(box, ["list", flag])).code).toBe(0);
  expect((await run(box, ["call", "getinfo", flag])).code).toBe(0);
});
