/** `datastore`, `listdatastore`, `deldatastore` and `datastoreusage` (lightningd/datastore.c). */
import { isUtf8 } from "node:buffer";
import type { Token } from "../../jsonrpc/token.js";
import type { Command } from "../rpc/command.js";
import type { JsonRecord } from "../rpc/json-text.js";
import {
  escapedText,
  optional,
  readHex,
  readParams,
  required,
  u64,
  withDefault,
} from "../rpc/params.js";
import { BadParam, CheckPassed, invalidParams, RpcFault } from "../rpc/rpc-fault.js";
import type { Datastore, StoredValue } from "../state/datastore.js";
import type { BuiltinMethod } from "./builtin-method.js";

const DEL_DOES_NOT_EXIST = 1200;
const DEL_WRONG_GENERATION = 1201;
const ALREADY_EXISTS = 1202;
const DOES_NOT_EXIST = 1203;
const WRONG_GENERATION = 1204;
const HAS_CHILDREN = 1205;
const NO_CHILDREN = 1206;

const MODES = [
  "must-create",
  "must-replace",
  "create-or-replace",
  "must-append",
  "create-or-append",
] as const;

type Mode = (typeof MODES)[number];

export function datastoreMethods(store: Datastore): BuiltinMethod[] {
  return [
    {
      name: "datastore",
      usage: "key [string] [hex] [mode] [generation]",
      run: (command) => put(store, command),
    },
    { name: "listdatastore", usage: "[key]", run: (command) => list(store, command) },
    { name: "deldatastore", usage: "key [generation]", run: (command) => remove(store, command) },
    { name: "datastoreusage", usage: "[key]", run: (command) => usage(store, command) },
  ];
}

function put(store: Datastore, command: Command): JsonRecord {
  const params = readParams(
    command,
    {
      key: required(keyParts),
      string: optional(escapedText),
      hex: optional(readHex),
      mode: withDefault(readMode, "must-create"),
      generation: optional(u64),
    },
    { checksFurther: true },
  );
  const { key, mode, generation } = params;
  const data = givenData(params.string, params.hex);
  const mustExist = mode === "must-replace" || mode === "must-append";
  if (generation !== undefined && !mustExist) {
    throw invalidParams("generation only valid with must-replace or must-append");
  }
  const before = store.get(key);
  if (before === undefined) refuseRelatives(store, key);
  if (mode === "must-create" && before) throw new RpcFault(ALREADY_EXISTS, "Key already exists");
  if (mustExist && !before) throw new RpcFault(DOES_NOT_EXIST, "Key does not exist");
  if (generation !== undefined && generation !== before?.generation) {
    throw new RpcFault(WRONG_GENERATION, "generation is different");
  }
  if (command.checking) throw new CheckPassed();
  const value = {
    key,
    data: mode.endsWith("append") && before ? Buffer.concat([before.data, data]) : data,
    generation: before ? before.generation + 1n : 0n,
  };
  store.set(value);
  return shown(value);
}

function givenData(string: string | undefined, hex: Buffer | undefined): Buffer {
  if (string !== undefined && hex !== undefined) {
    throw invalidParams("Cannot have both hex and string");
  }
  if (string !== undefined) return Buffer.from(string);
  if (hex === undefined) throw invalidParams("Must have either hex or string");
  return hex;
}

/** Ensures that a key is either a value or a parent of other keys, never both. */
function refuseRelatives(store: Datastore, key: readonly string[]): void {
  if (store.under(key).length > 0) throw new RpcFault(HAS_CHILDREN, "Key has children already");
  for (let length = 1; length < key.length; length++) {
    const parent = key.slice(0, length);
    if (store.get(parent)) throw new RpcFault(NO_CHILDREN, `Parent key ${keyText(parent)} exists`);
  }
}

function list(store: Datastore, command: Command): JsonRecord {
  const { key } = readParams(command, { key: optional(keyParts) });
  const depth = (key?.length ?? 0) + 1;
  const found = new Map<string, JsonRecord>();
  for (const value of store.under(key ?? [])) {
    // Show deeper keys only as their parent key, once.
    const name = value.key.slice(0, depth);
    found.set(name.join("\0"), value.key.length <= depth ? shown(value) : { key: name });
  }
  return { datastore: [...found.values()] };
}

function remove(store: Datastore, command: Command): JsonRecord {
  const { key, generation } = readParams(
    command,
    { key: required(keyParts), generation: optional(u64) },
    { checksFurther: true },
  );
  const value = store.get(key);
  if (value === undefined) throw new RpcFault(DEL_DOES_NOT_EXIST, "Key does not exist");
  if (generation !== undefined && generation !== value.generation) {
    throw new RpcFault(DEL_WRONG_GENERATION, "generation is different");
  }
  if (command.checking) throw new CheckPassed();
  store.remove(key);
  return shown(value);
}

function usage(store: Datastore, command: Command): JsonRecord {
  const { key } = readParams(command, { key: optional(keyParts) });
  const start = key?.[0] === "" ? [] : (key ?? []);
  // One byte separates the parts of a stored key.
  const bytes = store
    .under(start)
    .map((value) => value.data.length + Buffer.byteLength(value.key.join("\0")));
  const total = bytes.reduce((sum, size) => sum + size, 0);
  return { datastoreusage: { key: keyText(start), total_bytes: total } };
}

function keyParts(token: Token): readonly string[] {
  if (token.type === "object") throw new BadParam(token, "should be string or array");
  if (token.type !== "array") return [token.text];
  const { elements } = token;
  if (elements.length === 0) throw new BadParam(token, "should not be empty");
  return elements.map((element) => {
    if (element.type === "object" || element.type === "array") {
      throw new BadParam(element, "should be string");
    }
    return element.text;
  });
}

function readMode(token: Token): Mode {
  const mode = MODES.find((name) => token.is(name));
  if (mode !== undefined) return mode;
  throw new BadParam(
    token,
    "should be 'must-create', 'must-replace', 'create-or-replace', 'must-append', or 'create-or-append'",
  );
}

function keyText(key: readonly string[]): string {
  return `[${key.join(",")}]`;
}

function shown({ key, data, generation }: StoredValue): JsonRecord {
  const hex = data.toString("hex");
  const isText = isUtf8(data) && !data.includes(0);
  return { key, generation, hex, string: isText ? data.toString("utf8") : undefined };
}
