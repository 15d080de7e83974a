/**
 * What lightningd makes of a plugin's result for a hook, hook by hook (the *_deserialize functions in
 * lightningd/peer_htlcs.c, invoice.c, opening_control.c, dual_open_control.c, peer_control.c,
 * connect_control.c, onion_message.c, lightningd.c, plugin_hook.c and jsonrpc.c of v26.06.6). Used by
 * raise.ts.
 */
import type { Token } from "../../jsonrpc/token.js";

export type HookVerdict =
  /** The next plugin is asked; after the last one the node does what it does without plugins. */
  | { readonly kind: "continue" }
  /** Taken, and no other plugin is asked. */
  | { readonly kind: "decided" }
  /** Not taken: logged as broken, and the next plugin is asked. */
  | { readonly kind: "ignored"; readonly why: string }
  /** lightningd calls fatal(): the node ends itself. */
  | { readonly kind: "fatal"; readonly why: string };

/** @param result the `result` of the plugin's answer @param network as `getinfo` names it */
export function judgeHookAnswer(hook: string, result: Token, network: string): HookVerdict {
  return RULES[hook]?.(result, network) ?? byWord(result, ["continue"], []);
}

const CONTINUE: HookVerdict = { kind: "continue" };
const DECIDED: HookVerdict = { kind: "decided" };
const fatal = (why: string): HookVerdict => ({ kind: "fatal", why });
const ignored = (why: string): HookVerdict => ({ kind: "ignored", why });

const RULES: Readonly<Record<string, (result: Token, network: string) => HookVerdict>> = {
  commitment_revocation: () => CONTINUE,
  onion_message_recv: unlessContinued,
  onion_message_recv_secret: unlessContinued,
  peer_connected: (result) => byWord(result, ["continue"], ["disconnect"]),
  invoice_payment: judgeInvoicePayment,
  htlc_accepted: judgeHtlcAccepted,
  openchannel: (result, network) =>
    byWord(result, ["continue"], ["reject"], {
      reject: () => mustNotHave(result, ["close_to"]),
      continue: () =>
        badMember(result, "close_to", isAddress(network), "an address of this network"),
    }),
  openchannel2: (result, network) =>
    byWord(result, ["continue"], ["reject"], {
      reject: () => mustNotHave(result, ["close_to", "psbt", "our_funding_msat"]),
      continue: () =>
        badMember(result, "close_to", isAddress(network), "an address of this network") ??
        fundingFault(result),
    }),
  rbf_channel: (result) =>
    byWord(result, ["continue"], ["reject"], {
      reject: () => mustNotHave(result, ["psbt", "our_funding_msat"]),
      continue: () => fundingFault(result),
    }),
  openchannel2_changed: judgePsbt,
  openchannel2_sign: judgePsbt,
  rpc_command: judgeRpcCommand,
};

/** Anything but "continue" simply ends the chain. */
function unlessContinued(result: Token): HookVerdict {
  return result.member("result")?.is("continue") ? CONTINUE : DECIDED;
}

function byWord(
  result: Token,
  going: readonly string[],
  deciding: readonly string[],
  faults: Readonly<Record<string, () => string | undefined>> = {},
): HookVerdict {
  const word = result.member("result");
  const known = [...going, ...deciding];
  const wanted = `"result" must be ${known.map((each) => JSON.stringify(each)).join(" or ")}`;
  if (word === undefined) return fatal(`${wanted}; it is missing`);
  if (!known.includes(word.text)) return fatal(`${wanted}, not ${word.raw}`);
  const fault = faults[word.text]?.();
  if (fault !== undefined) return fatal(fault);
  return going.includes(word.text) ? CONTINUE : DECIDED;
}

function judgeInvoicePayment(result: Token): HookVerdict {
  if (result.member("result") !== undefined) return byWord(result, ["continue"], ["reject"]);
  if (result.member("failure_message") === undefined) {
    return fatal('without "result": "continue" or "reject" it needs a failure_message');
  }
  const fault = badMember(result, "failure_message", isHex(), "hexadecimal");
  return fault === undefined ? DECIDED : fatal(fault);
}

function judgeHtlcAccepted(result: Token): HookVerdict {
  if (result.member("result") === undefined) {
    return fatal('"result" must be "continue", "fail" or "resolve"; it is missing');
  }
  const fault =
    badMember(result, "invoice_msat", isMsat, 'an amount such as 1000 or "1000msat"') ??
    badMember(result, "extra_tlvs", isHex(), "hexadecimal") ??
    badMember(result, "extra_tlvs", isTlvs, "a stream of TLVs that update_add_htlc may have") ??
    badMember(result, "payload", isHex(), "hexadecimal") ??
    badMember(result, "forward_to", isHex(32), "a channel id of 64 hexadecimal digits");
  if (fault !== undefined) return fatal(fault);
  return byWord(result, ["continue"], ["fail", "resolve"], {
    fail: () => {
      if (result.member("failure_onion") !== undefined) {
        return badMember(result, "failure_onion", isHex(), "hexadecimal");
      }
      if (result.member("failure_message") === undefined) {
        return '"fail" needs a failure_message or a failure_onion';
      }
      return badMember(result, "failure_message", isHex(), "hexadecimal");
    },
    resolve: () =>
      result.member("payment_key") === undefined
        ? '"resolve" needs a payment_key'
        : badMember(result, "payment_key", isHex(32), "a preimage of 64 hexadecimal digits"),
  });
}

