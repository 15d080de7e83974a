/**
 * How lightningd handles a plugin's result for a hook, hook by hook (the *_deserialize functions in
 * lightningd/peer_htlcs.c, invoice.c, opening_control.c, dual_open_control.c, peer_control.c,
 * connect_control.c, onion_message.c, lightningd.c, plugin_hook.c and jsonrpc.c of v26.06.6). Used
 * by raise.ts.
 */
import type { Token } from "../../jsonrpc/token.js";

export type HookVerdict =
  /** The next plugin is asked. After the last one, the node goes on as if without plugins. */
  | { readonly kind: "continue" }
  /** Accepted, and no other plugin is asked. */
  | { readonly kind: "decided" }
  /** Rejected: logged as broken, and the next plugin is asked. */
  | { readonly kind: "ignored"; readonly why: string }
  /** lightningd calls fatal(): the node exits. */
  | { readonly kind: "fatal"; readonly why: string };

const CONTINUE: HookVerdict = { kind: "continue" };
const DECIDED: HookVerdict = { kind: "decided" };
const fatal = (why: string): HookVerdict => ({ kind: "fatal", why });
const ignored = (why: string): HookVerdict => ({ kind: "ignored", why });

/** A member's form in words, and a test for it. The network is named as in `getinfo`. */
type Form = readonly [wanted: string, isGood: (text: string, network: string) => boolean];

function like(pattern: RegExp): (text: string) => boolean {
  return (text) => pattern.test(text);
}

const isHex = like(/^([0-9a-f]{2})*$/i);
const HEX: Form = ["hexadecimal", isHex];
const TLVS: Form = [
  "a hexadecimal TLV stream that is valid in update_add_htlc",
  (text) => isHex(text) && isTlvs(Buffer.from(text, "hex")),
];
const CHANNEL_ID: Form = ["a channel id of 64 hexadecimal digits", like(/^[0-9a-f]{64}$/i)];
const PREIMAGE: Form = ["a preimage of 64 hexadecimal digits", like(/^[0-9a-f]{64}$/i)];
const MSAT: Form = [
  'an amount such as 1000 or "1000msat"',
  like(/^\d+(msat|sat|(\.\d{1,11})?btc)?$/), // common/amount.c parse_amount_msat
];
const PSBT: Form = ["a PSBT in base64", like(/^cHNidP[A-Za-z0-9+/]+={0,2}$/)];
/** The prefixes of segwit addresses. Other networks have `bcrt1`. */
const PREFIXES: Readonly<Record<string, string>> = {
  bitcoin: "bc1",
  testnet: "tb1",
  testnet4: "tb1",
  signet: "tb1",
};

/** An address. Only its form is checked, not its checksum. */
const ADDRESS: Form = [
  "an address of this network",
  (text, network) =>
    new RegExp(`^${PREFIXES[network] ?? "bcrt1"}[ac-hj-np-z02-9]{11,71}$`, "i").test(text) ||
    /^[1-9A-HJ-NP-Za-km-z]{26,35}$/.test(text),
];
type Forms = Readonly<Record<string, Form>>;

/** What may accompany one word in `result`. */
interface Rule {
  readonly members?: Forms;
  /** One of these is required. If there are two, lightningd reads only the last. */
  readonly needs?: Forms;
  readonly forbids?: readonly string[];
  /** If the first is present, the second must be too, and not be 0. */
  readonly pair?: readonly [string, string];
}

const FUNDING: Rule = {
  members: { psbt: PSBT, our_funding_msat: MSAT },
  pair: ["psbt", "our_funding_msat"],
};
const SIGNED: Rule = { needs: { psbt: PSBT } };
const HTLC = { invoice_msat: MSAT, extra_tlvs: TLVS, payload: HEX, forward_to: CHANNEL_ID };

/** The rules by hook, then by word. "continue" asks the next plugin; any other word decides. */
const RULES: Readonly<Record<string, Readonly<Record<string, Rule>>>> = {
  peer_connected: { continue: {}, disconnect: {} },
  invoice_payment: { continue: {}, reject: {} },
  htlc_accepted: {
    continue: { members: HTLC },
    fail: { members: HTLC, needs: { failure_message: HEX, failure_onion: HEX } },
    resolve: { members: HTLC, needs: { payment_key: PREIMAGE } },
  },
  openchannel: {
    continue: { members: { close_to: ADDRESS } },
    reject: { forbids: ["close_to"] },
  },
  openchannel2: {
    continue: { ...FUNDING, members: { ...FUNDING.members, close_to: ADDRESS } },
    reject: { forbids: ["close_to", "psbt", "our_funding_msat"] },
  },
  rbf_channel: { continue: FUNDING, reject: { forbids: ["psbt", "our_funding_msat"] } },
  openchannel2_changed: { continue: SIGNED },
  openchannel2_sign: { continue: SIGNED },
};

