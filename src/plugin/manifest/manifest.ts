/**
 * Checks a plugin's answer to `getmanifest` by lightningd's rules, in its order and with its
 * messages (lightningd/plugin.c plugin_parse_getmanifest_response). Used by the embedded node,
 * which must refuse what lightningd refuses, and by the offline handshake.
 */
import { RawJson } from "../../jsonrpc/json.js";
import { Token } from "../../jsonrpc/token.js";
import { NOTIFICATIONS } from "../release.js";
import { type ManifestHook, readHooks } from "./hooks.js";
import { ManifestFault } from "./manifest-fault.js";
import { type ManifestMethod, readMethods } from "./methods.js";
import { type ManifestOption, readOption } from "./options.js";

export type { ManifestHook, ManifestOption };

export interface Manifest {
  /** Why the plugin disabled itself, if it did. The other members are empty then. */
  readonly disable: string | undefined;
  readonly dynamic: boolean;
  readonly options: readonly ManifestOption[];
  readonly rpcmethods: readonly ManifestMethod[];
  /** Topics as declared. `*` is everything except `log`. */
  readonly subscriptions: readonly string[];
  readonly hooks: readonly ManifestHook[];
  /** Custom topics that the plugin sends. */
  readonly notifications: readonly string[];
  /** Numbers of peer messages that the plugin wants to see. */
  readonly custommessages: readonly number[];
  /** Whether it answers `check` for its methods and options. */
  readonly cancheck: boolean;
  /** Feature bits by place (`init`, `node`, ...), in hexadecimal. */
  readonly featurebits: ReadonlyMap<string, string>;
}

/** What the node already has that a manifest can clash with. Empty offline. */
export interface ManifestSurroundings {
  /** The plugin's canonical path, which the error names if the plugin clashes with itself. */
  readonly path: string;
  /** The text of the whole answer, which lightningd quotes if it has no valid result. */
  readonly answer?: string;
  hasOption(name: string): boolean;
  /** Returns the path of the plugin that has the method; `"lightningd"` if it is built in. */
  ownerOfMethod(name: string): string | undefined;
}

const ALONE: ManifestSurroundings = {
  path: "the plugin itself",
  hasOption: () => false,
  ownerOfMethod: () => undefined,
};

/**
 * Reads the `result` of `getmanifest`.
 * @param result the parsed value, or its text as RawJson so that errors quote it unchanged
 * @returns the manifest, or lightningd's reason for killing the plugin
 */
export function parseManifest(
  result: unknown,
  surroundings: ManifestSurroundings = ALONE,
): { readonly manifest: Manifest } | { readonly error: string } {
  const text = result instanceof RawJson ? result.text : (JSON.stringify(result) ?? "");
  try {
    return { manifest: read(new Token(text.trim()), surroundings) };
  } catch (error) {
    if (error instanceof ManifestFault) return { error: error.message };
    throw error;
  }
}

function read(result: Token, surroundings: ManifestSurroundings): Manifest {
  if (result.type !== "object") {
    throw new ManifestFault(
      `Invalid/missing result tok in '${surroundings.answer ?? `{"result":${result.raw}}`}'`,
    );
  }
  const disable = result.member("disable")?.text;
  if (disable !== undefined) return { ...EMPTY, disable };
  const dynamic = readDynamic(result);
  const featurebits = readFeatureBits(result, dynamic);
  const custommessages = readCustomMessages(result);
  checkNonNumericIds(result);
  const cancheck = readCanCheck(result);
  return {
    disable: undefined,
    dynamic,
    featurebits,
    custommessages,
    cancheck,
    notifications: readNotifications(result),
    options: readOptions(result, surroundings),
    rpcmethods: readMethods(result, surroundings),
    subscriptions: readSubscriptions(result),
    hooks: readHooks(result),
  };
}

const EMPTY: Manifest = {
  disable: undefined,
  dynamic: false,
  options: [],
  rpcmethods: [],
  subscriptions: [],
  hooks: [],
  notifications: [],
  custommessages: [],
  cancheck: false,
  featurebits: new Map(),
};

