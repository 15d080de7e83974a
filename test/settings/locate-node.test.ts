import { execFile } from "node:child_process";
import { mkdirSync } from "node:fs";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { atShortPath } from "../../src/node/connect.js";
import { locateNode, type NodeChoice } from "../../src/settings/locate-node.js";
import type { NodeAddress } from "../../src/settings/types.js";
import { CLI_CASES, type CliCase } from "./cli-cases.js";
import { failureOf, textOf } from "./failure-of.js";
import { link, tempFolder, writeFiles } from "./temp-folder.js";

describe("locateNode", () => {
  it.each(CLI_CASES)("$name", (row) => {
    const { choice, home, cwd } = setUp(row);
    const locate = () => locateNode(choice, { home, cwd });
    if (row.refused !== undefined) {
      const failure = failureOf(locate);
      expect(failure.exitCode).toBe(2);
      for (const word of row.refused) expect(textOf(failure)).toContain(word);
      return;
    }
    const address = locate();
    expect(address.rpcFile).toBe(join(cwd, row.at ?? ""));
    if (row.hint === undefined) expect(address.hints).toEqual([]);
    else expect(address.hints.join("\n")).toContain(row.hint);
  });

  it("says who named the network", () => {
    const cwd = tempFolder();
    writeFiles(cwd, { "l1/config": "network=bitcoin\n" });
    const namedBy = (choice: NodeChoice) => locateNode(choice, { home: cwd, cwd }).networkNamedBy;
    expect(namedBy({})).toBe("default");
    expect(namedBy({ lightningDir: "l1" })).toBe("config");
    expect(namedBy({ conf: "l1/config" })).toBe("config");
    expect(namedBy({ lightningDir: "l1", network: "bitcoin" })).toBe("command line");
    const inPackageJson = { network: "bitcoin", networkNamedBy: "package.json" } as const;
    expect(namedBy(inPackageJson)).toBe("package.json");
  });

  it("reads directory and network off an absolute rpc-file when nothing else is named", () => {
    const at = (choice: NodeChoice): Partial<NodeAddress> =>
      locateNode(choice, { home: "/nowhere", cwd: "/" });
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
    writeFiles(cwd, { "l1/config": "include a\n", "l1/a": "include b\ninclude b\n" });
    writeFiles(cwd, { "l1/b": "include a\ninclude a\n" });
    const failure = failureOf(() => locateNode({ lightningDir: "l1" }, { home: cwd, cwd }));
    expect(failure.what).toContain("never end");
  });

  it("refuses a config without end", () => {
    const failure = failureOf(() => locateNode({ conf: "/dev/zero" }, { home: "/", cwd: "/" }));
    expect(`${failure.what} ${failure.why}`).toContain("/dev/zero");
  });
});

const lightningCli = await runs("lightning-cli", ["--version"]);
const elsewhere = lightningCli ? "" : " (skipped: lightning-cli is not on PATH)";

describe.skipIf(!lightningCli)(`lightning-cli looks where locateNode does${elsewhere}`, () => {
  const same = CLI_CASES.filter((row) => row.cliDiffers === undefined);
  it.each(same)("$name", async (row) => {
    const { choice, home, cwd } = setUp(row);
    const seen = row.at === undefined ? undefined : await listenAt(join(cwd, row.at));
    const { exitCode, stderr } = await run("lightning-cli", [...flagsOf(row, choice), "getinfo"], {
      cwd,
      env: { PATH: process.env.PATH, ...(home === undefined ? {} : { HOME: home }) },
    });
    if (seen !== undefined)
      expect({ connected: seen(), stderr }).toMatchObject({ connected: true });
    // Exit code 2 would say that it accepted the config and found no node (cln-contract 1.6).
    else expect(exitCode).not.toBeOneOf([0, 2]);
  });
});

function setUp(row: CliCase) {
  const cwd = tempFolder();
  const inFolder = (text: string) => text.replaceAll("@", cwd);
  const files = Object.entries(row.files ?? {}).map(([path, text]) => [path, inFolder(text)]);
  writeFiles(cwd, Object.fromEntries(files));
  for (const folder of row.folders ?? []) mkdirSync(join(cwd, folder), { recursive: true });
  for (const [path, target] of Object.entries(row.links ?? {})) link(cwd, path, target);
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

/** A server that hangs up at once; the function returned says whether anybody came. */
async function listenAt(socket: string): Promise<() => boolean> {
  let connected = false;
  const server = createServer((connection) => {
    connected = true;
    connection.destroy();
  });
  onTestFinished(() => new Promise((done) => server.close(() => done())));
  mkdirSync(dirname(socket), { recursive: true });
  const listening = new Promise((done) => server.once("listening", done));
  atShortPath(socket, (path) => server.listen(path));
  await listening;
  return () => connected;
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
