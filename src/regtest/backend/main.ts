/**
 * The program that a node of a regtest network runs in place of bcli: a plugin that serves our
 * chain. It is built as one file without dependencies and copied into the network's folder.
 */
import { Framer } from "../../jsonrpc/framing.js";
import { parseObject } from "../../jsonrpc/json.js";
import { ChainBackend } from "./chain-backend.js";

const framer = new Framer();
const backend = new ChainBackend((message) => {
  process.stdout.write(`${JSON.stringify(message)}\n\n`);
});

process.stdin.on("data", (chunk: Buffer) => {
  for (const { kind, bytes } of framer.push(chunk)) {
    const request = kind === "object" ? parseObject(bytes) : undefined;
    if (request !== undefined) backend.take(request);
  }
});
// The node has ended.
process.stdin.on("end", () => process.exit(0));
process.stdout.on("error", () => process.exit(0));
