/** The config of a node, written once: the user's changes to it stay. */
import { createHash } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { usageFailure } from "../../errors/failure.js";
import { isVersionBetween } from "../../node/version.js";
import { CHAIN_ID_OPTION, CHAIN_OPTION } from "../backend/backend-files.js";
import { saveFile } from "../save-file.js";

/** Plugins that start slowly, or open the same port on all nodes. Unknown names do no harm. */
const LEFT_OUT = [
  "cln-grpc",
  "clnrest",
  "wss-proxy",
  "cln-lsps-client",
  "cln-lsps-service",
  "cln-bip353",
];

export interface NodeConfig {
  readonly name: string;
  readonly port: number;
  readonly version: string;
  readonly chainFolder: string;
  readonly chainId: string;
  /** The program in place of bcli. */
  readonly backend: string;
  readonly developer: boolean;
  /** Further lines, as {@link configLine} returns them. */
  readonly lines: readonly string[];
}

/** Makes a node see blocks at once, and gossip and reconnect without waiting. */
export const DEVELOPER_LINES: readonly string[] = [
  "developer",
  "dev-bitcoind-poll=0",
  "dev-fast-gossip",
  "dev-fast-reconnect",
  // Developer mode turns these off: plugins would meet a different API than on other nodes.
  "allow-deprecated-apis=true",
];

/** Creates the node's folder, its secret and its config, unless they exist. */
export function writeNodeFolder(lightningDir: string, config: NodeConfig): void {
  mkdirSync(join(lightningDir, "regtest"), { recursive: true, mode: 0o700 });
  const secret = join(lightningDir, "regtest", "hsm_secret");
  if (!existsSync(secret)) {
    // Derived from the name: l1 is always the same node, with the same id and addresses.
    writeFileSync(secret, createHash("sha256").update(`cln-dev regtest ${config.name}`).digest());
    chmodSync(secret, 0o400);
  }
  const file = join(lightningDir, "config");
  if (!existsSync(file)) saveFile(file, `${linesOf(lightningDir, config).join("\n")}\n`);
}

function linesOf(lightningDir: string, config: NodeConfig): readonly string[] {
  return [
    `# ${config.name} of a network of cln-dev regtest. It is written once: change what you like.`,
    "network=regtest",
    `alias=${config.name}`,
    addressLine(config.port),
    `log-file=${join(lightningDir, "log")}`,
    "log-level=debug",
    "disable-dns",
    "disable-plugin=bcli",
    ...LEFT_OUT.map((name) => `disable-plugin=${name}`),
    `plugin=${config.backend}`,
    `${CHAIN_OPTION}=${config.chainFolder}`,
    `${CHAIN_ID_OPTION}=${config.chainId}`,
    // lightningd exits on an option that its release does not know.
    ...(isVersionBetween(config.version, "v24.11", "v99.99") ? ["autoconnect-seeker-peers=0"] : []),
    ...(config.developer ? DEVELOPER_LINES : []),
    ...config.lines,
  ];
}

function addressLine(port: number): string {
  return `addr=127.0.0.1:${port}`;
}

/**
 * Changes the port in the node's config, if the config still has the assigned one.
 * @returns whether it did
 */
export function changePort(lightningDir: string, from: number, to: number): boolean {
  const file = join(lightningDir, "config");
  const lines = readFileSync(file, "utf8").split("\n");
  const at = lines.indexOf(addressLine(from));
  if (at === -1) return false;
  lines[at] = addressLine(to);
  saveFile(file, lines.join("\n"));
  return true;
}

/** Options with which the network would no longer find or recognize its nodes. */
const OURS = [
  "network",
  "regtest",
  "testnet",
  "signet",
  "mainnet",
  "lightning-dir",
  "conf",
  "rpc-file",
  "daemon",
  "pid-file",
];

/**
 * Turns an option of lightningd's command line into a line of the config.
 * @throws Failure (exit code 2) if it is not an option, or one that the network sets itself
 */
export function configLine(option: string): string {
  const line = option.replace(/^--/, "");
  const name = line.split("=", 1)[0] ?? "";
  if (line === option || !/^[a-z][a-z0-9-]*$/.test(name) || /[\r\n]/.test(line)) {
    throw usageFailure(`${JSON.stringify(option)} is not an option of lightningd`, {
      fix: "Write each as --name or --name=value, behind --",
    });
  }
  if (OURS.includes(name)) {
    throw usageFailure(`--${name} cannot be used with cln-dev regtest`, {
      why: "the network sets it for its nodes",
    });
  }
  return line;
}

/** Whether nothing listens on the port. */
export async function isFree(port: number): Promise<boolean> {
  return await listenOnce(port).then(
    () => true,
    () => false,
  );
}

/** Returns a port that nothing listens on. */
export function freePort(): Promise<number> {
  return listenOnce(0);
}

/**
 * Listens on the port for a moment; 0: on any free one.
 * @returns the port
 * @throws the system's error if the port is not available
 */
function listenOnce(port: number): Promise<number> {
  return new Promise((done, failed) => {
    const server = createServer();
    server.once("error", failed);
    server.listen(port, "127.0.0.1", () => {
      const address = server.address();
      const got = address !== null && typeof address === "object" ? address.port : port;
      server.close(() => done(got));
    });
  });
}
