import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { locateNode } from "../../../src/settings/locate/locate-node.js";
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
    const asked = locateNode({ lightningDir: "asked" }, surroundings);
    const nodes = (await runningNodes(asked, surroundings)).filter(({ rpcFile }) =>
      rpcFile.startsWith(root),
    );
    expect(nodes.map((node) => [node.network, node.flags, node.listening]).sort()).toEqual([
      ["regtest", `--lightning-dir=${root}/tmp/l1-regtest`, true],
      ["regtest", `--lightning-dir=${root}/tmp/l3 --network=regtest`, true],
      ["regtest", "--network=regtest", true],
      ["signet", `--lightning-dir=${root}/tmp/l2 --network=signet`, true],
      ["testnet4", `--lightning-dir=${root}/asked --network=testnet4`, true],
    ]);
    expect(nodes.find((node) => node.lightningDir.endsWith("/l3"))?.rpcFile).toBe(
      `${root}/tmp/l3/regtest/my-rpc`,
    );
  });

  it.skipIf(!python)(`says which of them listen, those first${needsPython}`, async () => {
    const root = tempFolder();
    leaveStale(join(root, ".lightning/regtest/lightning-rpc"));
    await listen(join(root, ".lightning/signet/lightning-rpc"));
    const surroundings = { home: root, cwd: root };
    const asked = locateNode({}, surroundings);
    const nodes = (await runningNodes(asked, surroundings)).filter(({ rpcFile }) =>
      rpcFile.startsWith(root),
    );
    expect(nodes.map((node) => [node.network, node.listening])).toEqual([
      ["signet", true],
      ["regtest", false],
    ]);
  });

  it("leaves out the one that was asked for", async () => {
    const root = tempFolder();
    await listen(join(root, "l1/regtest/lightning-rpc"));
    const surroundings = { home: root, cwd: root };
    const asked = locateNode({ lightningDir: "l1", network: "regtest" }, surroundings);
    const nodes = await runningNodes(asked, surroundings);
    expect(nodes.map((node) => node.rpcFile)).not.toContain(asked.rpcFile);
  });

  const linux = process.platform === "linux" && python;
  it.skipIf(!linux)(
    `finds lightningd processes wherever they work${linux ? "" : " (skipped: needs Linux and python3)"}`,
    async () => {
      const root = tempFolder();
      await listen(join(root, "far/away/regtest/my-rpc"));
      const child = startAs(
        "lightningd",
        root,
        join(root, "far/away/regtest"),
        "--rpc-file=my-rpc",
      );
      await vi.waitFor(() =>
        expect(readFileSync(`/proc/${child.pid}/comm`, "utf8")).toBe("lightningd\n"),
      );
      const surroundings = { home: root, cwd: root };
      const nodes = await runningNodes(locateNode({}, surroundings), surroundings);
      expect(nodes).toContainEqual({
        lightningDir: `${root}/far/away`,
        network: "regtest",
        rpcFile: `${root}/far/away/regtest/my-rpc`,
        listening: true,
        flags: `--rpc-file=${root}/far/away/regtest/my-rpc`,
      });
    },
  );
});

/** A process that does nothing under another program's name. */
function startAs(name: string, folder: string, cwd: string, ...args: string[]): ChildProcess {
  const program = join(folder, name);
  const python3 = spawnSync("python3", ["-c", "import sys; print(sys.executable)"]).stdout;
  symlinkSync(python3.toString().trim(), program);
  const script = join(folder, "wait.py");
  writeFileSync(script, "import sys; sys.stdin.read()");
  const child = spawn(program, [script, ...args], { cwd, stdio: ["pipe", "ignore", "inherit"] });
  onTestFinished(
    () =>
      new Promise((done) => {
        child.once("close", () => done());
        child.kill("SIGKILL");
      }),
  );
  return child;
}
