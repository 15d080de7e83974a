/** The backend as a node sees it: the built program, asked over its stdin and stdout. */
import { type ChildProcess, spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { isObject, type JsonObject } from "../../../src/jsonrpc/json.js";
import { ChainFolder } from "../../../src/regtest/chain/chain-folder.js";
import { type Sandbox, sandbox } from "../../support/sandbox.js";
import { until } from "../../support/until.js";

class Backend {
  readonly chain: ChainFolder;
  readonly ended: Promise<number | null>;
  stderr = "";
  readonly #child: ChildProcess;
  readonly #answers = new Map<string, unknown>();
  #held = "";

  constructor(box: Sandbox) {
    this.chain = ChainFolder.create(box.folder("chain"));
    this.chain.mine(101);
    const program = join(process.cwd(), "dist/regtest-backend.js");
    this.#child = spawn(process.execPath, [program], { env: box.env });
    this.ended = new Promise((resolve) => this.#child.once("close", resolve));
    this.#child.stderr?.setEncoding("utf8").on("data", (text) => {
      this.stderr += text;
    });
    this.#child.stdout?.setEncoding("utf8").on("data", (text) => this.#take(text));
    box.onEnd(() => void this.#child.kill("SIGKILL"));
  }

  #take(text: string): void {
    this.#held += text;
    const parts = this.#held.split("\n\n");
    this.#held = parts.pop() ?? "";
    for (const part of parts) {
      const { id, result } = JSON.parse(part);
      this.#answers.set(id, result);
    }
  }

  ask(id: string, method: string, params: JsonObject = {}): void {
    const request = { jsonrpc: "2.0", id, method, params };
    this.#child.stdin?.write(`${JSON.stringify(request)}\n\n`);
  }

  has(id: string): boolean {
    return this.#answers.has(id);
  }

  async answer(id: string): Promise<JsonObject> {
    const result = await until(`the answer to ${id}`, () => this.#answers.get(id));
    return isObject(result) ? result : {};
  }

  async call(id: string, method: string, params: JsonObject = {}): Promise<JsonObject> {
    this.ask(id, method, params);
    return this.answer(id);
  }

  init(options: JsonObject = {}): void {
    this.ask("cln:init#1", "init", { options: { "cln-dev-chain": this.chain.folder, ...options } });
  }
}

const NONE = { blockhash: null, block: null };

test("no next block: answered once after each block, held the second time", async () => {
  const backend = new Backend(sandbox());
  backend.init();
  const ask = (id: string, height: number) =>
    backend.ask(`cln:getrawblockbyheight#${id}`, "getrawblockbyheight", { height });
  ask("1", 102);
  expect(await backend.answer("cln:getrawblockbyheight#1")).toEqual(NONE);
  ask("2", 102);
  // Others are not kept waiting, and their answer comes after the held question has been read.
  const other = await backend.call("me/cln:getrawblockbyheight#3", "getrawblockbyheight", {
    height: 102,
  });
  expect(other).toEqual(NONE);
  expect(backend.has("cln:getrawblockbyheight#2")).toBe(false);
  const [hash] = backend.chain.mine();
  expect(await backend.answer("cln:getrawblockbyheight#2")).toMatchObject({ blockhash: hash });
  ask("4", 103);
  expect(await backend.answer("cln:getrawblockbyheight#4")).toEqual(NONE);
});

test("changed fee rates are given at once, with another number of blocks", async () => {
  const backend = new Backend(sandbox());
  backend.init();
  const first = await backend.call("cln:estimatefees#1", "estimatefees");
  await backend.call("cln:estimatefees#2", "estimatefees");
  backend.ask("cln:estimatefees#3", "estimatefees");
  await backend.call("cln:getchaininfo#4", "getchaininfo");
  expect(backend.has("cln:estimatefees#3")).toBe(false);
  backend.chain.set({ feerates: { 2: 30_000 } });
  const changed = await backend.answer("cln:estimatefees#3");
  const blocksOf = ({ feerates }: JsonObject) =>
    Array.isArray(feerates) ? feerates.map(({ blocks }) => blocks) : [];
  expect(changed.feerates).toContainEqual({ blocks: 2, feerate: 30_000 });
  expect(blocksOf(changed)).not.toEqual(blocksOf(first));
});

test("every question has a valid answer, also when the chain is damaged", async () => {
  const backend = new Backend(sandbox());
  backend.init();
  await backend.call("cln:getchaininfo#1", "getchaininfo");
  writeFileSync(join(backend.chain.folder, "blocks.jsonl"), "nonsense\n");
  const info = { chain: "regtest", headercount: 101, blockcount: 101, ibd: false };
  expect(await backend.call("cln:2", "getchaininfo")).toEqual(info);
  const send = await backend.call("cln:3", "sendrawtransaction", { tx: "zz" });
  expect(send).toMatchObject({ success: false, errmsg: "TX decode failed" });
  const output = { txid: "00".repeat(32), vout: 0 };
  expect(await backend.call("cln:4", "getutxout", output)).toEqual({ amount: null, script: null });
  expect(await backend.call("cln:5", "getrawblockbyheight", { height: "x" })).toEqual(NONE);
});

test("another network's chain: it ends, and says why", async () => {
  const backend = new Backend(sandbox());
  backend.init({ "cln-dev-chain-id": "00".repeat(32) });
  expect(await backend.ended).toBe(1);
  const folder = dirname(backend.chain.folder);
  expect(backend.stderr).toContain("is another network's");
  expect(backend.stderr).toContain(`cln-dev regtest reset --dir ${folder}`);
});
