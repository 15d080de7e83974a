/** What a version may do to the host, and the host to a version: on a real lightningd if there is one. */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { startPlugin, stopPlugin } from "../../src/node/plugins/plugin-command.js";
import type { StartOption } from "../../src/node/plugins/start-options.js";
import { callNode } from "../../src/node/rpc/client.js";
import { ask, NODE_KINDS, startInstalled, startNode, type TestNode } from "../support/nodes.js";
import { writeProgram } from "../support/plugin.js";
import { isAlive } from "../support/processes.js";
import { sharedSandbox } from "../support/sandbox.js";
import { until } from "../support/until.js";
import { type PythonParts, pythonPlugin, startHot } from "./support.js";

const kind = NODE_KINDS.at(-1) ?? "embedded";
const methods = (...names: string[]) => names.map((name) => ({ name, usage: "[x]" }));

describe(`the hot host on ${kind}`, () => {
  const box = sharedSandbox();
  let node: TestNode;
  let count = 0;

  beforeAll(async () => {
    node = kind === "embedded" ? await startNode(box()) : await startInstalled(box());
  });

  /** A plugin with a method of the same name, in hot mode. */
  async function hot(parts: PythonParts, settings = {}, options: readonly StartOption[] = []) {
    const folder = box().folder();
    const name = `m${++count}`;
    const write = (next: PythonParts) =>
      pythonPlugin(folder, `${name}.py`, {
        ...next,
        manifest: { rpcmethods: methods(name), ...next.manifest },
      });
    const path = write(parts);
    const started = await startHot(box(), node, path, settings, options);
    const call = async () => (await ask(node, name)).version;
    return { ...started, path, name, write, call, folder };
  }

  it("gives a hook that the old version holds to the new one as well", async () => {
    const serve = (hook: string) => `
if method == "rpc_command":
    if params["rpc_command"]["method"] == "listpeers": ${hook}
    else: answer(request, {"result": "continue"})
else: answer(request, {"version": VERSION})`;
    const manifest = { hooks: [{ name: "rpc_command" }] };
    const held = join(box().root, "held");
    const one = await hot({ manifest, serve: serve(`open(${JSON.stringify(held)}, "w")`) });
    const listing = callNode(node.rpcFile, "listpeers");
    await until("the hook", () => existsSync(held));
    const answered = `answer(request, {"result": "continue"})`;
    one.write({ manifest, version: "2", serve: serve(answered) });
    expect(await one.host.reload()).toMatchObject({ result: "switched" });
    expect(await listing).toMatchObject({ peers: [] });
    await one.stop();
  });

  it("a version that hangs is ended by the next reload; one that refuses changes nothing", async () => {
    const one = await hot({});
    const pid = join(box().root, "pid");
    one.write({
      start: `open(${JSON.stringify(pid)}, "w").write(str(os.getpid())); time.sleep(60)`,
    });
    const first = one.host.reload();
    await until("the hang", () => existsSync(pid) && readFileSync(pid, "utf8") !== "");
    one.write({
      version: "2",
      init: `send({"jsonrpc": "2.0", "id": request["id"], "error": {"code": -1, "message": "no"}})`,
    });
    expect(await one.host.reload()).toMatchObject({
      result: "failed",
      phase: "init",
      end: { kind: "init-error" },
      running: true,
    });
    expect(await first).toMatchObject({ result: "superseded" });
    await until("its end", () => !isAlive(Number(readFileSync(pid, "utf8"))));
    one.write({ version: "3", init: `answer(request, {"disable": "not today"})` });
    expect(await one.host.reload()).toMatchObject({
      end: { kind: "disabled", reason: "not today" },
    });
    expect(await one.call()).toBe("1");
    one.write({ version: "4", start: "raise RuntimeError('at import')" });
    const died = await one.host.reload();
    expect(died).toMatchObject({ words: "exited before replying to getmanifest", running: true });
    expect(JSON.stringify(died)).toContain("RuntimeError: at import");
    expect(await one.call()).toBe("1");
    one.write({ version: "5" });
    expect(await one.host.reload()).toMatchObject({ result: "switched" });
    expect(await one.call()).toBe("5");
    await one.stop();
  });

  it("text on stdout, bad notifications and answers to nobody neither pass nor end the plugin", async () => {
    const serve = `
write("a print\\n")
send({"jsonrpc": "2.0", "method": "log", "params": {"level": "nonsense", "message": "x"}})
send({"jsonrpc": "2.0", "id": request["id"].replace("#", "\\\\/"), "result": {}})
answer(request, {"version": VERSION})`;
    const one = await hot({ serve });
    expect(await one.call()).toBe("1");
    expect(await one.call()).toBe("1");
    await until("the events", () => one.events.length >= 6);
    const texts = one.events.flatMap((event) => (event.event === "stray" ? [event.text] : []));
    expect(texts).toContain("a print");
    expect(texts.some((text) => text.includes("nonsense"))).toBe(true);
    expect(one.events.some(({ event }) => event === "unknown-id")).toBe(true);
    await one.stop();
  });

  it("messages pass unchanged: 10 MB over a reload, blanks, unicode, long numbers", async () => {
    const text = `{"big": "${"x".repeat(10_000_000)}", "n": 12345678901234567890,\\n "u": "ä\\u00e9"}`;
    const go = join(box().root, "go");
    const serve = `
def big(id):
    open(${JSON.stringify(`${go}-begun`)}, "w")
    while not os.path.exists(${JSON.stringify(go)}): time.sleep(0.005)
    write('{ "result" : {"big": "' + "x" * 10000000 + '", "n": 12345678901234567890, "u": "\\\\u00e9"} ,\\n "id":' + json.dumps(id) + ', "jsonrpc": "2.0"}\\n\\n')
if params: threading.Thread(target=big, args=(request["id"],)).start()
else: answer(request, {"version": VERSION})`;
    expect(text.length).toBeGreaterThan(10_000_000);
    const one = await hot({ serve });
    const { callNodeText } = await import("../../src/node/rpc/client.js");
    const result = callNodeText(node.rpcFile, one.name, ["x"]);
    await until("the call", () => existsSync(`${go}-begun`));
    one.write({ version: "2", serve });
    expect(await one.host.reload()).toMatchObject({ result: "switched" });
    writeProgram(go, "");
    const answer = await result;
    expect(answer.length).toBeGreaterThan(10_000_040);
    expect(answer).toContain("12345678901234567890");
    expect(answer).toContain("\\u00e9");
    expect(await one.call()).toBe("2");
    await one.stop();
  });

  it("progress and messages of an old version's call arrive after the switch", async () => {
    const go = join(box().root, "progress");
    const serve = `
def late(id):
    open(${JSON.stringify(`${go}-begun`)}, "w")
    while not os.path.exists(${JSON.stringify(go)}): time.sleep(0.005)
    send({"jsonrpc": "2.0", "method": "progress", "params": {"id": id, "num": 1, "total": 2}})
    send({"jsonrpc": "2.0", "method": "message", "params": {"id": id, "level": "info", "message": "by " + VERSION}})
    answer(request, {"version": VERSION})
if params: threading.Thread(target=late, args=(request["id"],)).start()
else: answer(request, {"version": VERSION})`;
    const one = await hot({ serve });
    const notes: unknown[] = [];
    const onNotification = (method: string, { message }: { readonly message?: unknown }) =>
      notes.push(`${method} ${message}`);
    const called = callNode(node.rpcFile, one.name, ["x"], { onNotification });
    await until("the call", () => existsSync(`${go}-begun`));
    one.write({ version: "2", serve });
    expect(await one.host.reload()).toMatchObject({ result: "switched" });
    expect(await one.call()).toBe("2");
    writeProgram(go, "");
    expect(await called).toEqual({ version: "1" });
    expect(notes).toEqual(["progress undefined", "message by 1"]);
    await one.stop();
  });

  it("a call that the new version makes to itself in its init is answered", async () => {
    const one = await hot({});
    one.write({
      version: "2",
      init: `
import socket
peer = socket.socket(socket.AF_UNIX)
peer.connect(os.path.join(init["configuration"]["lightning-dir"], init["configuration"]["rpc-file"]))
peer.sendall(json.dumps({"jsonrpc": "2.0", "id": "own", "method": "${one.name}", "params": []}).encode())
own = ""
while "\\n\\n" not in own: own += peer.recv(65536).decode()
answer(request, {})`,
      serve: `answer(request, {"version": {"own": json.loads(own)["result"]["version"], "is": VERSION}})`,
    });
    expect(await one.host.reload()).toMatchObject({ result: "switched" });
    expect(await one.call()).toEqual({ own: "1", is: "2" });
    await one.stop();
  });

  it("options arrive in the types that the node gives, at each reload", async () => {
    const types = ["string", "int", "bool"];
    const options = [
      ...types.map((type) => ({ name: `t-${type}`, type, description: "x" })),
      ...types
        .slice(0, 2)
        .map((type) => ({ name: `d-${type}`, type, default: "7", description: "x" })),
      { name: "m-multi", type: "string", multi: true, description: "x" },
      { name: "f-set", type: "flag", description: "x" },
      { name: "f-unset", type: "flag", description: "x" },
      { name: "x-secret", type: "string", description: "x", concealed: true },
    ];
    const given = [
      { name: "t-string", raw: '"12"' },
      { name: "t-int", raw: "12" },
      { name: "t-bool", raw: "true" },
      { name: "m-multi", raw: '"a"' },
      { name: "m-multi", raw: '"b c"' },
      { name: "f-set", raw: "true" },
      { name: "x-secret", raw: '"hidden"' },
    ];
    const parts = {
      manifest: { options },
      serve: `answer(request, {"version": init["options"]})`,
    };
    const one = await hot(parts, {}, given);
    const inHotMode = await one.call();
    one.write({ ...parts, version: "2" });
    expect(await one.host.reload()).toMatchObject({ result: "switched" });
    const reloaded = await one.call();
    await one.stop();
    await startPlugin(node.rpcFile, one.path, given);
    const plain = await one.call();
    await stopPlugin(node.rpcFile, one.path);
    expect(plain).toMatchObject({ "t-int": 12, "t-bool": true, "m-multi": ["a", "b c"] });
    expect(inHotMode).toEqual(plain);
    expect(reloaded).toEqual(plain);
  });

  it("log lines bear the plugin's own name", async () => {
    const serve = `
send({"jsonrpc": "2.0", "method": "log", "params": {"level": "info", "message": "logged by " + VERSION}})
answer(request, {"version": VERSION})`;
    const one = await hot({ serve });
    await one.call();
    one.write({ version: "2", serve });
    expect(await one.host.reload()).toMatchObject({ result: "switched" });
    await one.call();
    const sources = async () => {
      const log: unknown[] = Object(await callNode(node.rpcFile, "getlog", ["info"])).log;
      return log.flatMap((line) =>
        String(Object(line).log).startsWith("logged by ") ? [Object(line).source] : [],
      );
    };
    const found = await until("both lines", async () => {
      const found = await sources();
      return found.length === 2 && found;
    });
    expect(found).toEqual([`plugin-${one.name}.py`, `plugin-${one.name}.py`]);
    await one.stop();
  });

  it("keeps what setconfig has changed, in the type of the option", async () => {
    const options = [
      { name: "m-int", type: "int", default: 7, description: "x", dynamic: true },
      { name: "m-text", type: "string", default: "a", description: "x", dynamic: true },
    ];
    const serve = `
if method == "setconfig": answer(request, {})
else: answer(request, {"version": init["options"]})`;
    const one = await hot({ manifest: { options }, serve });
    const transient = { transient: true };
    await callNode(node.rpcFile, "setconfig", { config: "m-int", val: 42, ...transient });
    await callNode(node.rpcFile, "setconfig", { config: "m-text", val: "b", ...transient });
    one.write({ manifest: { options }, serve });
    expect(await one.host.reload()).toMatchObject({ result: "switched" });
    expect(await one.call()).toEqual({ "m-int": 42, "m-text": "b" });
    await one.stop();
  });

  it("old-first by the setting; when the new version fails, calls get the reason", async () => {
    const one = await hot({}, { handover: "old-first" });
    one.write({ version: "2" });
    expect(await one.host.reload()).toMatchObject({ result: "switched", handover: "old-first" });
    one.write({ version: "3", start: "raise RuntimeError('bad')" });
    expect(await one.host.reload()).toMatchObject({ result: "failed", running: false });
    await expect(one.call()).rejects.toMatchObject({
      code: -4,
      message: expect.stringContaining("exited before replying to getmanifest"),
    });
    one.write({ version: "4" });
    expect(await one.host.reload()).toMatchObject({ result: "switched" });
    expect(await one.call()).toBe("4");
    await one.stop();
  });

  it("reloads a plugin that is not dynamic", async () => {
    const manifest = { dynamic: false };
    const one = await hot({ manifest });
    one.write({ manifest, version: "2" });
    expect(await one.host.reload()).toMatchObject({ result: "switched" });
    expect(await one.call()).toBe("2");
    await one.stop();
  });

  it("a subscriber of everything that ignores shutdown does not slow a reload down", async () => {
    const manifest = { subscriptions: ["*"] };
    const serve = `
if "id" in request: answer(request, {"version": VERSION})`;
    const one = await hot({ manifest, serve, end: "time.sleep(60)" });
    one.write({ manifest, serve, version: "2", end: "time.sleep(60)" });
    const at = performance.now();
    expect(await one.host.reload()).toMatchObject({ result: "switched" });
    expect(performance.now() - at).toBeLessThan(2_000);
    expect(await one.call()).toBe("2");
    // For one that does not end the node itself waits at a stop, 30 s.
    one.write({ version: "3", manifest, serve: `${serve}\nif method == "shutdown": os._exit(0)` });
    await one.host.reload();
    await one.stop();
  });

  it("a plugin that ends at shutdown, as the node asks it to, has not died", async () => {
    const manifest = { subscriptions: ["shutdown"] };
    const gone = join(box().root, "shutdown");
    const serve = `
if method == "shutdown": open(${JSON.stringify(gone)}, "w"); os._exit(0)
answer(request, {"version": VERSION})`;
    const one = await hot({ manifest, serve });
    await stopPlugin(node.rpcFile, one.front);
    await one.host.ended(5_000);
    expect(existsSync(gone)).toBe(true);
    expect(one.events.map(({ event }) => event)).not.toContain("died");
    await one.stop();
  });

  it("a version is started as the node starts a plugin: environment, folder, ids, pipes, SIGPIPE", async () => {
    const serve = `
status = open("/proc/self/status").read()
line = lambda name: [l for l in status.split("\\n") if l.startswith(name)][0]
stat = open("/proc/self/stat").read().rsplit(")", 1)[1].split()
os.close(os.open("/dev/stdin", os.O_RDONLY | os.O_NONBLOCK)); os.close(os.open("/dev/stdout", os.O_WRONLY))
answer(request, {"version": {"env": dict(os.environ), "cwd": os.getcwd(), "argv": sys.argv,
    "ignored": line("SigIgn"), "umask": line("Umask"), "pgrp": stat[2], "session": stat[3]}})`;
    const one = await hot({ serve });
    const inHotMode = await one.call();
    one.write({ serve });
    await one.host.reload();
    const reloaded = await one.call();
    await one.stop();
    await startPlugin(node.rpcFile, one.path, []);
    const plain = await one.call();
    await stopPlugin(node.rpcFile, one.path);
    expect(inHotMode).toEqual(plain);
    expect(reloaded).toEqual(plain);
  });

  it("NODE_OPTIONS of the node reach the plugin, not the host", async () => {
    const env = { NODE_OPTIONS: "--title=meant-for-plugins" };
    const other =
      kind === "embedded"
        ? await startNode(box(), { env: { ...box().env, ...env } })
        : await startInstalled(box(), { env });
    const serve = `answer(request, {"version": os.environ.get("NODE_OPTIONS")})`;
    const plugin = (version: string) =>
      pythonPlugin(box().folder("env"), "env.py", {
        version,
        manifest: { rpcmethods: methods("env") },
        serve,
      });
    const one = await startHot(box(), other, plugin("1"));
    const asked = async () => (await ask(other, "env")).version;
    expect(await asked()).toBe(env.NODE_OPTIONS);
    plugin("2");
    expect(await one.host.reload()).toMatchObject({ result: "switched" });
    expect(await asked()).toBe(env.NODE_OPTIONS);
    const host = readFileSync(`/proc/${one.pid}/environ`, "utf8").split("\0");
    expect(host).toContain(`CLN_DEV_PLUGIN_NODE_OPTIONS=${env.NODE_OPTIONS}`);
    expect(host.some((line) => line.startsWith("NODE_OPTIONS="))).toBe(false);
    await one.stop();
  });

  it("the host's program loads nothing of the command line", () => {
    const host = join(import.meta.dirname, "../../dist/hot-host.js");
    const loaded = new Set([host]);
    for (const file of loaded) {
      const text = readFileSync(file, "utf8");
      for (const [, name] of text.matchAll(/require\("(\.\/[^"]+)"\)/g)) {
        loaded.add(join(dirname(file), name ?? ""));
      }
      for (const word of ["commander", "chokidar", "isColorSupported"]) {
        expect(text.includes(word), `${word} in ${file}`).toBe(false);
      }
    }
    expect(() => execFileSync(process.execPath, [host, "/nowhere"], { stdio: "pipe" })).toThrow(
      /no hot-mode plugin/,
    );
  });
});
