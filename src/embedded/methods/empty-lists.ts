/**
 * The list methods of a new node without peers, channels, funds or payments: all lists are empty.
 * Only the names of the parameters are checked.
 */
import { anything, optional, readParams } from "../rpc/params.js";
import type { BuiltinMethod } from "./builtin-method.js";

/** `<method> <members of the result> : <parameter> ...` */
const LISTS = `
  listaddresses addresses : address start limit
  listchainmoves chainmoves : index start limit
  listchannelmoves channelmoves : index start limit
  listchannels channels : short_channel_id source destination
  listclosedchannels closedchannels : id
  listforwards forwards : status in_channel out_channel index start limit
  listfunds outputs channels : spent
  listhtlcs htlcs : id index start limit
  listinvoicerequests invoicerequests : invreq_id active_only
  listinvoices invoices : label invstring payment_hash offer_id index start limit
  listnetworkevents networkevents : id index start limit
  listnodes nodes : id
  listoffers offers : offer_id active_only
  listpays pays : bolt11 payment_hash status index start limit
  listpeerchannels channels : id short_channel_id channel_id
  listpeers peers : id level
  listsendpays payments : bolt11 payment_hash status index start limit
  listtransactions transactions :
  showrunes runes : rune
  staticbackup scb :
`;

export function emptyLists(): BuiltinMethod[] {
  return LISTS.trim().split("\n").map(emptyList);
}

function emptyList(line: string): BuiltinMethod {
  const [head = "", tail = ""] = line.split(":");
  const [name = "", ...members] = head.trim().split(" ");
  const params = tail.trim().split(" ").filter(Boolean);
  const specs = Object.fromEntries(params.map((param) => [param, optional(anything)]));
  return {
    name,
    usage: params.map((param) => `[${param}]`).join(" "),
    run: (command) => {
      readParams(command, specs);
      return Object.fromEntries(members.map((member) => [member, []]));
    },
  };
}
