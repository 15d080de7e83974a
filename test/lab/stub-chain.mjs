#!/usr/bin/env node
// A stub chain backend for lightningd: regtest with nothing but its genesis block. The bench and the
// soak start a lightningd with it, so that no bitcoind is needed.
const GENESIS_HASH = "0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206";
const COINBASE_TEXT = "The Times 03/Jan/2009 Chancellor on brink of second bailout for banks";
const GENESIS = [
  // Header: version, previous block, merkle root, time, bits, nonce.
  "01000000",
  "00".repeat(32),
  "3ba3edfd7a7b12b27ac72c3e67768f617fc81bc3888a51323a9fb8aa4b1e5e4a",
  "dae5494dffff7f2002000000",
  // The one transaction.
  "0101000000",
  `01${"00".repeat(32)}ffffffff4d04ffff001d010445`,
  Buffer.from(COINBASE_TEXT).toString("hex"),
  "ffffffff0100f2052a010000004341",
  "04678afdb0fe5548271967f1a67130b7105cd6a828e03909a67962e0ea1f61deb6",
  "49f6bc3f4cef38c4f35504e51ec112de5c384df7ba0b8d578a4c702b6bf11d5fac",
  "00000000",
].join("");
const FEES = [
  "opening",
  "mutual_close",
  "unilateral_close",
  "delayed_to_us",
  "htlc_resolution",
  "penalty",
  "min_acceptable",
  "max_acceptable",
];

const answers = {
  getmanifest: () => ({
    dynamic: false,
    options: [],
    rpcmethods: Object.keys(answers)
      .filter((name) => name !== "getmanifest" && name !== "init")
      .map((name) => ({ name, usage: "", description: name })),
  }),
  init: () => ({}),
  getchaininfo: () => ({ chain: "regtest", headercount: 0, blockcount: 0, ibd: false }),
  estimatefees: () => ({
    feerate_floor: 253,
    feerates: [2, 6, 12, 100].map((blocks) => ({ blocks, feerate: 1000 })),
    ...Object.fromEntries(FEES.map((name) => [name, 1000])),
  }),
  getrawblockbyheight: (params) => {
    const height = Array.isArray(params) ? params[0] : params.height;
    const known = Number(height) === 0;
    return { blockhash: known ? GENESIS_HASH : null, block: known ? GENESIS : null };
  },
  getutxout: () => ({ amount: null, script: null }),
  sendrawtransaction: () => ({ success: true, errmsg: "" }),
};

let held = "";
process.stdin.setEncoding("utf8").on("data", (chunk) => {
  const texts = (held + chunk).split("\n\n");
  held = texts.pop();
  for (const text of texts) {
    const { id, method, params } = JSON.parse(text);
    const result = (answers[method] ?? (() => ({})))(params);
    if (id === undefined) continue;
    process.stdout.write(`${JSON.stringify({ jsonrpc: "2.0", id, result })}\n\n`);
  }
});
