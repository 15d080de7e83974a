import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync } from "node:fs";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Failure } from "../../../src/errors/failure.js";
import { atShortPath } from "../../../src/node/rpc/unix-socket.js";
import {
  locateAddress,
  type NamedNodeChoice,
  type NodeChoice,
} from "../../../src/settings/locate/locate-node.js";
import type { NodeAddress } from "../../../src/settings/types.js";
import { failureOf, textOf } from "../failure-of.js";
import { tempFolder, writeFiles } from "../temp-folder.js";
import type { CliCase } from "./cli-case.js";
import { CLI_CASES } from "./cli-cases.js";

describe("locateAddress", () => {
  it.each(CLI_CASES)("$name", (row) => {
    const { choice, home, cwd } = setUp(row);
    const locate = () => locateAddress(choice, { home, cwd });
    if (row.refused !== undefined) {
      const failure = failureOf(locate);
      expect(failure.exitCode).toBe(2);
      for (const word of row.refused) expect(textOf(failure)).toContain(word.replace("@", cwd));
      return;
    }
    const address = locate();
    expect(address.rpcFile).toBe(join(cwd, row.at ?? ""));
    if (row.hint === undefined) expect(address.hints).toEqual([]);
    else expect(address.hints.join("\n")).toContain(row.hint.replace("@", cwd));
  });

  it("says who named the network", () => {
    const cwd = tempFolder();
    writeFiles(cwd, { "l1/config": "network=bitcoin\n" });
    const namedBy = (choice: NamedNodeChoice) =>
      locateAddress(choice, { home: cwd, cwd }).networkNamedBy;
    expect(namedBy({})).toBe("default");
    expect(namedBy({ lightningDir: "l1" })).toBe("config");
    expect(namedBy({ conf: "l1/config" })).toBe("config");
    expect(namedBy({ lightningDir: "l1", network: "bitcoin" })).toBe("command line");
    const inPackageJson = { network: "bitcoin", networkNamedBy: "package.json" } as const;
    expect(namedBy(inPackageJson)).toBe("package.json");
  });

  it("reads directory and network off an absolute rpc-file when nothing else is named", () => {
    const at = (choice: NodeChoice): Partial<NodeAddress> =>
      locateAddress(choice, { home: "/nowhere", cwd: "/" });
    expect(at({ rpcFile: "/a/l1/regtest/lightning-rpc" })).toMatchObject({
      lightningDir: "/a/l1",
      network: "regtest",
      networkDir: "/a/l1/regtest",
      networkNamedBy: "default",
    });
    expect(at({ rpcFile: "/run/cln.sock", network: "signet" })).toMatchObject({
      lightningDir: "/run",
      network: "signet",
      networkDir: "/run",
    });
    expect(at({ rpcFile: "/run/cln.sock", lightningDir: "/a/l1" })).toMatchObject({
      lightningDir: "/a/l1",
      networkDir: "/a/l1/bitcoin",
      rpcFile: "/run/cln.sock",
    });
  });

  it("ends also when a config includes others without end", () => {
    const cwd = tempFolder();
    // Each file includes the next one twice: not deep, but 2^40 files.
    for (let index = 0; index < 40; index++) {
      const next = `include ${index + 1}\n`;
      writeFiles(cwd, { [`l1/${index === 0 ? "config" : index}`]: next + next });
    }
    writeFiles(cwd, { "l1/40": "" });
    const failure = failureOf(() => locateAddress({ lightningDir: "l1" }, { home: cwd, cwd }));
    expect(failure.what).toContain("never end");
  });

  it("refuses a config without end", () => {
    const failure = failureOf(() => locateAddress({ conf: "/dev/zero" }, { home: "/", cwd: "/" }));
    expect(`${failure.what} ${failure.why}`).toContain("/dev/zero");
  });
});

const anyLine = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom("regtest", "signet", "testnet4", "mainnet", "#", "") },
  {
    weight: 3,
    arbitrary: fc
      .tuple(
        fc.constantFrom(
          "network",
          "rpc-file",
          "Network",
          "networks",
          " network",
          "alias",
          "include",
        ),
        fc.constantFrom("=", "= ", " = ", " ", ""),
        fc.constantFrom("regtest", "liquid", "bitcoin", "mainnet", "r", "a\tb"),
        fc.constantFrom("", " ", "\t", "\v\f", " #", "\u00a0"),
      )
      .map((parts) => parts.join("")),
  },
  fc.constantFrom("include a", "include b", "include regtest/config", "include ./a", "include  a"),
  fc.string({ unit: "binary", maxLength: 12 }).map((text) => text.replaceAll("version", "")),
);

const anyConfig = fc
  .array(fc.tuple(anyLine, fc.constantFrom("\n", "\n", "\r\n", "\r")), { maxLength: 5 })
  .map((lines) => lines.flat().join(""));

const anyConfigs = fc.record({
  "l1/config": anyConfig,
  "l1/regtest/config": anyConfig,
  "l1/a": anyConfig,
  "l1/b": anyConfig,
});

