/**
 * Answers what lightningd asks a chain backend (lightningd/bitcoind.c). The node exits on an error,
 * and on an answer that it cannot read, so every request gets a valid answer.
 *
 * lightningd has no message for a new block: it asks for the block after its tip and, if there is
 * none, asks again some time later. So the backend holds the answer until there is a block. Only
 * the first such answer after each block is immediate, because lightningd then updates what depends
 * on the height: the depth of a channel, "synced" (lightningd/chaintopology.c).
 */
import { watch } from "node:fs";
import { dirname } from "node:path";
import { Failure, messageOf } from "../../errors/failure.js";
import { isObject, type JsonObject, stringOf } from "../../jsonrpc/json.js";
import { ChainFolder } from "../chain/chain-folder.js";
import { FEERATE_FLOOR } from "../chain/chain-settings.js";
import { isSpentIn } from "../chain/mempool.js";
import { isAlive } from "../process-identity.js";
import { regtestCommand } from "../regtest-command.js";
import { CHAIN_ID_OPTION, CHAIN_OPTION, OWNER_VARIABLE } from "./backend-files.js";

/** How long a request for the next block is held, in ms. */
const HOLD_BLOCK_MS = 60_000;
/**
 * How often the node's own requests for fee rates are answered, in ms; changed rates are sent at
 * once.
 */
const HOLD_FEES_MS = 5_000;
/** How often the folder is checked without an event, in ms: a watch may miss one. */
const LOOK_MS = 1_000;

interface HeldBlock {
  readonly id: unknown;
  readonly height: number;
  readonly timer: NodeJS.Timeout;
}

export class ChainBackend {
  readonly #send: (message: JsonObject) => void;
  #folder: ChainFolder | undefined;
  #blocks: HeldBlock[] = [];
  #fees: { readonly id: unknown; readonly timer: NodeJS.Timeout } | undefined;
  /** The tip at which the node has been answered that no block follows. */
  #endKnown = "";
  #feesGiven = 0;
  #feesAt = 0;
  #feeChanges = 0;
  #fault = "";

  /** @param send writes a message to lightningd */
  constructor(send: (message: JsonObject) => void) {
    this.#send = send;
  }

  /** Handles a message from lightningd. */
  take({ id, method, params }: JsonObject): void {
    if (id === undefined) return;
    const given = isObject(params) ? params : {};
    switch (method) {
      case "getmanifest":
        this.#answer(id, MANIFEST);
        break;
      case "init":
        this.#begin(isObject(given.options) ? given.options : {});
        this.#answer(id, {});
        break;
      case "getchaininfo":
        this.#answer(id, this.#chainInfo());
        break;
      case "getrawblockbyheight":
        this.#giveBlock(id, Number(given.height ?? listed(params, 0)));
        break;
      case "estimatefees":
        this.#giveFees(id);
        break;
      case "getutxout": {
        const txid = stringOf(given.txid ?? listed(params, 0)) ?? "";
        this.#answer(id, this.#output(txid, Number(given.vout ?? listed(params, 1))));
        break;
      }
      case "sendrawtransaction":
        this.#answer(id, this.#broadcast(stringOf(given.tx ?? listed(params, 0)) ?? ""));
        break;
      default:
        this.#answer(id, {});
    }
  }

