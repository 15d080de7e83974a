/** Wrong options, settings and commands: one clear message, what to do, and an exit code. */
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { listed, startNode } from "../../support/nodes.js";
import { writePlugin } from "../../support/plugin.js";
import { Program, run } from "../../support/program.js";
import { sandbox } from "../../support/sandbox.js";

describe("options", () => {
  const declared = ["foo", { name: "number", type: "int" }];

  it.each([
    [["nonesuch=1"], 1, /unknown parameter nonesuch\n/],
    [["number=ten"], 1, /'ten' is not a number|number takes a whole number, not "ten"/],
    [["number=0x10"], 2, /option number takes a whole number, not "0x10".*\n.*decimal/],
    [["foo=1", "foo=2"], 2, /option foo is given twice/],
    [['foo=with"quote'], 2, /option foo cannot be set to "with\\"quote"/],
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
    [["plugin.py", "foo=1", "other.py"], /the option foo=1 is before the plugin other\.py/],
    [["plugin.py", "-o", "foo"], /the option foo has no value: .*key=value\n/],
    [["plugin.py", "=1"], /=1 is neither a plugin file nor an option/],
    [["plugin.py", "other.py", "foo=1"], /the option foo with 2 plugins: .*\n.*package\.json/],
    [["plugin.py", ""], /an argument is empty/],
    [["plugin.py", "--poll=soon"], /--poll takes a number of ms .* not "soon"/],
    [["plugin.py", "--network=mainnet"], /--network=mainnet .*\n.*bitcoin/],
    [["plugin.py", "--nonesuch"], /unknown option '--nonesuch'/],
    [
      ["plugin.py", "--foo_opt=BAR"],
      /unknown option --foo_opt\n {2}Options .* without dashes: foo_opt=BAR\n/,
    ],
    [["plugin.py", "--api-key=TOP"], /unknown option --api-key\n {2}Options .*: api-key=\*\*\*\n/],
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
    ["include nothing\n", /cannot include ".*nothing", as .*config:1 asks: .*\n {2}Fix/],
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
    ['{"cln-dev": {"path": "a.py",}}', /package\.json.* is not valid JSON: /],
    [
      '{"cln-dev": {"path": "a.py", "pth": 1}}',
      /unknown key cln-dev\.pth \(1\) in .*package\.json/,
    ],
    [
      '{"cln-dev": {"path": 7}}',
      /wrong cln-dev\.path \(7\) in .*package\.json: it must be a string/,
    ],
    [
      '{"cln-dev": [{"path": "a.py"}, {"path": "./a.py"}]}',
      /a\.py is listed twice under "cln-dev"/,
    ],
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
    const watch = new Program(box, ["watch", writePlugin(box.work), node.flag, "--json"]);
    const { message } = await watch.next("notice", { level: "warn" });
    expect(message).toMatch(/cannot open the control socket.*other users may enter it. Remove it/);
    await watch.next("reloaded");
    expect((await run(box, ["list", node.flag])).code).toBe(0);
  });
});

it("with --json a failure is one object on stderr", async () => {
  const box = sandbox();
  const { code, stdout, stderr } = await run(box, ["list", "--regtest", "--json"]);
  expect({ code, stdout }).toEqual({ code: 3, stdout: "" });
  expect(JSON.parse(stderr).error).toMatchObject({ kind: "node-missing", exitCode: 3 });
});

it("an unknown command, and none at all, end with exit code 2", async () => {
  const box = sandbox();
  const unknown = await run(box, ["wacth"]);
  expect(unknown).toMatchObject({ code: 2, stdout: "" });
  expect(unknown.stderr).toMatch(
    /^cln-dev: unknown command wacth\n {2}Did you mean cln-dev watch\?/,
  );
  const none = await run(box, []);
  expect(none.code).toBe(2);
  expect(none.stderr).toMatch(/^Examples:\n {2}\$ cln-dev init[\s\S]*\nUsage: cln-dev/);
});

it("--help and --version answer on stdout, with an example for every command", async () => {
  const box = sandbox();
  const { version } = JSON.parse(readFileSync("package.json", "utf8"));
  expect(await run(box, ["--version"])).toMatchObject({ code: 0, stdout: `${version}\n` });
  const help = await run(box, ["--help"]);
  expect(help).toMatchObject({ code: 0, stderr: "" });
  const commands = help.stdout.slice(help.stdout.indexOf("While you")).matchAll(/^ {2}([\w-]+)/gm);
  const names = [...commands].map(([, name]) => String(name)).filter((name) => name !== "help");
  expect(names).toEqual(
    expect.arrayContaining(["watch", "restart", "start", "stop", "list", "call"]),
  );
  for (const name of names) {
    const { code, stdout } = await run(box, [name, "--help"]);
    expect({ name, code }).toEqual({ name, code: 0 });
    expect(stdout).toMatch(new RegExp(`^Examples?:\n {2}\\$ .*cln-dev ${name}`));
    expect(stdout).not.toContain("(default: [])");
  }
});
