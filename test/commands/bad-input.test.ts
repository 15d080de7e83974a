/** Whatever can be wrong with what a user gives: one clear message, what to do, and an exit code. */
import { spawn } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import type { Socket } from "node:net";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type FakeRequest, fakeNode } from "../support/fake-node.js";
import { listed, liveVersion, startNode } from "../support/nodes.js";
import { language, writePlugin, writeProgram } from "../support/plugin.js";
import { Program, run } from "../support/program.js";
import { type Sandbox, sandbox, sharedSandbox } from "../support/sandbox.js";

const { extension } = language;

import { until } from "../support/until.js";

describe("a plugin file", () => {
  const box = sharedSandbox();
  const path = (name: string) => join(box().work, name);
  const plain = () => language.plugin();
  const body = () => plain().slice(plain().indexOf("\n") + 1);

  it.each([
    ["that is not there", "none.py", () => {}, 2, /no such plugin: .*none\.py.*\n.*Check the path/],
    [
      "that is called a little differently",
      "right.p",
      () => writeProgram(path("right.py"), plain()),
      2,
      /no such plugin: .*right\.p: .*\n.*Did you mean .*right\.py\?/,
    ],
    [
      "that is a folder",
      "folder",
      () => writeProgram(path(`folder/plugin${extension}`), plain()),
      2,
      /folder is a folder: .*\n.*Name the file: .*folder\/plugin\.\w+/,
    ],
    [
      "that is not executable",
      "mode.py",
      () => writeFileSync(path("mode.py"), plain()),
      1,
      /mode\.py is not executable: .*\n +chmod \+x .*mode\.py\n/,
    ],
    [
      "without a #! line",
      `bare${extension}`,
      () => writeProgram(path(`bare${extension}`), body()),
      1,
      /it has no #! line.*\n.*Put this first in the file: #!/,
    ],
    [
      "whose interpreter is not there",
      `lost${extension}`,
      () => writeProgram(path(`lost${extension}`), `#!/no/such/thing\n${body()}`),
      1,
      /its #! line names \/no\/such\/thing, which does not exist.*\n.*Write #!/,
    ],
    [
      "whose interpreter env does not find",
      `env${extension}`,
      () => writeProgram(path(`env${extension}`), `#!/usr/bin/env no-such-thing\n${body()}`),
      1,
      /asks env for no-such-thing, which is not on the PATH\n.*Install no-such-thing/,
    ],
    [
      "with Windows line ends",
      `crlf${extension}`,
      () => writeProgram(path(`crlf${extension}`), plain().replaceAll("\n", "\r\n")),
      1,
      /ends with CRLF.*\n.*sed -i 's\/\\r\$\/\/'/,
    ],
    [
      "that is source code of a compiled language",
      "main.rs",
      () => writeProgram(path("main.rs"), "fn main() {}\n"),
      1,
      /is source code.*\n.*cargo build/,
    ],
    ["that is empty", "empty", () => writeProgram(path("empty"), ""), 1, /empty is empty\n.*Save/],
    [
      "that is a symlink to nowhere",
      "link",
      () => symlinkSync(path("gone"), path("link")),
      2,
      /it is a symlink to .*gone, which is not there\n.*ln -sfn/,
    ],
  ] as const)("%s", async (_, name, make, exitCode, words) => {
    make();
    const node = await fakeNode(join(box().folder(), "rpc"), {
      getinfo: { network: "regtest" },
    });
    const at = `--rpc-file=${node.rpcFile}`;
    const { code, stdout, stderr } = await run(box(), ["start", name, at]);
    expect({ code, stderr }).toEqual({ code: exitCode, stderr: "" });
    expect(stdout).toMatch(words);
    // The node was not troubled with it.
    expect(node.requests.map(({ method }) => method)).toEqual(["getinfo"]);
    await node.close();
  });

  it("that is not there, or a folder, ends `watch` as well, at once", async () => {
    const node = await startNode(box());
    for (const [name, words] of [
      ["nothing.py", /^cln-dev: no such plugin: /],
      [".", /^cln-dev: .* is a folder: /],
    ] as const) {
      const { code, stdout, stderr } = await run(box(), ["watch", name, node.flag]);
      expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
      expect(stderr).toMatch(words);
    }
  });

  it("of a language that nobody knows is watched alone, and runs", async () => {
    const node = await startNode(box());
    const program = language.name === "python" ? "python3" : "node";
    writeProgram(path("mylang"), `#!/bin/sh\nexec ${program} "$@"\n`);
    const plugin = writeProgram(path("plugin.xyz"), `#!${path("mylang")}\n${body()}`);
    const watch = new Program(box(), ["watch", plugin, node.flag, "--json"]);
    expect((await watch.next("watching")).plugins).toMatchObject([{ files: plugin }]);
    await watch.next("reloaded");
    expect(await liveVersion(node)).toBe("1");
  });
});

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
    expect(refused.stderr).toMatch(/nobody listens on it: .*\n {2}Start the node again/);
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
      /it closed the connection before it answered getinfo\n {2}Look into/,
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

  it("on mainnet is touched only when the command line says so", async () => {
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
      node.requests.map(({ method }) => method).filter((name) => name !== "getinfo");
    for (const args of [
      ["start", plugin],
      ["watch", plugin],
      ["restart", plugin],
      ["stop", plugin],
      ["call", "pay"],
      ["start", plugin, at(node.rpcFile), "--regtest"],
    ]) {
      const { code, stdout, stderr } = await run(box, args);
      expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
      expect(stderr).toMatch(/^cln-dev: the node at .* is on mainnet: .*\n {2}.*say --mainnet/);
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
      /runs as an important plugin: .*\n.*--plugin instead of --important-plugin/,
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
  expect(stdout).toMatch(/runs and cannot be reloaded: its manifest does not say "dynamic": true/);
  expect(node.requests.flatMap(({ params }) => params)).not.toContain("stop");
  expect(looks).toBe(4);
  await node.close();
});

describe("options", () => {
  const declared = ["foo", { name: "number", type: "int" }];

  it.each([
    [["nonesuch=1"], 1, /unknown parameter nonesuch\n/],
    [["number=ten"], 1, /'ten' is not a number|number takes a whole number, not "ten"/],
    [["number=0x10"], 2, /option number takes a whole number, not "0x10".*\n.*decimal/],
    [["foo=1", "foo=2"], 2, /option foo is given twice/],
    [['foo=with"quote'], 2, /option foo cannot be passed on as "with\\"quote"/],
  ])("%j", async (given, exitCode, words) => {
    const box = sandbox();
    const node = await startNode(box);
    const plugin = writePlugin(box.work, { options: declared });
    await run(box, ["start", plugin, node.flag]);
    const { code, stdout, stderr } = await run(box, ["start", plugin, ...given, node.flag]);
    expect({ code, stderr }).toEqual({ code: exitCode, stderr: "" });
    expect(stdout).toMatch(words);
    // What was seen to be wrong before the old one was stopped costs nothing.
    expect(await listed(node)).toHaveLength(exitCode === 2 ? 1 : 0);
  });

  it.each([
    [["foo"], /no such plugin/],
    [["plugin.py", "foo=1", "other.py"], /the option foo=1 stands before the plugin other\.py/],
    [["plugin.py", "-o", "foo"], /the option foo has no value: .*key=value\n/],
    [["plugin.py", "=1"], /=1 is neither a plugin file nor an option/],
    [["plugin.py", "other.py", "foo=1"], /the option foo with 2 plugins: .*\n.*package\.json/],
    [["plugin.py", ""], /an argument is empty/],
    [["plugin.py", "--poll=soon"], /--poll takes a number of ms .* not "soon"/],
    [["plugin.py", "--network=mainnet"], /--network=mainnet .*\n.*bitcoin/],
    [["plugin.py", "--nonesuch"], /unknown option '--nonesuch'/],
  ])("watch %j", async (args, words) => {
    const box = sandbox();
    const { code, stdout, stderr } = await run(box, ["watch", ...args]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(words);
    expect(stderr).toMatch(/^cln-dev: /);
  });
});

describe("configs and settings", () => {
  it.each([
    [
      "network=regtest # note\n",
      /cannot use "network=regtest # note" in .*config:1: .*\n {2}Write network=regtest/,
    ],
    ["include nothing\n", /cannot include ".*nothing", as .*config:1 asks: .*\n {2}Correct/],
    ["network=nowhere\n", /cannot use "network=nowhere" in .*config:1: .*\n {2}Name one/],
  ])("a config that says %j", async (text, words) => {
    const box = sandbox();
    const dir = box.folder();
    writeFileSync(join(dir, "config"), text);
    const { code, stdout, stderr } = await run(box, ["list", `--lightning-dir=${dir}`]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(words);
  });

  it("a config that cannot be read", async () => {
    const box = sandbox();
    const dir = box.folder();
    mkdirSync(join(dir, "config"));
    const { code, stderr } = await run(box, ["list", `--lightning-dir=${dir}`]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/cannot read .*config: it is a folder/);
  });

  it.each([
    ['{"cln-dev": {"path": "a.py",}}', /package\.json:1:28 is not valid JSON: .*comma/],
    [
      '{"cln-dev": {"path": "a.py", "pth": 1}}',
      /unknown key cln-dev\.pth \(1\) in .*package\.json/,
    ],
    [
      '{"cln-dev": {"path": 7}}',
      /wrong cln-dev\.path \(7\) in .*package\.json: it must be a string/,
    ],
    ['{"cln-dev": [{"path": "a.py"}, {"path": "./a.py"}]}', /a\.py stands twice under "cln-dev"/],
    ['{"name": "x"}', /no plugin is named: .*package\.json/],
  ])("a package.json with %s", async (text, words) => {
    const box = sandbox();
    writeFileSync(join(box.work, "package.json"), text);
    const { code, stdout, stderr } = await run(box, ["watch", "--regtest"]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(words);
  });

  it("a folder for control sockets that others may enter", async () => {
    const box = sandbox();
    const node = await startNode(box);
    const folder = join(String(box.env.XDG_RUNTIME_DIR), "cln-dev");
    mkdirSync(folder, { mode: 0o777 });
    chmodSync(folder, 0o777);
    const { code, stderr } = await run(box, ["watch", writePlugin(box.work), node.flag]);
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /control sockets cannot be used: .*: other users may enter it\n {2}Remove/,
    );
  });
});

it("with --json a failure is one object on stderr", async () => {
  const box = sandbox();
  const { code, stdout, stderr } = await run(box, ["list", "--regtest", "--json"]);
  expect({ code, stdout }).toEqual({ code: 3, stdout: "" });
  expect(JSON.parse(stderr).error).toMatchObject({ kind: "node-missing", exitCode: 3 });
});

it("an unknown command, and none at all, are told with the exit code 2", async () => {
  const box = sandbox();
  const unknown = await run(box, ["wacth"]);
  expect(unknown).toMatchObject({ code: 2, stdout: "" });
  expect(unknown.stderr).toMatch(/^cln-dev: unknown command 'wacth'\n\(Did you mean watch\?\)/);
  const none = await run(box, []);
  expect(none.code).toBe(2);
  expect(none.stderr).toMatch(/^Usage: cln-dev/);
});

it("--help and --version answer on stdout, with an example for every command", async () => {
  const box = sandbox();
  const { version } = JSON.parse(readFileSync("package.json", "utf8"));
  expect(await run(box, ["--version"])).toMatchObject({ code: 0, stdout: `${version}\n` });
  const help = await run(box, ["--help"]);
  expect(help).toMatchObject({ code: 0, stderr: "" });
  const commands = help.stdout.slice(help.stdout.indexOf("Commands:")).matchAll(/^ {2}(\w+)/gm);
  const names = [...commands].map(([, name]) => String(name)).filter((name) => name !== "help");
  expect(names).toEqual(
    expect.arrayContaining(["watch", "restart", "start", "stop", "list", "call"]),
  );
  for (const name of names) {
    const { code, stdout } = await run(box, [name, "--help"]);
    expect({ name, code }).toEqual({ name, code: 0 });
    expect(stdout).toMatch(new RegExp(`Example:\n {2}\\$ cln-dev ${name}`));
  }
});

/** A socket file whose listener was killed. */
async function leaveSocket(box: Sandbox, path: string): Promise<void> {
  const listen = `require("node:net").createServer().listen(process.argv[1], () => console.log())`;
  const child = spawn(process.execPath, ["-e", listen, path], { env: box.env });
  await new Promise((resolve) => child.stdout.once("data", resolve));
  child.kill("SIGKILL");
  await new Promise((resolve) => child.once("close", resolve));
}
