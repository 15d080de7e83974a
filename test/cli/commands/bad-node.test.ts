/** Whatever can be wrong with the node that a user names, and nodes that must be left alone. */
import { spawn } from "node:child_process";
import { chmodSync, writeFileSync } from "node:fs";
import type { Socket } from "node:net";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type FakeRequest, fakeNode } from "../../support/fake-node.js";
import { writePlugin } from "../../support/plugin.js";
import { Program, run } from "../../support/program.js";
import { type Sandbox, sandbox } from "../../support/sandbox.js";
import { until } from "../../support/until.js";

describe("a node", () => {
  const at = (rpcFile: string) => `--rpc-file=${rpcFile}`;

  it("that is not there", async () => {
    const box = sandbox();
    const missing = await run(box, ["list", "--regtest"]);
    expect(missing).toMatchObject({ code: 3, stdout: "" });
    expect(missing.stderr).toMatch(
      /^cln-dev: no node at .*\/home\/\.lightning\/regtest\/lightning-rpc: there is no such file\n {2}Start the node/,
    );
  });

  it("whose socket nobody listens on, or is a file", async () => {
    const box = sandbox();
    const stale = join(box.work, "stale");
    await leaveSocket(box, stale);
    const refused = await run(box, ["start", writePlugin(box.work), at(stale)]);
    expect(refused).toMatchObject({ code: 3, stdout: "" });
    expect(refused.stderr).toMatch(/no process listens on it: .*\n {2}Start the node again/);
    const file = join(box.work, "file");
    writeFileSync(file, "");
    const noSocket = await run(box, ["call", "getinfo", at(file)]);
    expect(noSocket).toMatchObject({ code: 3, stdout: "" });
    expect(noSocket.stderr).toMatch(
      /it is a file, not a socket\n {2}Name the node's lightning-rpc/,
    );
  });

  it.skipIf(process.getuid?.() === 0)("whose socket is not for this user", async () => {
    const box = sandbox();
    const node = await fakeNode(join(box.work, "rpc"), {});
    chmodSync(node.rpcFile, 0o000);
    const { code, stderr } = await run(box, ["list", at(node.rpcFile)]);
    expect(code).toBe(3);
    expect(stderr).toMatch(/this user may not open it\n {2}Run as the user that the node runs as/);
    await node.close();
  });

  it("that is none: it answers garbage, or hangs up", async () => {
    const box = sandbox();
    const web = await fakeNode(join(box.work, "web"), {
      plugin: (socket: { end(text: string): void }) =>
        socket.end("HTTP/1.1 400 Bad Request\r\n\r\n\u001b[31mno"),
      getinfo: (socket: { end(): void }) => socket.end(),
    });
    const garbage = await run(box, ["list", at(web.rpcFile)]);
    expect(garbage).toMatchObject({ code: 3, stdout: "" });
    expect(garbage.stderr).toMatch(
      /it answered "HTTP\/1\.1 400 .*, which is not JSON-RPC\n {2}Name/,
    );
    expect(garbage.stderr).not.toContain("\u001b");
    const closed = await run(box, ["start", writePlugin(box.work), at(web.rpcFile)]);
    expect(closed).toMatchObject({ code: 3 });
    expect(closed.stderr).toMatch(
      /it closed the connection before it answered getinfo\n {2}Read the node/,
    );
    await web.close();
  });

  it("that never answers can be left by Ctrl-C", async () => {
    const box = sandbox();
    const silent = await fakeNode(join(box.work, "rpc"), { getinfo: () => {}, plugin: () => {} });
    for (const command of [
      ["watch", writePlugin(box.work)],
      ["start", writePlugin(box.work)],
      ["stop", "x"],
      ["list"],
    ]) {
      const before = silent.requests.length;
      const program = new Program(box, [...command, at(silent.rpcFile)]);
      await until("the node to be asked", () => silent.requests.length > before);
      program.kill("SIGINT");
      expect(await program.ended).toMatchObject({ code: 130, stdout: "", stderr: "" });
    }
    await silent.close();
  });

  it("on mainnet is touched only when the command line names it", async () => {
    const box = sandbox();
    const plugin = writePlugin(box.work);
    const networkDir = join(box.home, ".lightning/bitcoin");
    const node = await fakeNode(join(networkDir, "lightning-rpc"), {
      getinfo: { network: "bitcoin", id: "02", version: "v26", alias: "real" },
      plugin: { command: "list", plugins: [] },
      listconfigs: { configs: {} },
      pay: { paid: true },
    });
    const asked = () =>
      node.requests
        .map(({ method }) => method)
        .filter((name) => !["getinfo", "notifications"].includes(name));
    for (const args of [
      ["start", plugin],
      ["watch", plugin],
      ["watch", plugin, "--hot"],
      ["restart", plugin],
      ["stop", plugin],
      ["call", "pay"],
      ["start", plugin, at(node.rpcFile), "--regtest"],
    ]) {
      const { code, stdout, stderr } = await run(box, args);
      expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
      expect(stderr).toMatch(/^cln-dev: the node at .* is on mainnet: .*\n {2}.*add --mainnet/);
    }
    // Neither is a config file enough, nor package.json.
    writeFileSync(join(box.home, ".lightning/config"), "network=bitcoin\n");
    writeFileSync(join(box.work, "package.json"), '{"cln-dev": {"network": "bitcoin"}}');
    expect((await run(box, ["start", plugin])).code).toBe(2);
    expect(asked()).toEqual([]);
    for (const flag of ["--mainnet", "--network=bitcoin"]) {
      expect(await run(box, ["call", "pay", flag])).toMatchObject({ code: 0, stderr: "" });
    }
    expect(asked()).toEqual(["pay", "pay"]);
    await node.close();
  });

  it("that runs the plugin as an important one is left alone", async () => {
    const box = sandbox();
    const plugin = writePlugin(box.work);
    const node = await fakeNode(join(box.work, "rpc"), {
      getinfo: { network: "regtest" },
      plugin: { command: "list", plugins: [{ name: plugin, active: true, dynamic: true }] },
      listconfigs: {
        configs: { "important-plugin": { values_str: [plugin], sources: ["cmdline"] } },
      },
    });
    const { code, stdout } = await run(box, ["start", plugin, at(node.rpcFile)]);
    expect(code).toBe(1);
    expect(stdout).toMatch(
      /is an important plugin, so it cannot be stopped: .*\n.*--plugin instead of --important-plugin/,
    );
    const subcommands = node.requests.flatMap(({ params }) => params);
    expect(subcommands).not.toContain("stop");
    expect(subcommands).not.toContain("start");
    await node.close();
  });
});

