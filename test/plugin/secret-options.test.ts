import { describe, expect, it } from "vitest";
import { isSecretName, redactor, shownValue } from "../../src/plugin/secret-options.js";

describe("isSecretName", () => {
  const secret = [
    ["password", "bitcoin-rpcpassword", "dbpasswd", "wallet_passphrase", "PASSWORD"],
    ["secret", "client-secret", "hsm_secret", "clientSecret"],
    ["token", "authtoken", "telegram-token-2"],
    ["macaroon", "lnd-macaroon-path"],
    ["rune", "my-rune", "admin_rune", "commandorune", "runes"],
    ["key", "api-key", "apikey", "api_key", "apiKey", "privkeys", "key2"],
  ].flat();
  it.each(secret)("%s", (name) => expect(isSecretName(name)).toBe(true));

  const plain = ["prune", "prune-depth", "keyword", "keysend-limit", "host", "foo_opt"];
  it.each(plain)("not %s", (name) => expect(isSecretName(name)).toBe(false));
});

describe("shownValue", () => {
  it("hides secrets and shows the rest as text", () => {
    expect(shownValue({ name: "api-key", value: "abc" })).toBe("***");
    expect(shownValue({ name: "foo", value: "a b" })).toBe("a b");
    expect(shownValue({ name: "foo", value: 5 })).toBe("5");
    expect(shownValue({ name: "foo", value: true })).toBe("true");
  });
});

describe("redactor", () => {
  const hide = redactor([
    { name: "api-key", value: "geheim" },
    { name: "token", value: 12 },
    { name: "foo", value: "plain" },
  ]);
  it("hides secret values, but not what only looks like one", () => {
    expect(hide("geheim and 'geheim', plain")).toBe("*** and '***', plain");
    expect(hide("line 12: '12' is out of range")).toBe("line 12: '***' is out of range");
  });
});