/** A word other than "continue" fails the channel, and harms nothing else. */
function judgePsbt(result: Token): HookVerdict {
  const word = result.member("result");
  if (word === undefined) return fatal('"result" must be "continue"; it is missing');
  if (!word.is("continue")) return DECIDED;
  if (result.member("psbt") === undefined) return fatal('"continue" needs a psbt');
  const fault = badMember(result, "psbt", isPsbt, "a PSBT in base64");
  return fault === undefined ? CONTINUE : fatal(fault);
}

/** The psbt and our amount come together. */
function fundingFault(result: Token): string | undefined {
  const amount = result.member("our_funding_msat");
  const fault =
    badMember(result, "psbt", isPsbt, "a PSBT in base64") ??
    badMember(result, "our_funding_msat", isMsat, 'an amount such as 1000 or "1000msat"');
  if (fault !== undefined) return fault;
  const isZero = amount === undefined || /^0+(?!\d)/.test(amount.text);
  return result.member("psbt") !== undefined && isZero
    ? "a psbt needs our_funding_msat, which is not 0"
    : undefined;
}

function judgeRpcCommand(result: Token): HookVerdict {
  const word = result.member("result");
  if (word !== undefined) {
    return word.is("continue")
      ? CONTINUE
      : ignored(`"result" can only be "continue", not ${word.raw}`);
  }
  const replace = result.member("replace");
  if (replace !== undefined) {
    const lacks = ["jsonrpc", "id", "method", "params"].filter((key) => !replace.member(key));
    if (lacks.length === 0) return DECIDED;
    return ignored(`"replace" must be a whole request; it has no ${lacks.join(", ")}`);
  }
  const own = result.member("return");
  if (own?.member("result") !== undefined) return DECIDED;
  const error = own?.member("error");
  if (error === undefined) {
    return ignored('it must be {"result": "continue"}, {"replace": ...} or {"return": ...}');
  }
  // lightningd looks into both without asking whether they are there.
  const lacks = ["code", "message"].filter((key) => error.member(key) === undefined);
  return lacks.length === 0 ? DECIDED : fatal(`the error in "return" has no ${lacks.join(", ")}`);
}

function mustNotHave(result: Token, keys: readonly string[]): string | undefined {
  const has = keys.find((key) => result.member(key) !== undefined);
  return has === undefined ? undefined : `"reject" cannot come with ${has}`;
}

function badMember(
  result: Token,
  key: string,
  isGood: (text: string) => boolean,
  wanted: string,
): string | undefined {
  const value = result.member(key);
  return value === undefined || isGood(value.text) ? undefined : `${key} must be ${wanted}`;
}

function isHex(bytes?: number): (text: string) => boolean {
  return (text) =>
    /^([0-9a-f]{2})*$/i.test(text) && (bytes === undefined || text.length === 2 * bytes);
}

/** common/amount.c parse_amount_msat. */
function isMsat(text: string): boolean {
  return /^\d+(msat|sat|(\.\d{1,11})?btc)?$/.test(text);
}

function isPsbt(text: string): boolean {
  return /^[A-Za-z0-9+/]+={0,2}$/.test(text) && text.startsWith("cHNidP");
}

const PREFIXES: Readonly<Record<string, string>> = {
  bitcoin: "bc1",
  regtest: "bcrt1",
  testnet: "tb1",
  testnet4: "tb1",
  signet: "tb1",
};

/** By its form alone: no checksum is calculated. */
function isAddress(network: string): (text: string) => boolean {
  const prefix = PREFIXES[network] ?? "bcrt1";
  return (text) =>
    new RegExp(`^${prefix}[ac-hj-np-z02-9]{11,71}$`, "i").test(text) ||
    /^[1-9A-HJ-NP-Za-km-z]{26,35}$/.test(text);
}

/** Rising types, and of the even ones only blinded_path, a key (wire/peer_wire.csv). */
function isTlvs(hex: string): boolean {
  const bytes = Buffer.from(hex, "hex");
  let last = -1n;
  let at = 0;
  const bigsize = () => {
    const first = bytes[at] ?? -1;
    if (first === -1) return undefined;
    const size = [1, 3, 5, 9][Math.max(0, first - 0xfc)] ?? 1;
    if (at + size > bytes.length) return undefined;
    const value =
      size === 1 ? BigInt(first) : BigInt(`0x${bytes.toString("hex", at + 1, at + size)}`);
    at += size;
    return value;
  };
  while (at < bytes.length) {
    const type = bigsize();
    const length = type === undefined ? undefined : bigsize();
    if (type === undefined || length === undefined || type <= last) return false;
    if (BigInt(bytes.length - at) < length) return false;
    if (type % 2n === 0n && !(type === 0n && length === 33n)) return false;
    at += Number(length);
    last = type;
  }
  return true;
}
