/** `cln-dev watch` in a terminal: what it shows, its keys, and that the terminal is given back. */
import { writeFileSync } from "node:fs";
import type { Socket } from "node:net";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type FakeRequest, fakeNode } from "../../support/fake-node.js";
import { ask, startNode } from "../../support/nodes.js";
import { has, language, writePlugin } from "../../support/plugin.js";
import { BIN, run } from "../../support/program.js";
import { sandbox } from "../../support/sandbox.js";
import { Terminal } from "../../support/terminal.js";
import { until } from "../../support/until.js";

const { extension } = language;
const ESCAPE = "\u001b[";
const HIDE_CURSOR = `${ESCAPE}?25l`;
const SHOW_CURSOR = `${ESCAPE}?25h`;

describe.skipIf(!has("python3"))("in a terminal", () => {
  it("shows node, plugin, files and keys, and obeys the keys until q", async () => {
    const box = sandbox();
    const node = await startNode(box);
    const plugin = writePlugin(box.work);
    const terminal = new Terminal(box, ["watch", `plugin${extension}`, node.flag]);
    await terminal.shows(/^cln-dev \d.*\n {2}node +regtest +v\S+ +\w{8} +\/.*lightning-rpc\n/);
    await terminal.shows(/ {2}plugin +plugin\.\w+\n {2}files +\*\.\w+.* under this folder\n/);
    await terminal.shows(/ {2}r reload .* q quit .*\? help\n/);
    await terminal.shows(/✓ plugin\.\w+ started in \d+ ms/);
    const { pid } = await ask(node, "version");
    terminal.press("r");
    await terminal.shows(/✓ plugin\.\w+ reloaded in \d+ ms +stop \d+ ms +start \d+ ms\n/);
    expect((await ask(node, "version")).pid).not.toBe(pid);
    terminal.press("?");
    await terminal.shows(/r +reload now\n[\s\S]*q +quit/);
    terminal.press("l");
    await terminal.shows(/every log line/);
    writePlugin(box.work, { version: "2" });
    await terminal.shows(/✓ plugin\.\w+ reloaded in/);
    writePlugin(box.work, { start: language.fails("broken by hand") });
    await terminal.shows(/✗ plugin\.\w+ did not start/);
    expect(terminal.raw).toContain(ESCAPE);
    // Enter makes room.
    terminal.press("\r");
    writePlugin(box.work, { version: "3" });
    await terminal.shows(/\n\n[\s\S]*✓ plugin\.\w+ started in/);
    terminal.press("q");
    await terminal.shows(/stopped watching; plugin\.\w+ is still running\n$/);
    expect(await terminal.ended).toEqual({ code: 0, restored: true });
    expect((await ask(node, "version")).version).toBe("3");
    expect(plugin).toBeTruthy();
  });

  it.each([
    ["Ctrl-C", (terminal: Terminal) => terminal.press("\u0003")],
    ["Ctrl-D", (terminal: Terminal) => terminal.press("\u0004")],
    ["SIGTERM", (terminal: Terminal) => terminal.kill("SIGTERM")],
    ["SIGHUP", (terminal: Terminal) => terminal.kill("SIGHUP")],
  ] as const)("%s gives the terminal back", async (_, end) => {
    const box = sandbox();
    const node = await startNode(box);
    writePlugin(box.work);
    const terminal = new Terminal(box, ["watch", `plugin${extension}`, node.flag]);
    await terminal.shows(/started in/);
    end(terminal);
    expect(await terminal.ended).toEqual({ code: 0, restored: true });
  });

  it("Ctrl-C ends it at once where, after q, a node that hangs holds up the end", async () => {
    const box = sandbox();
    const plugin = writePlugin(box.work);
    const plugins: unknown[] = [];
    let isAsked = false;
    const node = await fakeNode(join(box.folder(), "regtest", "lightning-rpc"), {
      getinfo: { network: "regtest", version: "v26.06.6" },
      listconfigs: { configs: {} },
      plugin: (socket: Socket, { id, params }: FakeRequest) => {
        const text = JSON.stringify(params);
        if (text.includes('"start"')) plugins.push({ name: plugin, active: true, dynamic: true });
        isAsked ||= text.includes('"stop"');
        if (isAsked) return;
        socket.write(`${JSON.stringify({ jsonrpc: "2.0", id, result: { plugins } })}\n\n`);
      },
    });
    box.onEnd(() => node.close());
    const flags = [`--rpc-file=${node.rpcFile}`, "--stop-on-exit"];
    const terminal = new Terminal(box, ["watch", `plugin${extension}`, ...flags]);
    await terminal.shows(/started in/);
    terminal.press("q");
    await until("the stop", () => isAsked);
    // As somebody does who has lost his patience.
    expect(await terminal.pressToEnd("\u0003")).toEqual({ code: 130, restored: true });
  });

  it("keeps its keys where there is no shell that Ctrl-Z could give the terminal to", async () => {
    const box = sandbox();
    const node = await startNode(box);
    writePlugin(box.work);
    const terminal = new Terminal(box, ["watch", `plugin${extension}`, node.flag]);
    await terminal.shows(/started in/);
    terminal.press("\u001a");
    await until("the reload", () => {
      terminal.press("r");
      return /reloaded in/.test(terminal.text);
    });
    expect(await terminal.pressToEnd("q")).toEqual({ code: 0, restored: true });
  });

  it.each([
    ["a paste", "x = 1 + 1\nprint(q)\n"],
    ["Alt-q", "\u001bq"],
    ["an arrow", "\u001b[A"],
    ["a paste that comes piece by piece", ["x", "q", "="]],
  ])("%s is no key", async (_, typed) => {
    const box = sandbox();
    const node = await startNode(box);
    writePlugin(box.work);
    const terminal = new Terminal(box, ["watch", `plugin${extension}`, node.flag]);
    await terminal.shows(/started in/);
    for (const piece of [typed].flat()) terminal.press(piece);
    writePlugin(box.work, { version: "2" });
    await terminal.shows(/reloaded in/);
    expect(terminal.text).not.toContain("stopped watching");
    expect(await terminal.pressToEnd("q")).toEqual({ code: 0, restored: true });
  });

  it("shows only the keys that do something here", async () => {
    const box = sandbox();
    writePlugin(box.work);
    const args = [`plugin${extension}`, "--embedded", "--call", "version"];
    const terminal = new Terminal(box, args);
    await terminal.shows(/started in/);
    terminal.press("?");
    await terminal.shows(/ c +make the calls[\s\S]* e +raise an event/);
    expect(await terminal.pressToEnd("q")).toEqual({ code: 0, restored: true });
  });

  it("o changes an option, p holds reloads back, w shows what is watched", async () => {
    const box = sandbox();
    const node = await startNode(box);
    writePlugin(box.work, { options: ["foo"] });
    const terminal = new Terminal(box, [`plugin${extension}`, "foo=BAR", node.flag]);
    await terminal.shows(/started in/);
    terminal.press("o");
    await terminal.shows(/option \(key=value/);
    terminal.press("foo=BAAAR\r");
    await terminal.shows(/foo=BAAAR \(was BAR\)[\s\S]*reloaded in/);
    expect(await ask(node, "version")).toMatchObject({ options: { foo: "BAAAR" } });
    terminal.press("w");
    await terminal.shows(/plugin\.\w+: \*\.\w+.* under this folder\n {4}1 file in 1 folder\n/);
    terminal.press("p");
    await terminal.shows(/paused/);
    writePlugin(box.work, { options: ["foo"], version: "2" });
    await terminal.shows(/paused: plugin\.\w+ changed/);
    terminal.press("p");
    await terminal.shows(/resumed: 1 file has changed[\s\S]*reloaded in/);
    expect(await ask(node, "version")).toMatchObject({ version: "2", options: { foo: "BAAAR" } });
    expect(await terminal.pressToEnd("q")).toEqual({ code: 0, restored: true });
  });

  it("shows in the window's title how the plugin is, and rings at a change", async () => {
    const box = sandbox();
    const node = await startNode(box);
    writePlugin(box.work);
    const terminal = new Terminal(box, [`plugin${extension}`, node.flag, "--bell"]);
    await terminal.shows(/started in/);
    await until("the title", () => terminal.raw.includes(`\u001b]0;✓ plugin${extension}\u0007`));
    const bells = () => terminal.text.split("\u0007").length;
    expect(bells()).toBe(1);
    writePlugin(box.work, { start: language.fails("broken by hand") });
    await terminal.shows(/did not start/);
    await until("the title", () => terminal.raw.includes(`\u001b]0;✗ plugin${extension}\u0007`));
    expect(bells()).toBe(2);
    terminal.press("\f");
    await until("an empty screen", () => terminal.raw.includes("\u001b[2J"));
    terminal.press("q");
    expect(await terminal.ended).toEqual({ code: 0, restored: true });
  });

  it("SIGQUIT gives the terminal back", async () => {
    const box = sandbox();
    const node = await startNode(box);
    writePlugin(box.work);
    const shell = `ulimit -c 0; exec '${process.execPath}' '${BIN}' "$@"`;
    const args = ["-c", shell, "sh", `plugin${extension}`, node.flag];
    const terminal = new Terminal(box, args, { program: "sh" });
    await terminal.shows(/started in/);
    terminal.kill("SIGQUIT");
    expect(await terminal.ended).toEqual({ code: -3, restored: true });
    // What it could not clean up the next command does.
    await run(box, ["list", node.flag]);
  });

  it("Ctrl-Z gives the terminal to the shell, as it was, until fg", async () => {
    const box = sandbox();
    const node = await startNode(box);
    writePlugin(box.work);
    // A plain sh leaves the terminal as it finds it: what stty shows is our doing.
    const env = { PS1: "$ ", ENV: "", HISTFILE: "" };
    const shell = new Terminal(box, ["-i"], { program: "sh", env });
    await shell.shows(/\$ /);
    shell.press("stty -a | grep -c ' icanon'; stty -a | grep -c ' echo '\n");
    await shell.shows(/\n1\n1\n/);
    shell.press(`'${process.execPath}' '${BIN}' watch plugin${extension} '${node.flag}'\n`);
    await shell.shows(/started in/);
    shell.press("r");
    await shell.shows(/reloaded in/);
    shell.press("\u001a");
    await shell.shows(/Stopped[^\n]*\n[\s\S]*\$ /);
    shell.press("stty -a | grep -c ' icanon'; stty -a | grep -c ' echo '\n");
    await shell.shows(/\n1\n1\n/);
    writePlugin(box.work, { version: "2" });
    shell.press("fg\n");
    await shell.shows(/reloaded in/);
    expect((await ask(node, "version")).version).toBe("2");
    shell.press("r");
    await shell.shows(/reloaded in/);
    shell.press("q");
    await shell.shows(/stopped watching/);
    shell.press("exit 3\n");
    expect(await shell.ended).toEqual({ code: 3, restored: true });
  });

  it("keeps running without keys in the background, and has them again after fg", async () => {
    const box = sandbox();
    const node = await startNode(box);
    writePlugin(box.work);
    const env = { PS1: "$ ", ENV: "", HISTFILE: "" };
    const shell = new Terminal(box, ["-i"], { program: "sh", env });
    await shell.shows(/\$ /);
    shell.press(`'${process.execPath}' '${BIN}' plugin${extension} '${node.flag}' &\n`);
    await shell.shows(/started in/);
    writePlugin(box.work, { version: "2" });
    await shell.shows(/reloaded in/);
    shell.press("fg\n");
    await until("the keys", () => {
      shell.press("?");
      return /reload now/.test(shell.text);
    });
    shell.press("\u001a");
    await shell.shows(/Stopped[^\n]*\n[\s\S]*\$ /);
    shell.press("bg\n");
    writePlugin(box.work, { version: "3" });
    await shell.shows(/reloaded in/);
    shell.press("kill %1; exit 3\n");
    await until("the end of the watch", async () => (await ask(node, "version")).version === "3");
    expect(await shell.ended).toEqual({ code: 3, restored: true });
  });

  it.each([
    ["Ctrl-C", 0, (terminal: Terminal) => terminal.press("\u0003")],
    ["SIGTERM", 0, (terminal: Terminal) => terminal.kill("SIGTERM")],
    ["SIGHUP", 0, (terminal: Terminal) => terminal.kill("SIGHUP")],
    ["an error of its own", 1, (terminal: Terminal) => terminal.kill("SIGPWR")],
  ] as const)("%s during a start gives the cursor back, too", async (_, code, end) => {
    const box = sandbox();
    const node = await startNode(box);
    writePlugin(box.work, { start: language.hangs });
    const bug = join(box.folder(), "bug.cjs");
    writeFileSync(bug, `process.on("SIGPWR", () => { throw new Error("a bug"); });`);
    const watch = ["watch", `plugin${extension}`, node.flag];
    const env = { NODE_OPTIONS: `--require=${bug}` };
    const terminal = new Terminal(box, watch, { env });
    await terminal.shows(/starting plugin\.\w+ 0\.\d s/);
    end(terminal);
    expect(await terminal.ended).toEqual({ code, restored: true });
    expect(terminal.raw.lastIndexOf(SHOW_CURSOR)).toBeGreaterThan(
      terminal.raw.lastIndexOf(HIDE_CURSOR),
    );
    // What a crash leaves, the next command takes away: see the end of the sandbox.
    if (code !== 0) await run(box, ["restart", `other${extension}`, node.flag]);
  });

  it("shows what takes its time, with the seconds, and gives the cursor back", async () => {
    const box = sandbox();
    const node = await startNode(box);
    writePlugin(box.work, { start: language.hangs });
    const terminal = new Terminal(box, ["watch", `plugin${extension}`, node.flag]);
    await terminal.shows(/starting plugin\.\w+ 0\.\d s/);
    await terminal.shows(/starting plugin\.\w+ [1-9]\.\d s/);
    terminal.press("?");
    await terminal.shows(/r +reload now\n/);
    // The line of what is in progress was cleared before.
    const before = terminal.raw.slice(0, terminal.raw.indexOf("reload now"));
    expect(before.slice(before.lastIndexOf(ESCAPE))).toMatch(/^.\[0K\r\n {2}r +$/);
    terminal.press("q");
    expect(await terminal.ended).toEqual({ code: 0, restored: true });
    // What was in progress is not left standing there.
    expect(terminal.text).toMatch(/stopped watching\n$/);
    expect(terminal.raw.lastIndexOf(SHOW_CURSOR)).toBeGreaterThan(
      terminal.raw.lastIndexOf(HIDE_CURSOR),
    );
  });

  it("names two of several plugins that are being started, and counts the others", async () => {
    const box = sandbox();
    const node = await startNode(box);
    const names = ["a", "b", "c", "d"];
    for (const name of names) writePlugin(box.work, { start: language.hangs }, name);
    const files = names.map((name) => `${name}${extension}`);
    const terminal = new Terminal(box, ["watch", ...files, node.flag]);
    await terminal.shows(/starting \w\.\w+, starting \w\.\w+ and 2 more 0\.\d s/);
    expect(await terminal.pressToEnd("q")).toEqual({ code: 0, restored: true });
  });

  it("breaks an error at its width, and indents what follows under the text", async () => {
    const terminal = new Terminal(sandbox(), ["list", "--network=nowhere"], { columns: 60 });
    expect((await terminal.ended).code).toBe(2);
    const [first = "", second, ...fix] = terminal.text.trimEnd().split("\n");
    expect(first).toMatch(/^cln-dev: .{40,51}$/);
    expect(second).toMatch(/^ {9}\S/);
    expect(fix.at(-1)).toMatch(/^ {2}\S/);
  });

  it.each([
    ["that has none", 0],
    ["of one column", 1],
    ["of five columns", 5],
  ])("works on a terminal %s, and ends", async (_, columns) => {
    const box = sandbox();
    const node = await startNode(box);
    // Long enough for a spinner.
    const file = join(box.folder(), "go");
    writePlugin(box.work, { start: language.waitsFor(file) });
    const watch = ["watch", `plugin${extension}`, node.flag];
    const terminal = new Terminal(box, watch, { columns });
    await terminal.shows(/files/);
    const shown = Date.now();
    await until("the time of a spinner", () => Date.now() - shown > 400);
    writeFileSync(file, "");
    await terminal.shows(/started in/);
    expect(await terminal.pressToEnd("q")).toEqual({ code: 0, restored: true });
    expect(terminal.raw.length).toBeLessThan(5000);
  });

  it("loses its width during a start, and ends", async () => {
    const box = sandbox();
    const node = await startNode(box);
    const file = join(box.folder(), "go");
    writePlugin(box.work, { start: language.waitsFor(file) });
    const terminal = new Terminal(box, ["watch", `plugin${extension}`, node.flag]);
    await terminal.shows(/starting plugin\.\w+ 0\.\d s/);
    terminal.resize(0);
    const resized = Date.now();
    await until("the next frame", () => Date.now() - resized > 300);
    writeFileSync(file, "");
    await terminal.shows(/started in/);
    expect(await terminal.pressToEnd("q")).toEqual({ code: 0, restored: true });
  });

  it.each([
    ["NO_COLOR", { env: { NO_COLOR: "1" }, args: [], spins: false }],
    ["--no-color", { env: {}, args: ["--no-color"], spins: true }],
  ])("%s: keys, but no colours", async (_, { env, args, spins }) => {
    const box = sandbox();
    const node = await startNode(box);
    const file = join(box.folder(), "go");
    writePlugin(box.work, { start: language.waitsFor(file) });
    const watch = ["watch", `plugin${extension}`, node.flag, ...args];
    const terminal = new Terminal(box, watch, { env });
    if (spins) await terminal.shows(/starting plugin\.\w+ 0\.\d s/);
    writeFileSync(file, "");
    await terminal.shows(/started in/);
    expect(await terminal.pressToEnd("q")).toEqual({ code: 0, restored: true });
    // biome-ignore lint/suspicious/noControlCharactersInRegex: this is what must not be there
    expect(terminal.raw).not.toMatch(/\u001b\[[0-9;]*m/);
  });

  it.each([
    ["CI", { env: { CI: "true" }, args: [] }],
    ["TERM=dumb", { env: { TERM: "dumb" }, args: [] }],
    ["--json", { env: {}, args: ["--json"] }],
  ])("%s: no escape sequence at all, and no keys", async (_, { env, args }) => {
    const box = sandbox();
    const node = await startNode(box);
    writePlugin(box.work);
    const watch = ["watch", `plugin${extension}`, node.flag, ...args];
    const terminal = new Terminal(box, watch, { env });
    await terminal.shows(/started in|"reloaded"/);
    terminal.press("q");
    writePlugin(box.work, { start: language.fails("broken by hand") });
    await terminal.shows(/did not start|"failed"/);
    terminal.kill("SIGINT");
    expect(await terminal.ended).toEqual({ code: 0, restored: true });
    expect(terminal.raw).not.toContain("\u001b");
  });
});
