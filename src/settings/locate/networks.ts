/** The networks that lightningd knows, and the errors for unknown names. */
import { nearestName } from "../../errors/did-you-mean.js";

/** All network names, in lower case (bitcoin/chainparams.c). */
export const NETWORKS: readonly string[] = [
  "bitcoin",
  "regtest",
  "signet",
  "testnet",
  "testnet4",
  "liquid-regtest",
  "liquid",
];

export const DEFAULT_NETWORK = "bitcoin";

/** The network of each short flag (`--regtest`, or a bare `regtest` in a config). */
export const NETWORK_FLAGS: { readonly [flag: string]: string } = {
  mainnet: "bitcoin",
  regtest: "regtest",
  signet: "signet",
  testnet: "testnet",
  testnet4: "testnet4",
};

/** Whether lightningd knows a network of that name. */
export function isNetwork(name: string): boolean {
  return NETWORKS.includes(name);
}

/**
 * Returns why `name` is not a network, and which one was probably meant.
 * @param write writes a network in place of `name`: `network=regtest`, `--network=regtest`
 */
export function networkProblem(
  name: string,
  write: (network: string) => string,
): { why: string; fix: string } {
  if (name === "") return { why: "no network is named", fix: `Write ${write("regtest")}` };
  if (name === "mainnet") {
    return { why: "mainnet is only a flag", fix: `Write ${write(DEFAULT_NETWORK)}` };
  }
  const bare = name.replace(/\s+#.*$/, "").replace(/^[\s"']+|[\s"']+$/g, "");
  const meant = bare === "mainnet" ? DEFAULT_NETWORK : nearestName(bare, NETWORKS);
  const fix =
    meant === undefined ? `Name one of them: ${write("regtest")}` : `Write ${write(meant)}`;
  if (/\s#/.test(name)) return { why: "a comment needs its own line", fix };
  if (/^["'].*["']$/.test(name)) return { why: "quotes are part of the value", fix };
  if (/^\s/.test(name)) return { why: "the space after the = is part of the value", fix };
  if (/[^ -~]/.test(name))
    return { why: "it contains something other than plain letters and digits", fix };
  return { why: `lightningd knows ${NETWORKS.join(", ")}`, fix };
}
