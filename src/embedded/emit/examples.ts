/**
 * An example payload for each hook and notification, which the caller can change. Fields, their
 * order and their types are those of lightningd v26.06.6.
 */
import { RawJson } from "../../jsonrpc/json.js";
import type { NodeContext } from "../node-context.js";
import type { JsonRecord, JsonValue } from "../rpc/json-text.js";
import data from "./examples-v26.06.6.json";

interface NotificationExample {
  /** The plugin that sends it on a real node; undefined for lightningd itself. */
  readonly origin?: string;
  /**
   * The name in the old form, which is also sent until v26.09: under `payload`, either bare (if
   * this is empty) or under this name (plugins/libplugin-pay.c).
   */
  readonly oldName?: string;
  readonly payload: JsonRecord;
}

const HOOKS = new Map<string, JsonRecord>(Object.entries(data.hooks));
const NOTIFICATIONS = new Map<string, NotificationExample>(Object.entries(data.notifications));

export const NOTIFICATION_TOPICS: readonly string[] = [...NOTIFICATIONS.keys()];

/** Returns the example params of a hook; an empty object if the hook is unknown. */
export function hookExample(hook: string, node: NodeContext): JsonRecord {
  return filled(HOOKS.get(hook) ?? {}, node);
}

/** Returns the example of a notification; undefined if the topic is unknown. */
export function notificationExample(
  topic: string,
  node: NodeContext,
): NotificationExample | undefined {
  const example = NOTIFICATIONS.get(topic);
  return example && { ...example, payload: filled(example.payload, node) };
}

/**
 * Fills in the placeholders of an example: `$node`, `$coin`, `$height` and `$height+10` stand for
 * the node's own values, `$` and digits for a number too large for JavaScript.
 */
function filled(record: JsonRecord, node: NodeContext): JsonRecord {
  return JSON.parse(JSON.stringify(record), (_, value: unknown) =>
    typeof value === "string" && value.startsWith("$") ? own(value.slice(1), node) : value,
  ) as JsonRecord;
}

function own(name: string, { identity, network, chain }: NodeContext): JsonValue {
  if (name === "node") return identity.id;
  if (name === "coin") return COINS.get(network) ?? "tb";
  const [word, more = "0"] = name.split("+");
  return word === "height" ? chain.height + Number(more) : new RawJson(name);
}

/** lightningd's names for coins: their address prefixes, by network. */
const COINS = new Map([
  ["bitcoin", "bc"],
  ["regtest", "bcrt"],
  ["signet", "tbs"],
]);

/**
 * Changes one member of an example payload. If the payload holds just one object, paths may start
 * inside that object.
 * @param path the names of the parents and the member: `htlc.amount_msat`
 * @returns a payload with the new value
 */
export function withChange(
  payload: JsonRecord,
  [first = "", ...rest]: readonly string[],
  value: RawJson,
): JsonRecord {
  const [[onlyName, only] = [undefined, undefined], ...others] = Object.entries(payload);
  const isWrapper = onlyName !== undefined && others.length === 0 && isRecord(only);
  if (isWrapper && first !== onlyName) {
    return { [onlyName]: withChange(only, [first, ...rest], value) };
  }
  const inner = payload[first];
  const isEnd = rest.length === 0;
  return {
    ...payload,
    [first]: isEnd ? value : withChange(isRecord(inner) ? inner : {}, rest, value),
  };
}

function isRecord(value: JsonValue | undefined): value is JsonRecord {
  return (
    typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype
  );
}
