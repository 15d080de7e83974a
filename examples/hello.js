#!/usr/bin/env node
/**
 * A Core Lightning plugin without dependencies: an option, a method, a call to the node.
 *
 * Try it:  cln-dev watch examples/hello.js --embedded --call hello
 * Then change GREETING, or anything else, and save.
 */
const { connect } = require("node:net");
const { resolve } = require("node:path");
const { createInterface } = require("node:readline");

const GREETING = "Hello";

const manifest = {
  dynamic: true,
  options: [{ name: "hello-name", type: "string", default: "world", description: "Whom to greet" }],
  rpcmethods: [
    { name: "hello", usage: "[name]", description: "Greets somebody" },
    { name: "hello-node", usage: "", description: "Asks the node who it is" },
  ],
};

let options = {};
let rpcFile = "";

const methods = {
  getmanifest: () => manifest,
  init(params) {
    options = params.options;
    rpcFile = resolve(params.configuration["lightning-dir"], params.configuration["rpc-file"]);
    log(`ready to greet ${options["hello-name"]}`);
    return {};
  },
  hello(params) {
    const name = Array.isArray(params) ? params[0] : params.name;
    return { greeting: `${GREETING}, ${name ?? options["hello-name"]}!` };
  },
  async "hello-node"() {
    const { id, network } = await callNode("getinfo");
    return { id, network };
  },
};

/** One call to lightningd, on a new connection. */
function callNode(method, params = {}) {
  return new Promise((done, fail) => {
    let answer = "";
    const socket = connect(rpcFile, () => {
      socket.write(JSON.stringify({ jsonrpc: "2.0", id: "hello", method, params }));
    });
    socket.setEncoding("utf8").on("error", fail);
    socket.on("data", (chunk) => {
      answer += chunk;
      try {
        done(JSON.parse(answer).result);
        socket.end();
      } catch {
        // Not all of it is here yet.
      }
    });
  });
}

function log(message, level = "info") {
  send({ method: "log", params: { level, message } });
}

function send(message) {
  process.stdout.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n\n`);
}

// lightningd sends one JSON object a line, and an empty line after each.
createInterface({ input: process.stdin }).on("line", async (line) => {
  if (line.trim() === "") return;
  const { id, method, params } = JSON.parse(line);
  try {
    send({ id, result: await methods[method](params) });
  } catch (error) {
    // The caller gets the error; the plugin keeps running.
    send({ id, error: { code: -32603, message: String(error) } });
  }
});