function readDynamic(result: Token): boolean {
  const field = result.member("dynamic");
  if (field === undefined) return false;
  if (field.bool === undefined) {
    throw new ManifestFault(`getmanifest: invalid "dynamic" field ${field.text}`);
  }
  return field.bool;
}

const FEATURE_PLACES = [
  "init",
  "node",
  "channel",
  "invoice",
  "bolt12_offer",
  "bolt12_invreq",
  "bolt12_invoice",
  "channel_type",
] as const;

function readFeatureBits(result: Token, dynamic: boolean): ReadonlyMap<string, string> {
  const bits = new Map<string, string>();
  const field = result.member("featurebits");
  for (const place of FEATURE_PLACES) {
    const value = field?.member(place);
    if (value === undefined) continue;
    if (!/^([0-9a-f]{2})*$/i.test(value.text)) {
      throw new ManifestFault(
        `Featurebits returned by plugin is not a valid hexadecimal string: ${value.text}`,
      );
    }
    bits.set(place, value.text.toLowerCase());
  }
  if (field !== undefined && dynamic && [...bits.values()].some((hex) => hex !== "")) {
    throw new ManifestFault(
      `Custom featurebits only allows for non-dynamic plugins: dynamic=1, featurebits=${field.text}`,
    );
  }
  return bits;
}

function readCustomMessages(result: Token): readonly number[] {
  const field = result.member("custommessages");
  if (field === undefined) return [];
  if (field.type !== "array") {
    throw new ManifestFault(`custommessages must be array, not '${field.raw}'`);
  }
  return field.elements.map((element, index) => {
    const number = element.unsigned;
    if (number === undefined || number > 0xffffn) {
      throw new ManifestFault(`custommessages ${index} not a u16: '${element.raw}'`);
    }
    return Number(number);
  });
}

function checkNonNumericIds(result: Token): void {
  const field = result.member("nonnumericids");
  if (field === undefined) return;
  if (field.bool === undefined) throw new ManifestFault(`Invalid nonnumericids: ${field.raw}`);
  if (!field.bool) throw new ManifestFault("Plugin does not allow nonnumericids");
}

function readCanCheck(result: Token): boolean {
  const field = result.member("cancheck");
  if (field === undefined) return false;
  if (field.bool === undefined) throw new ManifestFault(`Invalid cancheck: ${field.raw}`);
  return field.bool;
}

function readNotifications(result: Token): readonly string[] {
  const field = result.member("notifications");
  if (field === undefined) return [];
  if (field.type !== "array") throw new ManifestFault('"result.notifications" is not an array');
  return field.elements.map((element, index) => {
    if (element.type !== "object") {
      throw new ManifestFault(`"result.notifications[${index}]" is not an object`);
    }
    const method = element.member("method");
    if (method?.type !== "string") {
      throw new ManifestFault(`"result.notifications[${index}].name" missing or not a string.`);
    }
    if (NOTIFICATIONS.has(method.text)) {
      throw new ManifestFault(
        `plugin attempted to register a native notification topic "${method.text}", ` +
          "these may however only be sent by lightningd",
      );
    }
    return method.text;
  });
}

function readOptions(result: Token, surroundings: ManifestSurroundings): ManifestOption[] {
  const field = result.member("options");
  if (field === undefined) {
    throw new ManifestFault('"result.options" was not found in the manifest');
  }
  if (field.type !== "array") throw new ManifestFault('"result.options" is not an array');
  const names = new Set<string>();
  return field.elements.map((element) => {
    const option = readOption(element, (name) => names.has(name) || surroundings.hasOption(name));
    names.add(option.name);
    return option;
  });
}

function readSubscriptions(result: Token): readonly string[] {
  const field = result.member("subscriptions");
  if (field === undefined) return [];
  if (field.type !== "array") throw new ManifestFault('"result.subscriptions" is not an array');
  return field.elements.map((element, index) => {
    if (element.type !== "string") {
      throw new ManifestFault(`result.subscriptions[${index}] is not a string: '${element.raw}'`);
    }
    return element.text;
  });
}