it("a node that is just starting the plugin itself is waited for", async () => {
  const box = sandbox();
  const plugin = writePlugin(box.work);
  let looks = 0;
  const node = await fakeNode(join(box.work, "rpc"), {
    getinfo: { network: "regtest" },
    plugin: (socket: Socket, { id }: FakeRequest) => {
      // The node does not know that it is not dynamic before it has its manifest.
      const plugins = [{ name: plugin, active: ++looks > 3, dynamic: false }];
      socket.write(JSON.stringify({ jsonrpc: "2.0", id, result: { command: "list", plugins } }));
    },
  });
  const { code, stdout } = await run(box, ["start", plugin, `--rpc-file=${node.rpcFile}`]);
  expect(code).toBe(1);
  expect(stdout).toMatch(
    /runs and cannot be reloaded: it was started before "dynamic": true was added/,
  );
  expect(node.requests.flatMap(({ params }) => params)).not.toContain("stop");
  expect(looks).toBe(4);
  await node.close();
});

/** A socket file whose listener was killed. */
async function leaveSocket(box: Sandbox, path: string): Promise<void> {
  const listen = `require("node:net").createServer().listen(process.argv[1], () => console.log())`;
  const child = spawn(process.execPath, ["-e", listen, path], { env: box.env });
  await new Promise((resolve) => child.stdout.once("data", resolve));
  child.kill("SIGKILL");
  await new Promise((resolve) => child.once("close", resolve));
}