describe("any config", () => {
  it("gives a socket, or is refused as a mistake of the user", () => {
    const cwd = tempFolder();
    fc.assert(
      fc.property(anyConfigs, (files) => {
        writeFiles(cwd, files);
        const socket = socketOrRefused({ lightningDir: "l1" }, cwd);
        expect(socket === undefined || socket.startsWith("/")).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});

const lightningCli = await runs("lightning-cli", ["--version"]);
const elsewhere = lightningCli ? "" : " (skipped: lightning-cli is not on PATH)";

describe.skipIf(!lightningCli)(`lightning-cli looks where locateAddress does${elsewhere}`, () => {
  const same = CLI_CASES.filter((row) => row.cliDiffers === undefined);
  it.each(same)("$name", async (row) => {
    const { choice, home, cwd } = setUp(row);
    await expectOfCli(row.at === undefined ? undefined : join(cwd, row.at), {
      flags: flagsOf(row, choice),
      home,
      cwd,
    });
  });

  it("for any config", async () => {
    await fc.assert(
      fc.asyncProperty(anyConfigs, async (files) => {
        const cwd = mkdtempSync(join(tempFolder(), "run-"));
        writeFiles(cwd, files);
        const choice = { lightningDir: "l1" };
        const socket = socketOrRefused(choice, cwd);
        await expectOfCli(socket, { flags: ["--lightning-dir=l1"], home: cwd, cwd });
      }),
      { numRuns: 60 },
    );
  });
});

/** undefined: refused, as a user's mistake ought to be. */
function socketOrRefused(choice: NodeChoice, cwd: string): string | undefined {
  try {
    return locateAddress(choice, { home: cwd, cwd }).rpcFile;
  } catch (error) {
    if (error instanceof Failure && error.exitCode === 2) return undefined;
    throw error;
  }
}

/** Runs lightning-cli, which must connect to `socket`, or refuse its config if that is undefined. */
async function expectOfCli(
  socket: string | undefined,
  { flags, home, cwd }: { flags: string[]; home: string | undefined; cwd: string },
): Promise<void> {
  const server = socket === undefined ? undefined : await listenAt(socket);
  try {
    const env = { PATH: process.env.PATH, ...(home === undefined ? {} : { HOME: home }) };
    const { exitCode, stderr } = await run("lightning-cli", [...flags, "getinfo"], { cwd, env });
    if (server !== undefined) {
      expect({ connected: server.connected(), stderr }).toMatchObject({ connected: true });
    } else {
      // Exit code 2 would say that it accepted the config and found no node.
      expect(exitCode).not.toBeOneOf([0, 2]);
    }
  } finally {
    await server?.close();
  }
}

function setUp(row: CliCase) {
  const cwd = tempFolder();
  const inFolder = (text: string) => text.replaceAll("@", cwd);
  const files = Object.entries(row.files ?? {}).map(([path, text]) => [path, inFolder(text)]);
  writeFiles(cwd, Object.fromEntries(files));
  for (const folder of row.folders ?? []) mkdirSync(join(cwd, folder), { recursive: true });
  const choice: NodeChoice = Object.fromEntries(
    Object.entries(row.choice ?? {}).map(([key, value]) => [key, inFolder(value)]),
  );
  const home = row.home === undefined ? join(cwd, "home") : (row.home ?? undefined);
  return { choice, home, cwd };
}

function flagsOf(row: CliCase, choice: NodeChoice): string[] {
  const flags: string[] = [];
  if (row.flag !== undefined) flags.push(`--${row.flag}`);
  else if (choice.network !== undefined) flags.push(`--network=${choice.network}`);
  if (choice.lightningDir !== undefined) flags.push(`--lightning-dir=${choice.lightningDir}`);
  if (choice.conf !== undefined) flags.push(`--conf=${choice.conf}`);
  if (choice.rpcFile !== undefined) flags.push(`--rpc-file=${choice.rpcFile}`);
  return flags;
}

/** A server that hangs up at once. */
async function listenAt(socket: string) {
  let connected = false;
  const server = createServer((connection) => {
    connected = true;
    connection.destroy();
  });
  mkdirSync(dirname(socket), { recursive: true });
  const listening = new Promise((done) => server.once("listening", done));
  atShortPath(socket, (path) => server.listen(path));
  await listening;
  return {
    connected: () => connected,
    close: () => new Promise<void>((done) => server.close(() => done())),
  };
}

interface RunOptions {
  readonly cwd?: string;
  readonly env?: { readonly [name: string]: string | undefined };
}

function run(command: string, args: readonly string[], options: RunOptions) {
  return new Promise<{ exitCode: number; stderr: string }>((done) => {
    execFile(command, [...args], { ...options, timeout: 10_000 }, (error, _stdout, stderr) => {
      const exitCode = error === null ? 0 : typeof error.code === "number" ? error.code : -1;
      done({ exitCode, stderr });
    });
  });
}

async function runs(command: string, args: readonly string[]): Promise<boolean> {
  return (await run(command, args, {})).exitCode === 0;
}
