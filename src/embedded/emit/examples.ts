/**
 * An example of the payload of each hook and notification, with the fields, their order and their types
 * as lightningd v26.06.6 sends them (doc/schemas/hook, doc/schemas/notification).
 */
import { RawJson } from "../../jsonrpc/json.js";
import type { NodeContext } from "../node-context.js";
import type { JsonRecord, JsonValue } from "../rpc/json-text.js";
import data from "./examples-v26.06.6.json";

interface NotificationExample {
  /** The plugin of a real node that sends it; undefined for lightningd itself. */
  readonly origin?: string;
  /**
   * It is sent in its old form as well, until v26.09: under `payload`, by itself (an empty text) or
   * under this name (plugins/libplugin-pay.c).
   */
  readonly oldName?: string;
  readonly payload: JsonRecord;
}

const HOOKS = new Map<string, JsonRecord>(Object.entries(data.hooks));
const NOTIFICATIONS = new Map<string, NotificationExample>(Object.entries(data.notifications));

export const NOTIFICATION_TOPICS: readonly string[] = [...NOTIFICATIONS.keys()];

/** @returns the params of a hook; none for a hook that nobody knows */
export function hookExample(hook: string, node: NodeContext): JsonRecord {
  return filledRecord(HOOKS.get(hook) ?? {}, node);
}

export function notificationExample(
  topic: string,
  node: NodeContext,
): NotificationExample | undefined {
  const example = NOTIFICATIONS.get(topic);
  return example && { ...example, payload: filledRecord(example.payload, node) };
}

function filledRecord(record: JsonRecord, node: NodeContext): JsonRecord {
  return Object.fromEntries(
    Object.entries(record).map(([key, value]) => [key, value && filled(value, node)]),
  );
}

/** What is the node's own is written `$node`, `$coin`, `$height`, `$height+10`; `$5` is a long number. */
function filled(value: JsonValue, node: NodeContext): JsonValue {
  if (typeof value === "string") return value.startsWith("$") ? own(value.slice(1), node) : value;
  if (typeof value !== "object" || value === null || value instanceof RawJson) return value;
  return isArray(value) ? value.map((item) => filled(item, node)) : filledRecord(value, node);
}

function own(name: string, node: NodeContext): JsonValue {
  if (name === "node") return node.identity.id;
  if (name === "coin") return COINS.get(node.network) ?? "tb";
  const [word, more = "0"] = name.split("+");
  return word === "height" ? node.chain.height + Number(more) : new RawJson(name);
}

/** How lightningd names a coin: by what addresses begin with. */
const COINS = new Map([
  ["bitcoin", "bc"],
  ["regtest", "bcrt"],
  ["signet", "tbs"],
]);

function isArray(value: JsonRecord | readonly JsonValue[]): value is readonly JsonValue[] {
  return Array.isArray(value);
}