/** Hooks for which any word except "continue" ends the chain. */
const LOOSE = new Set([
  "onion_message_recv",
  "onion_message_recv_secret",
  "openchannel2_changed",
  "openchannel2_sign",
]);

/**
 * Returns what lightningd would do with a plugin's answer to a hook.
 * @param result the `result` of the plugin's answer
 * @param network as named in `getinfo`
 */
export function judgeHookAnswer(hook: string, result: Token, network: string): HookVerdict {
  if (hook === "commitment_revocation") return CONTINUE;
  if (hook === "rpc_command") return judgeRpcCommand(result);
  const word = result.member("result");
  if (hook === "invoice_payment" && word === undefined) return judgeInvoicePayment(result);
  const isMissingTaken = hook.startsWith("onion_message_recv");
  if (LOOSE.has(hook) && !word?.is("continue") && (word !== undefined || isMissingTaken)) {
    return DECIDED;
  }
  const rules = RULES[hook] ?? { continue: {} };
  const words = Object.keys(rules).map((each) => JSON.stringify(each));
  const wanted = `"result" must be ${words.join(" or ")}`;
  if (word === undefined) return fatal(`${wanted}; it is missing`);
  const rule = Object.hasOwn(rules, word.text) ? rules[word.text] : undefined;
  if (rule === undefined) return fatal(`${wanted}, not ${word.raw}`);
  const fault = faultOf(rule, word.raw, result, network);
  if (fault !== undefined) return fatal(fault);
  return word.is("continue") ? CONTINUE : DECIDED;
}

function faultOf(rule: Rule, word: string, result: Token, network: string): string | undefined {
  const { members = {}, needs = {}, forbids = [], pair } = rule;
  const has = (key: string) => result.member(key) !== undefined;
  const forbidden = forbids.find(has);
  if (forbidden !== undefined) return `${word} cannot be combined with ${forbidden}`;
  const needed = Object.keys(needs);
  const taken = needed.findLast(has);
  const forms = taken === undefined ? members : { ...members, [taken]: needs[taken] };
  for (const [key, form] of Object.entries(forms)) {
    const value = result.member(key);
    if (value !== undefined && form?.[1](value.text, network) === false) {
      return `${key} must be ${form[0]}`;
    }
  }
  if (needed.length > 0 && taken === undefined) return `${word} requires ${needed.join(" or ")}`;
  const [first, second] = pair ?? [];
  if (first === undefined || second === undefined || !has(first)) return undefined;
  const isZero = /^0+(?!\d)/.test(result.member(second)?.text ?? "0");
  return isZero ? `${first} requires a nonzero ${second}` : undefined;
}

function judgeInvoicePayment(result: Token): HookVerdict {
  const message = result.member("failure_message");
  if (message === undefined) {
    return fatal('without "result": "continue" or "reject" a failure_message is required');
  }
  return isHex(message.text) ? DECIDED : fatal(`failure_message must be ${HEX[0]}`);
}

function judgeRpcCommand(result: Token): HookVerdict {
  const word = result.member("result");
  if (word?.is("continue")) return CONTINUE;
  if (word !== undefined) return ignored(`"result" can only be "continue", not ${word.raw}`);
  const replace = result.member("replace");
  if (replace !== undefined) {
    const lacks = ["jsonrpc", "id", "method", "params"].filter((key) => !replace.member(key));
    if (lacks.length === 0) return DECIDED;
    return ignored(`"replace" must be a complete request; missing: ${lacks.join(", ")}`);
  }
  const own = result.member("return");
  if (own?.member("result") !== undefined) return DECIDED;
  const error = own?.member("error");
  if (error === undefined) {
    return ignored('it must be {"result": "continue"}, {"replace": ...} or {"return": ...}');
  }
  // lightningd reads both without checking that they exist.
  const lacks = ["code", "message"].filter((key) => error.member(key) === undefined);
  return lacks.length === 0
    ? DECIDED
    : fatal(`the error in "return" is missing ${lacks.join(", ")}`);
}

/**
 * Whether the types increase and the only even one is blinded_path, a key of 33 bytes
 * (wire/peer_wire.csv).
 */
function isTlvs(bytes: Buffer): boolean {
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
