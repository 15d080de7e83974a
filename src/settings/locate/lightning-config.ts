/**
 * Reads the place of lightningd's socket from its config files, exactly as lightning-cli does
 * (common/configdir.c, common/configvar.c). Used by locate-node.ts only.
 */
import { type ConfigLine, configFailure } from "./config-file.js";
import { isNetwork, NETWORK_FLAGS, networkProblem } from "./networks.js";

/**
 * The place of a config, which decides what it may set. An included file has the place of the file
 * that includes it.
 */
export type ConfigPlace = "base" | "network" | "explicit";

/** What a config sets; the last line wins. */
export interface ConfigValues {
  network?: string;
  rpcFile?: string;
  lightningDir?: string;
}

const VALUE_KEYS: readonly string[] = ["network", "rpc-file", "lightning-dir", "conf"];

/**
 * Reads the values that matter here from the lines of a config.
 * @throws Failure (exit code 2) for what lightning-cli refuses; unknown keys are ignored
 */
export function readValues(lines: readonly ConfigLine[], place: ConfigPlace): ConfigValues {
  const values: ConfigValues = {};
  for (const line of lines) {
    const { name: key, value } = line;
    const network = Object.hasOwn(NETWORK_FLAGS, key) ? NETWORK_FLAGS[key] : undefined;
    if (network !== undefined || key === "version") {
      if (value !== undefined) {
        throw refused(line, `${key} is a flag and takes no value`, `Write ${key} alone`);
      }
      if (network === undefined) {
        throw refused(
          line,
          "at this line lightningd prints its version and exits",
          "Remove the line",
        );
      }
      values.network = inPlace(line, key, place, network);
    } else if (VALUE_KEYS.includes(key)) {
      if (value === undefined) {
        throw refused(line, `${key} needs a value`, `Write ${key}=${EXAMPLES[key] ?? "..."}`);
      }
      applyValue(values, line, key, value, place);
    }
  }
  return values;
}

const EXAMPLES: { readonly [key: string]: string } = {
  network: "regtest",
  "rpc-file": "lightning-rpc",
};

function applyValue(
  values: ConfigValues,
  line: ConfigLine,
  key: string,
  value: string,
  place: ConfigPlace,
): void {
  if (key === "network") {
    const network = inPlace(line, key, place, value);
    if (!isNetwork(network)) {
      const { why, fix } = networkProblem(network, (name) => `network=${name}`);
      throw refused(line, why, fix);
    }
    values.network = network;
  } else if (key === "rpc-file") {
    if (value === "") throw refused(line, "rpc-file is empty", "Write rpc-file=lightning-rpc");
    values.rpcFile = value;
  } else if (key === "lightning-dir") {
    if (place !== "explicit") {
      const why = "a config in the lightning-dir cannot set the lightning-dir";
      throw refused(line, why, "Remove the line and give --lightning-dir on the command line");
    }
    values.lightningDir = value;
  } else {
    throw refused(
      line,
      "a config file cannot set conf",
      `Write "include ${value}" for more lines, or give --conf on the command line`,
    );
  }
}

/** Refuses to let a network's own config choose the network, which led to that config. */
function inPlace(line: ConfigLine, key: string, place: ConfigPlace, network: string): string {
  if (place === "network") {
    const why = `${key} is not allowed in the config of one network`;
    throw refused(line, why, "Move the line to the config in the lightning-dir itself");
  }
  return network;
}

function refused(line: ConfigLine, why: string, fix: string) {
  return configFailure(`cannot use ${JSON.stringify(line.text)} in ${line.at}`, {
    why,
    fix,
  });
}
