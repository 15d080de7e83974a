import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { Program, run } from "../../support/program.js";
import { type Sandbox, sandbox } from "../../support/sandbox.js";

/** A plugin for Node whose init asks the node something, as real ones do. */
function write(box: Sandbox, manifest: unknown, more = ""): string {
  const path = join(box.work, "p.js");
  writeFileSync(
    path,
    `#!${process.execPath}
const { connect } = require("net");
${more}
let text = "";
process.stdin.on("data", (chunk) => {
  text += chunk;
  for (let end; (end = text.indexOf("\\n\\n")) !== -1; text = text.slice(end + 2)) {
    const { id, method, params } = JSON.parse(text.slice(0, end));
    const say = (result) => process.stdout.write(JSON.stringify({ jsonrpc: "2.0", id, result }));
    if (method === "getmanifest") say(${JSON.stringify(manifest)});
    else if (method === "init") {
      const socket = connect(params.configuration["rpc-file"]);
      socket.write(JSON.stringify({ jsonrpc: "2.0", id: "1", method: "getinfo", params: {} }));
      socket.on("data", () => say({}));
    }
  }
});
`,
  );
  chmodSync(path, 0o755);
  return path;
}

const option = { name: "word", type: "string", default: "x", description: "d" };
const GOOD = { options: [option], rpcmethods: [{ name: "hello", usage: "" }], dynamic: true };

test("a good plugin: one line, exit code 0, no lightningd needed", async () => {
  const box = sandbox();
  write(box, GOOD);
  const { code, stdout, stderr } = await run(box, ["check", "p.js", "word=hi"]);
  expect(stdout).toMatch(
    /^✓ p\.js {3}lightningd v26\.06\.6 {3}manifest \d+ ms {3}init \d+ ms {3}1 method {3}1 option\n$/,
  );
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
});

test("every finding in a manifest at once, exit code 1", async () => {
  const box = sandbox();
  write(box, {
    options: [
      { ...option, name: "Word" },
      { ...option, name: "log-level" },
    ],
    rpcmethods: [{ name: "getinfo", usage: "" }, { name: "x" }],
  });
  const { code, stdout } = await run(box, ["check", "p.js"]);
  expect(code).toBe(1);
  for (const words of [
    /error {3}options\[0\]: Option "name" must be lowercase/,
    /error {3}rpcmethods\[1\]: "usage" not provided by plugin/,
    /lightningd requires one/,
    /error {3}rpcmethods: lightningd itself has a method getinfo/,
    /a node that starts this plugin crashes/,
    /warning dynamic: /,
    /3 errors, 1 warning/,
  ]) {
    expect(stdout).toMatch(words);
  }
});

test("what is the same of several methods is printed once, and counted", async () => {
  const box = sandbox();
  const methods = ["a", "b", "c"].map((name) => ({ name, usage: "", author: "me" }));
  write(box, { ...GOOD, rpcmethods: methods });
  const { code, stdout } = await run(box, ["check", "p.js", "word=hi"]);
  expect(stdout).toMatch(
    /hint {4}rpcmethods\[0\]\.author and 2 more: lightningd does not know this member\n {2}3 hints\n$/,
  );
  const json = await run(box, ["check", "p.js", "word=hi", "--json"]);
  expect([code, JSON.parse(json.stdout).findings.length]).toEqual([0, 3]);
});

