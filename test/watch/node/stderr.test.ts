/** What plugins print to stderr, on a node whose stderr is a file. */
import { join } from "node:path";
import { expect, it } from "vitest";
import { ask, startNodeProcess } from "../../support/nodes.js";
import { language, writePlugin, writeProgram } from "../../support/plugin.js";
import { Program } from "../../support/program.js";
import { sandbox } from "../../support/sandbox.js";

const print = (text: string) =>
  language.name === "python"
    ? `print(${JSON.stringify(text)}, file=sys.stderr, flush=True)`
    : `console.error(${JSON.stringify(text)});`;

const KINDS = ["the session's own node", "a node whose stderr is a file"];

it.each(KINDS)("is shown live on %s, but for that of a start that fails", async (kind) => {
  const box = sandbox();
  const node = kind === KINDS[0] ? undefined : await startNodeProcess(box);
  const plugin = writePlugin(box.work, { start: print("hello from the start") });
  const watch = new Program(box, ["watch", plugin, node?.flag ?? "--embedded", "--json"]);
  await watch.next("log", { level: "stderr", text: "hello from the start" });
  writePlugin(box.work, { start: `${print("going down")}\n${language.fails("out of luck")}` });
  await watch.next("failed");
  writePlugin(box.work, { onInit: print("hello from init") });
  await watch.next("log", { level: "stderr", text: "hello from init" });
  if (node) await ask(node, "version");
  expect(watch.stdout).not.toContain('"level":"stderr","text":"going down"');
  await watch.end();
});

/** Prints a line in each call, and crashes in it. */
const DIES = `#!${process.execPath}
process.stdin.on("data", (chunk) => {
  for (const text of String(chunk).split("\\n\\n").filter((part) => part.trim() !== "")) {
    const { id, method } = JSON.parse(text);
    const answer = (result) => process.stdout.write(JSON.stringify({ jsonrpc: "2.0", id, result }) + "\\n\\n");
    if (method === "init") answer({});
    else if (method === "getmanifest") {
      answer({ dynamic: true, options: [], rpcmethods: [{ name: "dies", usage: "", description: "" }] });
    } else {
      console.error("at work");
      null.crash();
    }
  }
});
`;

it.each(KINDS)(
  "of a call that the plugin dies of, on %s: the traceback is in the report alone",
  async (kind) => {
    const box = sandbox();
    const flag = kind === KINDS[0] ? "--embedded" : (await startNodeProcess(box)).flag;
    const plugin = writeProgram(join(box.work, "dies.js"), DIES);
    const watch = new Program(box, ["watch", plugin, flag, "--call", "dies", "--json"]);
    await watch.next("called", { ok: false });
    expect(JSON.stringify(await watch.next("explained"))).toContain("null.crash();");
    await watch.next("plugin-died", { log: [] });
    await watch.end();
    const printed = watch.events.filter(({ event }) => event === "log").map(({ text }) => text);
    expect(new Set(printed)).toEqual(new Set(["at work"]));
  },
);

it("of a plugin that dies of somebody else's call: the traceback is in the report alone", async () => {
  const box = sandbox();
  const node = await startNodeProcess(box);
  const plugin = writeProgram(join(box.work, "dies.js"), DIES);
  const watch = new Program(box, ["watch", plugin, node.flag, "--json"]);
  await watch.next("reloaded");
  await expect(ask(node, "dies")).rejects.toThrow();
  await watch.next("plugin-died");
  expect(JSON.stringify(await watch.next("explained"))).toContain("null.crash();");
  await watch.end();
  const printed = watch.events.filter(({ event }) => event === "log").map(({ text }) => text);
  expect(printed).toEqual(["at work"]);
});

it("shows the traceback of a plugin that survives it", async () => {
  const box = sandbox();
  const node = await startNodeProcess(box);
  const plugin = writeProgram(
    join(box.work, "dies.js"),
    DIES.replace("null.crash();", `console.error("panic: not now"); answer({});`),
  );
  const watch = new Program(box, ["watch", plugin, node.flag, "--json"]);
  await watch.next("reloaded");
  await ask(node, "dies");
  await watch.next("log", { level: "stderr", text: "at work" });
  await watch.next("log", { level: "stderr", text: "panic: not now" });
});

it.skipIf(language.name !== "python").each(KINDS)(
  "of a thread that fails, which the plugin survives, on %s: its error and its place",
  async (kind) => {
    const box = sandbox();
    const flag = kind === KINDS[0] ? "--embedded" : (await startNodeProcess(box)).flag;
    const start = `
import threading
def work(): {}["gone"]
def fails():
    thread = threading.Thread(target=work); thread.start(); thread.join()
    print("at work again", file=sys.stderr, flush=True)`;
    writePlugin(box.work, { start, onInit: "fails()" });
    const watch = new Program(box, ["watch", "plugin.py", flag]);
    await watch.prints(
      /KeyError: 'gone'\n +\S*plugin\.py:\d+ in work\n +def work\(\): \{\}\["gone"\]\n/,
    );
    await watch.prints(/at work again/);
    await watch.end();
    expect(watch.stdout).not.toContain("Traceback (most recent call last)");
  },
);
