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

const CONTINUE: HookVerdict = { kind: "continue" };
const DECIDED: HookVerdict = { kind: "decided" };
const fatal = (why: string): HookVerdict => ({ kind: "fatal", why });
const ignored = (why: string): HookVerdict => ({ kind: "ignored", why });

/** A member's form, in words, and what it looks like. An address is judged by its form alone. */
type Form = readonly [wanted: string, RegExp];

const HEX: Form = ["hexadecimal", /^([0-9a-f]{2})*$/i];
const CHANNEL_ID: Form = ["a channel id of 64 hexadecimal digits", /^[0-9a-f]{64}$/i];
const PREIMAGE: Form = ["a preimage of 64 hexadecimal digits", /^[0-9a-f]{64}$/i];
const MSAT: Form = [
  'an amount such as 1000 or "1000msat"',
  /^\d+(msat|sat|(\.\d{1,11})?btc)?$/, // common/amount.c parse_amount_msat
];
const PSBT: Form = ["a PSBT in base64", /^cHNidP[A-Za-z0-9+/]+={0,2}$/];
const ADDRESS: Form = [
  "an address of this network",
  /^((bc|tb|bcrt)1[ac-hj-np-z02-9]{11,71}|[1-9A-HJ-NP-Za-km-z]{26,35})$/i,
];

/** What may come with one word in `result`. */
interface Rule {
  readonly members?: Readonly<Record<string, Form>>;
  /** One of these must be there. */
  readonly needs?: readonly string[];
  readonly forbids?: readonly string[];
  /** The second must be there where the first is. */
  readonly pair?: readonly [string, string];
}

const FUNDING: Rule = {
  members: { psbt: PSBT, our_funding_msat: MSAT },
  pair: ["psbt", "our_funding_msat"],
};
const SIGNED: Rule = { members: { psbt: PSBT }, needs: ["psbt"] };
const HTLC = { invoice_msat: MSAT, extra_tlvs: HEX, payload: HEX, forward_to: CHANNEL_ID };

/** By hook, and then by word: "continue" asks the next plugin, the others decide. */
const RULES: Readonly<Record<string, Readonly<Record<string, Rule>>>> = {
  peer_connected: { continue: {}, disconnect: {} },
  invoice_payment: { continue: {}, reject: {} },
  htlc_accepted: {
    continue: { members: HTLC },
    fail: {
      members: { ...HTLC, failure_message: HEX, failure_onion: HEX },
      needs: ["failure_message", "failure_onion"],
    },
    resolve: { members: { ...HTLC, payment_key: PREIMAGE }, needs: ["payment_key"] },
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

/** Hooks in which a word other than "continue" simply ends the chain. */
const LOOSE = new Set([
  "onion_message_recv",
  "onion_message_recv_secret",
  "openchannel2_changed",
  "openchannel2_sign",
]);

/** @param result the `result` of the plugin's answer */
export function judgeHookAnswer(hook: string, result: Token): HookVerdict {
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
  const fault = faultOf(rule, word.raw, result);
  if (fault !== undefined) return fatal(fault);
  return word.is("continue") ? CONTINUE : DECIDED;
}

function faultOf(rule: Rule, word: string, result: Token): string | undefined {
  const has = (key: string) => result.member(key) !== undefined;
  const forbidden = rule.forbids?.find(has);
  if (forbidden !== undefined) return `${word} cannot come with ${forbidden}`;
  const { needs, pair } = rule;
  if (needs && !needs.some(has)) return `${word} needs a ${needs.join(" or a ")}`;
  for (const [key, [wanted, pattern]] of Object.entries(rule.members ?? {})) {
    const value = result.member(key);
    if (value !== undefined && !pattern.test(value.text)) return `${key} must be ${wanted}`;
  }
  return pair && has(pair[0]) && !has(pair[1]) ? `a ${pair[0]} needs ${pair[1]}` : undefined;
}

function judgeInvoicePayment(result: Token): HookVerdict {
  const message = result.member("failure_message");
  if (message === undefined) {
    return fatal('without "result": "continue" or "reject" it needs a failure_message');
  }
  const [wanted, pattern] = HEX;
  return pattern.test(message.text) ? DECIDED : fatal(`failure_message must be ${wanted}`);
}

function judgeRpcCommand(result: Token): HookVerdict {
  const word = result.member("result");
  if (word?.is("continue")) return CONTINUE;
  if (word !== undefined) return ignored(`"result" can only be "continue", not ${word.raw}`);
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
