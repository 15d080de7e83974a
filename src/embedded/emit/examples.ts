/**
 * An example payload of each hook and notification, with the fields, their order and their types as
 * lightningd v26.06.6 sends them, and changes to it.
 */
import { RawJson } from "../../jsonrpc/json.js";
import type { NodeContext } from "../node-context.js";
import type { JsonRecord, JsonValue } from "../rpc/json-text.js";
import data from "./examples-v26.06.6.json";

interface NotificationExample {
  /** The plugin of a real node that sends it; undefined for lightningd itself. */
  readonly origin?: string;
  /**
   * Until v26.09 it is sent in its old form as well: under `payload`, by itself (an empty text) or
   * under this name (plugins/libplugin-pay.c).
   */
  readonly oldName?: string;
  readonly payload: JsonRecord;
}

const HOOKS = new Map<string, JsonRecord>(Object.entries(data.hooks));
const NOTIFICATIONS = new Map<string, NotificationExample>(Object.entries(data.notifications));

export const NOTIFICATION_TOPICS: readonly string[] = [...NOTIFICATIONS.keys()];

/** The example payload of a hook. @returns the params of a hook; undefined for an unknown one */
export function hookExample(hook: string, node: NodeContext): JsonRecord {
  return filled(HOOKS.get(hook) ?? {}, node);
}

/** The example payload of a notification; undefined for an unknown one. */
export function notificationExample(
  topic: string,
  node: NodeContext,
): NotificationExample | undefined {
  const example = NOTIFICATIONS.get(topic);
  return example && { ...example, payload: filled(example.payload, node) };
}

/**
 * The node's own values are written `$node`, `$coin`, `$height`, `$height+10`; `$5` is a long
 * number.
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

/** How lightningd names a coin: by the prefix of its addresses. */
const COINS = new Map([
  ["bitcoin", "bc"],
  ["regtest", "bcrt"],
  ["signet", "tbs"],
]);

/**
 * Changes one member of an example payload.
 * @param path the names of a member and its parents: `htlc.amount_msat`
 * @returns the payload with that value in place; if it holds just one object, paths may begin
 *   inside it
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
