/**
 * The lists of a fresh node that has no peers, channels, funds or payments: all are empty. Their
 * parameters are checked all the same, as a plugin that gets them wrong would learn it from
 * lightningd.
 */
import { INVALID_PARAMS } from "../../jsonrpc/message.js";
import type { Token } from "../../jsonrpc/token.js";
import { BadParam, bool, logLevel, optional, readParams, u64 } from "../rpc/params.js";
import { invalidParams, RpcFault } from "../rpc/rpc-fault.js";
import type { BuiltinMethod } from "./builtin-method.js";

/** `<method> <members of the result> : <parameter>[=<kind, if that is not its name>] ...` */
const LISTS = `
  listaddresses addresses : address start limit
  listchainmoves chainmoves : index start limit
  listchannelmoves channelmoves : index start limit
  listchannels channels : short_channel_id source=node destination=node
  listclosedchannels closedchannels : id=node
  listforwards forwards : status=forward in_channel=short_channel_id out_channel=short_channel_id index start limit
  listfunds outputs channels : spent=bool
  listhtlcs htlcs : id=channel index start limit
  listinvoicerequests invoicerequests : invreq_id=hash active_only=bool
  listinvoices invoices : label invstring payment_hash=hash offer_id=hash index start limit
  listnetworkevents networkevents : id=node index start limit
  listnodes nodes : id=node
  listoffers offers : offer_id=hash active_only=bool
  listpays pays : bolt11 payment_hash=hash status=payment index start limit
  listpeerchannels channels : id=node short_channel_id channel_id
  listpeers peers : id=node level
  listsendpays payments : bolt11 payment_hash=hash status=payment index start limit
  listtransactions transactions :
  showrunes runes : rune
`;

/** `start` and `limit` mean something here without `index`. */
const PAGED_WITHOUT_INDEX = ["listaddresses", "listhtlcs", "listnetworkevents"];

const SCID = /^\d+x\d+x\d+$/;

const ADDRESS_FAULT = "Could not parse destination address, address should be a valid address";
const LIGHTNINGD = -1;

const KINDS = new Map<string, (token: Token) => unknown>([
  ["label", label],
  ["address", like(/^(bcrt|tb|bc|[123mn])/i, LIGHTNINGD, ADDRESS_FAULT)],
  ["invstring", like(/^ln/i, INVALID_PARAMS, "Invalid invstring")],
  ["bolt11", like(/^ln/i, INVALID_PARAMS, "Invalid invstring: invalid bech32 string")],
  ["rune", matching(/^[\w+/=-]{43,}$/, "should be base64 string")],
  ["bool", bool],
  ["start", u64],
  ["limit", u32],
  ["level", logLevel],
  ["node", matching(/^0[23][0-9a-f]{64}$/i, "should be a node id")],
  ["hash", matching(/^[0-9a-f]{64}$/i, "should be a 32 byte hex value")],
  ["channel_id", matching(/^[0-9a-f]{64}$/i, "should be a channel id")],
  ["short_channel_id", matching(SCID, "should be a short_channel_id of form NxNxN")],
  ["channel", matching(/^([0-9a-f]{64}|\d+x\d+x\d+)$/i, "must be channel id or short channel id")],
  ["index", matching(/^(created|updated)$/, "unknown index")],
  ["forward", matching(/^(offered|settled|failed|local_failed)$/, "Unrecognized status")],
  ["payment", matching(/^(pending|complete|failed)$/, "should be an invoice status")],
]);

export function emptyLists(): BuiltinMethod[] {
  return LISTS.trim().split("\n").map(emptyList);
}

function emptyList(line: string): BuiltinMethod {
  const [head = "", tail = ""] = line.split(":");
  const [name = "", ...members] = head.trim().split(" ");
  const params = tail
    .trim()
    .split(" ")
    .filter(Boolean)
    .map((param) => param.split("="));
  const specs = Object.fromEntries(
    params.map(([param = "", kind = param]) => [param, optional(KINDS.get(kind) ?? label)]),
  );
  const pagesNeedIndex = !PAGED_WITHOUT_INDEX.includes(name);
  return {
    name,
    usage: params.map(([param]) => `[${param}]`).join(" "),
    run: (command) => {
      const given = readParams(command, specs);
      if (pagesNeedIndex && given.index === undefined) {
        for (const param of ["start", "limit"]) {
          if (given[param] === undefined) continue;
          throw invalidParams(`Can only specify {${param}} with {index}`);
        }
      }
      return Object.fromEntries(members.map((member) => [member, []]));
    },
  };
}

function matching(pattern: RegExp, why: string): (token: Token) => string {
  return (token) => {
    if (pattern.test(token.text)) return token.text;
    throw new BadParam(token, why);
  };
}

/** An address or an invoice is looked at only as far as its first letters. */
function like(pattern: RegExp, code: number, message: string): (token: Token) => string {
  return (token) => {
    if (pattern.test(token.text)) return token.text;
    throw new RpcFault(code, message);
  };
}

function label(token: Token): string {
  if (token.type === "string" || /^\d+$/.test(token.raw)) return token.text;
  throw new BadParam(token, "should be a string or number");
}

function u32(token: Token): number {
  const value = token.unsigned;
  if (value !== undefined && value <= 0xffff_ffffn) return Number(value);
  throw new BadParam(token, "should be an unsigned 32 bit integer");
}
