/**
 * The examples that the embedded node raises, beside what real nodes send: field by field, in their
 * order, with their types. Where lightningd of the release that it follows is installed.
 */
import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { expect, test } from "vitest";
import { startEmbeddedNode } from "../../../src/api/embedded-node.js";
import type { LightningNode } from "../../../src/api/lightning-node.js";
import { type RegtestNetwork, startRegtest } from "../../../src/api/regtest.js";
import { NOTIFICATION_TOPICS } from "../../../src/embedded/emit/examples.js";
import { isObject } from "../../../src/jsonrpc/json.js";
import { HOOKS } from "../../../src/plugin/release.js";
import { isOurRelease } from "../../conformance/harness/release.js";
import { writeProgram } from "../../support/plugin.js";
import { sandbox } from "../../support/sandbox.js";
import { until } from "../../support/until.js";

/** What takes dual funding, another seed, the start of a node, or a fault on the way. */
const NOT_SENT = [
  "balance_snapshot",
  "channel_open_failed",
  "deprecated_oneshot",
  "hook onion_message_recv",
  "hook openchannel2",
  "hook openchannel2_changed",
  "hook openchannel2_sign",
  "hook rbf_channel",
  "hook recover",
  "onionmessage_forward_fail",
  "openchannel_peer_sigs",
];

/** A plugin that writes down what it is sent, and lets everything pass. */
function recorder(file: string): string {
  const manifest = {
    dynamic: true,
    options: [],
    rpcmethods: [{ name: basename(file, ".jsonl"), usage: "", description: "none" }],
    hooks: [...HOOKS.keys()].filter((hook) => hook !== "db_write"),
    subscriptions: NOTIFICATION_TOPICS.filter((topic) => topic !== "log"),
  };
  return `#!${process.execPath}
const { appendFileSync } = require("node:fs");
const manifest = ${JSON.stringify(manifest)};
let held = "";
process.stdin.setEncoding("utf8").on("data", (text) => {
  held += text;
  for (let end; (end = held.indexOf("\\n\\n")) >= 0; held = held.slice(end + 2)) {
    const message = JSON.parse(held.slice(0, end));
    const topic = (message.id === undefined ? "" : "hook ") + message.method;
    appendFileSync(${JSON.stringify(file)}, JSON.stringify({ topic, message }) + "\\n");
    if (message.method === "shutdown") process.exit(0);
    if (message.id === undefined) continue;
    const result = message.method === "getmanifest" ? manifest : { result: "continue" };
    process.stdout.write(JSON.stringify({ jsonrpc: "2.0", id: message.id, result }) + "\\n\\n");
  }
}).on("end", () => process.exit(0));
`;
}

type Shapes = Map<string, Set<string>>;

/** The fields of everything that has been sent, with their types, by topic. */
function shapesIn(file: string): Shapes {
  const shapes: Shapes = new Map();
  for (const line of readFileSync(file, "utf8").split("\n").filter(Boolean)) {
    const { topic, message } = JSON.parse(line);
    const { params, origin } = message;
    const shape = JSON.stringify(shapeOf({ params, ...(origin === undefined ? {} : { origin }) }));
    shapes.set(topic, (shapes.get(topic) ?? new Set()).add(shape));
  }
  return shapes;
}

function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.slice(0, 1).map(shapeOf);
  if (!isObject(value)) return value === null ? "null" : typeof value;
  return Object.entries(value).map(([name, member]) => [name, shapeOf(member)]);
}

function pluginStopped(folder: string): string {
  return writeProgram(join(folder, "other.js"), recorder(join(folder, "other.jsonl")));
}

/** Everything that two or three nodes can be made to send in a second or two. */
async function liveThrough(net: RegtestNetwork): Promise<void> {
  const [l1, l2, l3] = net.nodes;
  if (l1 === undefined || l2 === undefined || l3 === undefined) throw new Error("no nodes");
  const first = await net.open(l1, l2);
  await net.open(l2, l3);
  await net.pay(l1, l3, 5_000_000);
  await net.pay(l1, l2, 1_000_000, { keysend: true });
  await l2.call("sendcustommsg", { node_id: l1.id, msg: "1337ffffffff" });
  const { bolt12 } = await l2.call<{ bolt12: string }>("offer", {
    amount: "1000msat",
    description: "x",
  });
  await l1.call("fetchinvoice", { offer: bolt12 });
  // By the older of the two plugins that pay, which sends more.
  await l1.call("setconfig", { config: "xpay-handle-pay", val: false });
  await net.pay(l1, l3, 1_000_000);
  const hop = { amount_msat: 2000, delay: 20, style: "tlv" };
  const route = [
    { ...hop, id: l2.id, channel: first.shortChannelId, direction: l1.id < l2.id ? 0 : 1 },
    { ...hop, id: l3.id, channel: "1x1x1", direction: 0, amount_msat: 1000, delay: 9 },
  ];
  const payment_hash = "00".repeat(32);
  await l1.call("sendpay", { route, payment_hash });
  await expect(l1.call("waitsendpay", { payment_hash })).rejects.toThrow("UNKNOWN_NEXT_PEER");
  const { bolt11 } = await l3.call<{ bolt11: string }>("invoice", {
    amount_msat: 1000,
    label: "gone",
    description: "none",
  });
  await l3.call("delinvoice", { label: "gone", status: "unpaid" });
  await expect(l1.call("pay", { bolt11, retry_for: 1 })).rejects.toThrow();
  const other = pluginStopped(l2.networkDir);
  await l2.startPlugin(other);
  await l2.stopPlugin(other);
  await l2.call("close", { id: l3.id, unilateraltimeout: 1 });
  await net.mine(2);
  await l1.call("disconnect", { id: l2.id, force: true });
}

test.skipIf(!isOurRelease())("every example is what a real node sends", async () => {
  const box = sandbox();
  const real = join(box.work, "real.jsonl");
  const embedded = join(box.work, "embedded.jsonl");
  const pluginFor = (file: string) => writeProgram(`${file}.js`, recorder(file));

  const node = await startEmbeddedNode({ lightningDir: box.folder(), env: box.env });
  box.onEnd(() => node.close());
  await node.startPlugin(pluginFor(embedded));
  const topics = [...new Set([...HOOKS.keys(), ...NOTIFICATION_TOPICS])];
  for (const topic of topics.filter((one) => one !== "shutdown")) await node.raise(topic);

  await using net = await startRegtest({ nodes: 3, channels: false, env: box.env });
  const record = (one: LightningNode) => one.startPlugin(pluginFor(real));
  await Promise.all(net.nodes.map(record));
  await liveThrough(net);
  await until("the last notification", () => shapesIn(real).has("disconnect"));

  const sent = shapesIn(real);
  const ours = shapesIn(embedded);
  const differing = [...ours].flatMap(([topic, shapes]) => {
    const seen = sent.get(topic);
    if (seen === undefined) return [];
    return [...shapes]
      .filter((shape) => !seen.has(shape))
      .map((shape) => ({ topic, shape, seen: [...seen] }));
  });
  expect(differing).toEqual([]);
  const notSeen = [...ours.keys()].filter((topic) => !sent.has(topic));
  expect(notSeen.sort()).toEqual(NOT_SENT);
});
