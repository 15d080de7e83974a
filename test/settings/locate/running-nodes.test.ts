import { spawnSync } from "node:child_process";
import { chmodSync, chownSync, mkdirSync } from "node:fs";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { locateAddress } from "../../../src/settings/locate/locate-node.js";
import { runningNodes } from "../../../src/settings/locate/running-nodes.js";
import { tempFolder, writeFiles } from "../temp-folder.js";

/** A node that listens, for as long as the test runs. */
async function listen(rpcFile: string): Promise<void> {
  mkdirSync(dirname(rpcFile), { recursive: true });
  const server = createServer((connection) => connection.destroy());
  onTestFinished(() => new Promise((done) => server.close(() => done())));
  await new Promise<void>((done) => server.listen(rpcFile, done));
}

/** A socket file that nobody listens on, as a crash leaves it. */
function leaveStale(rpcFile: string): void {
  mkdirSync(dirname(rpcFile), { recursive: true });
  const script =
    "import socket, sys; socket.socket(socket.AF_UNIX, socket.SOCK_STREAM).bind(sys.argv[1])";
  expect(spawnSync("python3", ["-c", script, rpcFile]).status).toBe(0);
}

const python = spawnSync("python3", ["--version"]).status === 0;
const needsPython = python ? "" : " (skipped: python3 is not there)";

describe("runningNodes", () => {
  it("shows other networks, the home folder and the temp folder, with the flags that lead there", async () => {
    const root = tempFolder();
    vi.stubEnv("TMPDIR", join(root, "tmp"));
    onTestFinished(() => void vi.unstubAllEnvs());
    const home = join(root, "home");
    writeFiles(root, {
      "tmp/l1-regtest/config": "network=regtest\n",
      "tmp/l3/regtest/config": "rpc-file=my-rpc\n",
      "tmp/other/regtest/config": "",
      "home/.lightning/testnet/lightning-rpc": "a file, not a socket",
    });
    await listen(join(root, "tmp/l1-regtest/regtest/lightning-rpc"));
    await listen(join(root, "tmp/l2/signet/lightning-rpc"));
    await listen(join(root, "tmp/l3/regtest/my-rpc"));
    await listen(join(root, "tmp/other/regtest/lightning-rpc"));
    await listen(join(home, ".lightning/regtest/lightning-rpc"));
    await listen(join(root, "asked/testnet4/lightning-rpc"));
    const surroundings = { home, cwd: root };
    const asked = locateAddress({ lightningDir: "asked" }, surroundings);
    const nodes = (await runningNodes(asked, surroundings)).filter(({ rpcFile }) =>
      rpcFile.startsWith(root),
    );
    expect(nodes.map((node) => node.flags)).toEqual([
      `--lightning-dir=${root}/asked --network=testnet4`,
      "--network=regtest",
      `--lightning-dir=${root}/tmp/l1-regtest --network=regtest`,
      `--lightning-dir=${root}/tmp/l2 --network=signet`,
      `--lightning-dir=${root}/tmp/l3 --network=regtest`,
    ]);
    expect(nodes.find((node) => node.lightningDir.endsWith("/l3"))?.rpcFile).toBe(
      `${root}/tmp/l3/regtest/my-rpc`,
    );
  });

  it.skipIf(!python)(`leaves out those that do not answer${needsPython}`, async () => {
    const root = tempFolder();
    leaveStale(join(root, ".lightning/regtest/lightning-rpc"));
    await listen(join(root, ".lightning/signet/lightning-rpc"));
    const surroundings = { home: root, cwd: root };
    const asked = locateAddress({}, surroundings);
    const nodes = (await runningNodes(asked, surroundings)).filter(({ rpcFile }) =>
      rpcFile.startsWith(root),
    );
    expect(nodes.map((node) => node.network)).toEqual(["signet"]);
  });

  it("leaves out the one that was asked for", async () => {
    const root = tempFolder();
    await listen(join(root, "l1/regtest/lightning-rpc"));
    const surroundings = { home: root, cwd: root };
    const asked = locateAddress({ lightningDir: "l1", network: "regtest" }, surroundings);
    const nodes = await runningNodes(asked, surroundings);
    expect(nodes.map((node) => node.rpcFile)).not.toContain(asked.rpcFile);
  });

  it.skipIf(process.getuid?.() !== 0)("passes over folders of other users unread", async () => {
    const root = tempFolder();
    vi.stubEnv("TMPDIR", root);
    onTestFinished(() => void vi.unstubAllEnvs());
    for (const name of ["l1", "l2", "l3"]) await listen(join(root, name, "regtest/lightning-rpc"));
    chownSync(join(root, "l1"), 61_001, 61_001);
    chmodSync(join(root, "l2/regtest"), 0o777);
    // Whoever reads it waits for good.
    spawnSync("mkfifo", [join(root, "l1/config"), join(root, "l3/config")]);
    const surroundings = { home: undefined, cwd: root };
    const nodes = await runningNodes(locateAddress({}, surroundings), surroundings);
    expect(nodes.map((node) => node.lightningDir).filter((dir) => dir.startsWith(root))).toEqual([
      join(root, "l3"),
    ]);
  });
});