test("a node's flags are refused, as no node is touched; the plugin gets the network", async () => {
  const box = sandbox();
  write(box, GOOD);
  for (const flag of ["--lightning-dir=/tmp/l1", "--rpc-file=/tmp/x", "--conf=/tmp/c"]) {
    const { code, stdout, stderr } = await run(box, ["check", "p.js", "word=hi", flag]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain(`${flag.replace(/=.*/, "")} cannot be used with cln-dev check`);
  }
  const text = readFileSync(join(box.work, "p.js"), "utf8");
  const told = "const socket = console.error(params.configuration.network) || connect";
  writeFileSync(join(box.work, "p.js"), text.replace("const socket = connect", told));
  for (const [flag, network] of [
    ["--signet", "signet"],
    ["--json", "regtest"],
  ]) {
    const args = ["check", "p.js", "word=hi", "--json", flag ?? ""];
    const { stdout } = await run(box, args);
    expect(JSON.parse(stdout).stderr).toBe(`${network}\n`);
  }
});

test("values of secret options are hidden wherever the plugin quotes them", async () => {
  const box = sandbox();
  const options = [{ ...option, name: "api-key" }];
  // As JSON it has other letters, and it is the name of a member of the report.
  for (const secret of ["ge\\\\heim", "findings"]) {
    // Its source does not show it.
    const hidden = Buffer.from(secret).toString("base64");
    const text = `Buffer.from("${hidden}", "base64").toString()`;
    write(box, { ...GOOD, options }, `console.error(${text}); console.log(${text});`);
    for (const form of [["--json"], []]) {
      const args = ["check", "p.js", `api-key=${secret}`, ...form];
      const { stdout, stderr } = await run(box, args);
      expect(stdout + stderr).not.toContain("heim");
      if (form.length === 0) continue;
      const told = JSON.parse(stdout);
      expect(told.findings).toBeInstanceOf(Array);
      expect(told.stray.join()).toContain("***");
      expect(told.stderr).toContain("***");
    }
  }
});

test.each<[string, object, string, RegExp]>([
  [
    "a developer's method, which counts without --developer too",
    { rpcmethods: [{ name: "dev-fail", usage: "" }] },
    "",
    /error {3}rpcmethods: lightningd itself has a method dev-fail\n.*crashes/,
  ],
  [
    "a method of one of lightningd's own plugins",
    { rpcmethods: [{ name: "listpays", usage: "" }] },
    "",
    /error {3}rpcmethods: one of lightningd's own plugins has a method listpays/,
  ],
  [
    "a backend's method, for which bcli is switched off",
    { rpcmethods: [{ name: "estimatefees", usage: "" }] },
    "",
    /warning rpcmethods: .* estimatefees\n.*\n.*disable-plugin=bcli/,
  ],
  [
    "an option without a name",
    { options: [{ ...option, name: "" }] },
    "",
    /error {3}options: an option has an empty name\n.*crashes/,
  ],
  [
    "a giant log message",
    {},
    'write({ method: "log", params: { message: "x".repeat(300000) } })',
    /error {3}log: it logged a message of 300000 bytes\n.*v26\.04 to v26\.06\.6 crash/,
  ],
  [
    "dynamic: false in its own file",
    { dynamic: false },
    "// dynamic: false",
    /warning dynamic: [^\n]*\n +Change false to true at \S+p\.js:3/,
  ],
])("check finds %s", async (_, manifest, more, said) => {
  const box = sandbox();
  const before =
    "const write = (m) => process.stdout.write(JSON.stringify({ jsonrpc: '2.0', ...m }));";
  write(box, { ...GOOD, ...manifest }, more.startsWith("write") ? `${before}${more}` : more);
  expect((await run(box, ["check", "p.js", "--json"])).stdout).toContain('"release":"v26.06.6"');
  expect((await run(box, ["check", "p.js"])).stdout).toMatch(said);
});

test("what the embedded node lacks is not the plugin's mistake", async () => {
  const box = sandbox();
  write(
    box,
    GOOD,
    `console.error("The embedded node does not support 'getroute': it has no"); process.exit(1)`,
  );
  const { code, stdout } = await run(box, ["check", "p.js"]);
  expect(code).toBe(0);
  expect(stdout).toMatch(
    /warning handshake: .*\n.*embedded node has no method getroute, which a real/,
  );
});

describe("what is wrong beside the manifest", () => {
  test.each<[string, string, string[], RegExp[]]>([
    ["an option that is none", "", ["wrod=x"], [/unknown parameter wrod/, /Did you mean word\?/]],
    [
      "a print",
      'console.log("hello")',
      [],
      [/error {3}stdout: Failed to parse/, /to stdout \(\S*p\.js:3\)/, /console\.log\("hello"\)/],
    ],
    ["an exception", "boom()", [], [/ReferenceError: boom is not defined/, /p\.js:3/]],
    [
      "a print that comes late",
      'setTimeout(() => console.log("later"), 150)',
      [],
      [/error {3}stdout/, /it printed .* to stdout/, /later/],
    ],
    [
      "no loop",
      'process.stdout.write = ((write) => (t) => write.call(process.stdout, t, () => /"result":\\{\\}/.test(t) && process.exit()))(process.stdout.write)',
      [],
      [/exited during normal operation/, /right after init/],
    ],
  ])("%s", async (_, more, args, said) => {
    const box = sandbox();
    write(box, GOOD, more);
    const { code, stdout } = await run(box, ["check", "p.js", ...args]);
    expect(code).toBe(1);
    for (const words of said) expect(stdout).toMatch(words);
  });

  test("the executable bit", async () => {
    const box = sandbox();
    chmodSync(write(box, GOOD), 0o644);
    const { code, stdout } = await run(box, ["check", "p.js"]);
    expect(code).toBe(1);
    expect(stdout).toMatch(/error {3}file: .*not executable[\s\S]*chmod \+x/);
  });
});

test("wrong use is exit code 2", async () => {
  const box = sandbox();
  expect(await run(box, ["check", "nothing.py"])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("no such plugin"),
  });
  expect(await run(box, ["check"])).toMatchObject({ code: 2 });
});

test("--json: one object for a plugin", async () => {
  const box = sandbox();
  const path = write(box, { ...GOOD, dynamic: false });
  const { code, stdout } = await run(box, ["check", "--json", "p.js"]);
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({
    plugin: path,
    ok: true,
    end: { kind: "passed" },
    manifestMs: expect.any(Number),
    initMs: expect.any(Number),
    findings: [{ severity: "warning", field: "dynamic" }],
    manifest: { rpcmethods: [{ name: "hello" }] },
    stray: [],
  });
});

test("--watch: again at each change, with what changed", async () => {
  const box = sandbox();
  write(box, GOOD);
  const program = new Program(box, ["check", "p.js", "--watch"]);
  await program.prints(/✓ p\.js/);
  write(box, { ...GOOD, rpcmethods: [{ name: "bye", usage: "" }] });
  await program.prints(/changed: \+method bye {2}-method hello/);
  write(box, { ...GOOD, rpcmethods: 5 });
  await program.prints(/✗ p\.js/);
  process.kill(program.pid, "SIGINT");
  expect(await program.ended).toMatchObject({ code: 0, stderr: "" });
});