  #answer(id: unknown, result: JsonObject): void {
    this.#send({ jsonrpc: "2.0", id, result });
  }

  /** Opens the chain. Exits if that fails: the node cannot do without it. */
  #begin(options: JsonObject): void {
    const path = stringOf(options[CHAIN_OPTION]) ?? "";
    const id = stringOf(options[CHAIN_ID_OPTION]) ?? "";
    try {
      const folder = ChainFolder.open(path);
      if (id !== "" && folder.id !== id) {
        const reset = regtestCommand("reset", dirname(path));
        throw new Error(`the chain in ${path} is another network's. Start over: ${reset}`);
      }
      this.#folder = folder;
      watch(folder.folder, () => this.#look()).on("error", () => {});
    } catch (error) {
      process.stderr.write(`cln-dev regtest: ${messageOf(error)}\n`);
      process.exit(1);
    }
    setInterval(() => {
      endWithOwner();
      this.#look();
    }, LOOK_MS);
  }

  /** Returns the current chain, or the last one read if it cannot be read now. */
  #refreshed(): ChainFolder | undefined {
    try {
      this.#folder?.refresh();
      this.#fault = "";
    } catch (error) {
      this.#log(messageOf(error));
    }
    return this.#folder;
  }

  #log(fault: string): void {
    if (fault === this.#fault) return;
    this.#fault = fault;
    this.#send({ jsonrpc: "2.0", method: "log", params: { level: "broken", message: fault } });
  }

  /** Answers the held requests that can be answered now. */
  #look(): void {
    const folder = this.#refreshed();
    if (folder === undefined) return;
    const held = this.#blocks;
    this.#blocks = [];
    for (const one of held) {
      if (one.height > folder.chain.tip.height && this.#endKnown === folder.chain.tip.hash) {
        this.#blocks.push(one);
        continue;
      }
      clearTimeout(one.timer);
      this.#giveBlock(one.id, one.height);
    }
    if (this.#fees !== undefined && this.#settings()?.feeChanges !== this.#feeChanges) {
      this.#answerFees(this.#fees.id);
    }
  }

  #chainInfo(): JsonObject {
    const height = this.#refreshed()?.chain.tip.height ?? 0;
    return { chain: "regtest", headercount: height, blockcount: height, ibd: false };
  }

  #giveBlock(id: unknown, height: number): void {
    const chain = this.#refreshed()?.chain;
    const block = chain?.blockAt(height);
    if (block !== undefined) {
      this.#answer(id, { blockhash: block.hash, block: block.raw.toString("hex") });
    } else if (chain === undefined || height !== chain.tip.height + 1 || !isNodesOwn(id)) {
      this.#answer(id, NO_BLOCK);
    } else if (this.#endKnown !== chain.tip.hash) {
      this.#endKnown = chain.tip.hash;
      this.#answer(id, NO_BLOCK);
    } else {
      const timer = setTimeout(() => {
        this.#blocks = this.#blocks.filter((one) => one.id !== id);
        this.#answer(id, NO_BLOCK);
      }, HOLD_BLOCK_MS);
      this.#blocks.push({ id, height, timer });
    }
  }

  /**
   * Answers fee requests. The node's own first two get an answer at once: it makes them at its
   * start.
   */
  #giveFees(id: unknown): void {
    const wait = this.#feesAt + HOLD_FEES_MS - Date.now();
    const isChanged = this.#settings()?.feeChanges !== this.#feeChanges;
    if (!isNodesOwn(id) || this.#feesGiven < 2 || wait <= 0 || isChanged) {
      this.#answerFees(id);
      return;
    }
    if (this.#fees !== undefined) this.#answerFees(this.#fees.id);
    this.#fees = { id, timer: setTimeout(() => this.#answerFees(id), wait) };
  }

  #answerFees(id: unknown): void {
    const settings = this.#settings();
    const held = this.#fees;
    if (held !== undefined && held.id === id) {
      clearTimeout(held.timer);
      this.#fees = undefined;
    }
    if (isNodesOwn(id)) {
      this.#feesGiven++;
      this.#feesAt = Date.now();
      this.#feeChanges = settings?.feeChanges ?? 0;
    }
    const feerates = Object.entries(settings?.feerates ?? {}).map(([blocks, feerate]) => ({
      blocks: Number(blocks),
      feerate,
    }));
    // lightningd adopts new rates without smoothing only if the numbers of blocks have changed.
    const last = feerates.at(-1);
    if (last !== undefined) {
      feerates.push({ ...last, blocks: last.blocks + 900 + ((settings?.feeChanges ?? 0) % 2) });
    }
    this.#answer(id, { feerate_floor: FEERATE_FLOOR, feerates });
  }

  #settings() {
    try {
      return this.#folder?.settings;
    } catch (error) {
      this.#log(messageOf(error));
      return undefined;
    }
  }

  #output(txid: string, vout: number): JsonObject {
    const none = { amount: null, script: null };
    const folder = this.#refreshed();
    const coin = folder?.chain.coin(txid, vout);
    if (folder === undefined || coin === undefined) return none;
    try {
      if (isSpentIn(folder.mempool(), txid, vout)) return none;
    } catch (error) {
      this.#log(messageOf(error));
    }
    return { amount: Number(coin.sat), script: coin.script.toString("hex") };
  }

  #broadcast(hex: string): JsonObject {
    try {
      const sent = this.#folder?.send(Buffer.from(hex, "hex")) ?? { refusal: "there is no chain" };
      if ("refusal" in sent) {
        // bcli counts this as a success, too (plugins/bcli.c).
        return { success: sent.refusal === "txn-already-known", errmsg: sent.refusal };
      }
      if (sent.isNew) setImmediate(() => this.#autoMine());
      return { success: true, errmsg: "" };
    } catch (error) {
      return { success: false, errmsg: error instanceof Failure ? error.message : String(error) };
    }
  }

  #autoMine(): void {
    const count = this.#settings()?.automine ?? 0;
    if (count === 0) return;
    try {
      this.#folder?.mine(count);
    } catch (error) {
      this.#log(messageOf(error));
    }
    this.#look();
  }
}

const NO_BLOCK: JsonObject = { blockhash: null, block: null };

const METHODS = [
  "getchaininfo",
  "estimatefees",
  "getrawblockbyheight",
  "getutxout",
  "sendrawtransaction",
];

const MANIFEST: JsonObject = {
  dynamic: false,
  nonnumericids: true,
  options: [
    { name: CHAIN_OPTION, type: "string", description: "the folder of the chain", default: "" },
    { name: CHAIN_ID_OPTION, type: "string", description: "the hash of its block 1", default: "" },
  ],
  rpcmethods: METHODS.map((name) => ({ name, usage: "", description: "for lightningd" })),
};

/**
 * Whether the request is lightningd's own. An id that begins with another caller (an RPC client, a
 * plugin) is never kept waiting.
 */
function isNodesOwn(id: unknown): boolean {
  return typeof id === "string" && id.startsWith("cln:");
}

function listed(params: unknown, index: number): unknown {
  return Array.isArray(params) ? params[index] : undefined;
}

/** Exits, and so ends the node, if the program that started the network has ended. */
function endWithOwner(): void {
  const owner = process.env[OWNER_VARIABLE] ?? "";
  if (owner !== "" && !isAlive(owner)) process.exit(1);
}
