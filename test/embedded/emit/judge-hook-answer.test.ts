/** Each hook's answers, judged by the rule of that hook in lightningd's source. */
import { expect, test } from "vitest";
import { type HookVerdict, judgeHookAnswer } from "../../../src/embedded/emit/judge-hook-answer.js";
import { Token } from "../../../src/jsonrpc/token.js";

const KEY = "00".repeat(32);
const PSBT = "cHNidP8BAAoCAAAAAAAAAAAAAA==";
const ADDRESS = "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080";
const go = { result: "continue" };
const no = { result: "reject" };

/** The hooks, an answer, and what becomes of it: with the reason where lightningd does not take it. */
const ANSWERS: readonly (readonly [hook: string, answer: unknown, HookVerdict["kind"], RegExp?])[] =
  [
    ["commitment_revocation", null, "continue"],
    ["commitment_revocation", { result: "what" }, "continue"],
    ["custommsg", go, "continue"],
    ["custommsg", {}, "fatal", /"result" must be "continue"; it is missing/],
    ["custommsg", [], "fatal"],
    ["recover", no, "fatal", /not "reject"/],
    ["db_write", { result: true }, "fatal"],
    ["onion_message_recv", {}, "decided"],
    ["onion_message_recv_secret", go, "continue"],
    ["peer_connected", { result: "disconnect", error_message: "no" }, "decided"],
    ["peer_connected", no, "fatal", /"continue" or "disconnect"/],
    ["invoice_payment", { failure_message: "2002" }, "decided"],
    ["invoice_payment", { failure_message: "zz" }, "fatal", /failure_message must be hexadecimal/],
    ["invoice_payment", no, "decided"],
    ["invoice_payment", { result: "fail" }, "fatal"],
    ["invoice_payment", {}, "fatal", /a failure_message is required/],
    ["htlc_accepted", go, "continue"],
    ["htlc_accepted", {}, "fatal", /it is missing/],
    ["htlc_accepted", { result: "perhaps" }, "fatal", /not "perhaps"/],
    ["htlc_accepted", { result: "fail" }, "fatal", /requires failure_message or failure_onion/],
    ["htlc_accepted", { result: "fail", failure_message: "2002" }, "decided"],
    ["htlc_accepted", { result: "fail", failure_message: "zz" }, "fatal"],
    ["htlc_accepted", { result: "fail", failure_onion: null }, "fatal", /failure_onion must be/],
    ["htlc_accepted", { result: "fail", failure_message: "zz", failure_onion: "00" }, "decided"],
    ["htlc_accepted", { result: "resolve" }, "fatal", /requires payment_key/],
    ["htlc_accepted", { result: "resolve", payment_key: KEY }, "decided"],
    ["htlc_accepted", { result: "resolve", payment_key: KEY.slice(2) }, "fatal", /64 hexadecimal/],
    ["htlc_accepted", { ...go, payload: "zz" }, "fatal", /payload must be/],
    ["htlc_accepted", { ...go, forward_to: "00" }, "fatal", /forward_to must be a channel id/],
    ["htlc_accepted", { ...go, invoice_msat: "x" }, "fatal", /invoice_msat must be an amount/],
    ["htlc_accepted", { ...go, invoice_msat: "1000msat", payload: "00" }, "continue"],
    [
      "htlc_accepted",
      { ...go, extra_tlvs: "zz" },
      "fatal",
      /extra_tlvs must be a hexadecimal TLV stream/,
    ],
    ["htlc_accepted", { ...go, extra_tlvs: "fdffff012a" }, "continue"],
    ["htlc_accepted", { ...go, extra_tlvs: "04012a" }, "fatal", /TLV stream/],
    ["htlc_accepted", { ...go, extra_tlvs: "0502" }, "fatal", /TLV stream/],
    ["htlc_accepted", { ...go, extra_tlvs: "0501aa0301bb" }, "fatal", /TLV stream/],
    ["openchannel", { ...no, error_message: "no" }, "decided"],
    ["openchannel", { ...no, close_to: ADDRESS }, "fatal", /cannot be combined with close_to/],
    ["openchannel", { ...go, close_to: ADDRESS }, "continue"],
    ["openchannel", { ...go, close_to: ADDRESS.replace("bcrt", "bc") }, "fatal", /this network/],
    ["openchannel", { ...go, close_to: "nowhere" }, "fatal", /close_to must be an address/],
    ["openchannel2", { ...no, psbt: PSBT }, "fatal", /cannot be combined with psbt/],
    ["openchannel2", { ...go, psbt: PSBT, our_funding_msat: 5000 }, "continue"],
    ["openchannel2", { ...go, psbt: PSBT }, "fatal", /requires a nonzero our_funding_msat/],
    ["openchannel2", { ...go, psbt: PSBT, our_funding_msat: "0msat" }, "fatal", /nonzero/],
    ["openchannel2", { ...go, psbt: "x", our_funding_msat: 5000 }, "fatal", /PSBT/],
    ["rbf_channel", { ...no, our_funding_msat: 1 }, "fatal", /our_funding_msat/],
    ["rbf_channel", { ...go, our_funding_msat: "much" }, "fatal", /an amount/],
    ["rbf_channel", go, "continue"],
    ["openchannel2_changed", go, "fatal", /requires psbt/],
    ["openchannel2_changed", { ...go, psbt: PSBT }, "continue"],
    ["openchannel2_sign", no, "decided"],
    ["rpc_command", go, "continue"],
    ["rpc_command", { result: "stop" }, "ignored", /can only be "continue"/],
    ["rpc_command", { replace: { method: "help" } }, "ignored", /missing: jsonrpc, id, params/],
    ["rpc_command", { return: { result: {} } }, "decided"],
    ["rpc_command", { return: { error: { code: 1, message: "no" } } }, "decided"],
    ["rpc_command", { return: { error: { message: "no" } } }, "fatal", /is missing code/],
    ["rpc_command", {}, "ignored"],
  ];

for (const [hook, answer, kind, why = /^/] of ANSWERS) {
  test(`${hook} answered with ${JSON.stringify(answer)}: ${kind}`, () => {
    const verdict = judgeHookAnswer(hook, new Token(JSON.stringify(answer)), "regtest");
    expect(verdict.kind).toBe(kind);
    expect("why" in verdict ? verdict.why : "").toMatch(why);
  });
}
