/** A build step before each reload (`--build`). */
import { existsSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { runShellCommand } from "../../../../src/watch/shell-command.js";
import { findPython } from "../../../conformance/harness/python.js";
import { liveVersion, startNode } from "../../../support/nodes.js";
import { has, language, writePlugin, writeProgram } from "../../../support/plugin.js";
import { isAlive, pidIn } from "../../../support/processes.js";
import { Program } from "../../../support/program.js";
import { sandbox } from "../../../support/sandbox.js";
import { until } from "../../../support/until.js";

describe("a build step", () => {
  const script = (box: { root: string }) => join(box.root, "build.sh");

  it("runs before each reload; when it fails the old version goes on and its output is shown", async () => {
    const box = sandbox();
    const node = await startNode(box);
    const source = join(box.work, "source.txt");
    const plugin = join(box.work, "plugin");
    const good = (version: string) => language.plugin({ version });
    writeFileSync(source, good("1"));
    writeProgram(
      script(box),
      `#!/bin/sh\ngrep -q VERSION "${source}" || { echo "no VERSION in it" >&2; exit 3; }\ncp "${source}" "${plugin}" && chmod +x "${plugin}"\n`,
    );
    const args = ["--build", script(box), "--watch", source, node.flag, "--json"];
    const watch = new Program(box, ["watch", plugin, ...args]);
    expect(await watch.outcome()).toMatchObject({ event: "reloaded" });
    expect(await liveVersion(node)).toBe("1");
    writeFileSync(source, "nothing\n");
    expect(await watch.outcome()).toMatchObject({
      event: "failed",
      phase: "build",
      message: `${script(box)}: exit code 3`,
      findings: [{ kind: "quote", text: "no VERSION in it" }],
      running: true,
    });
    expect(await liveVersion(node)).toBe("1");
    writeFileSync(source, good("2"));
    const built = await watch.outcome();
    expect(built).toMatchObject({ event: "reloaded", cause: "file" });
    expect(built.files).toContain(source);
    expect(built.buildMs).toEqual(expect.any(Number));
    expect(await liveVersion(node)).toBe("2");
    // What the build wrote was no change of its own.
    writeFileSync(source, good("3"));
    expect((await watch.outcome()).files).toContain(source);
    expect(await liveVersion(node)).toBe("3");
    expect(watch.events.filter(({ event }) => event === "reloaded")).toHaveLength(3);
  });

  it("is over when its command is, though a server that it left behind holds its output", async () => {
    const box = sandbox();
    const node = await startNode(box);
    const plugin = writePlugin(box.work);
    const pidFile = join(box.root, "pid");
    const build = `sleep 600 & echo $! > "${pidFile}"`;
    const watch = new Program(box, ["watch", plugin, "--build", build, node.flag, "--json"]);
    await watch.next("reloaded");
    const pid = pidIn(pidFile);
    expect(isAlive(pid)).toBe(true);
    process.kill(pid);
  });

  it.skipIf(findPython() === undefined)(
    "is made again for what is saved after it, while the old version stops",
    async () => {
      const box = sandbox();
      const node = await startNode(box);
      const [plugin, source] = [join(box.work, "plugin.py"), join(box.work, "source.txt")];
      const [asked, leave] = [join(box.root, "asked"), join(box.root, "leave")];
      const save = (version: string) => writeFileSync(source, slowToStop(version, asked, leave));
      save("1");
      const build = `install -m 755 "${source}" "${plugin}"`;
      const args = ["--build", build, "--watch", source, node.flag, "--json"];
      writeProgram(plugin, slowToStop("1", asked, leave));
      const watch = new Program(box, ["watch", plugin, ...args]);
      await watch.next("reloaded");
      save("2");
      await until("the stop", () => existsSync(asked));
      save("3");
      writeFileSync(leave, "");
      const live = () => liveVersion(node).catch(() => undefined);
      await until("the last version", async () => (await live()) === "3");
    },
  );

  it.each([
    ["", ""],
    [", also when it does not listen", 'trap "" TERM; '],
  ])(
    "that still runs is ended by a newer save, with all that it has started%s",
    async (_, trap) => {
      const box = sandbox();
      const node = await startNode(box);
      const plugin = writePlugin(box.work);
      const source = join(box.work, "source.txt");
      writeFileSync(source, "fast");
      const pidFile = join(box.root, "pid");
      const build = `if grep -q slow "${source}"; then ${trap}sleep 600 & echo $! > "${pidFile}"; wait; fi`;
      const args = ["--build", build, "--watch", source, node.flag, "--json"];
      const watch = new Program(box, ["watch", plugin, ...args]);
      await watch.next("reloaded");
      writeFileSync(source, "slow\n");
      const pid = await until("the build", () => existsSync(pidFile) && pidIn(pidFile));
      writeFileSync(source, "fast\n");
      expect(await watch.outcome()).toMatchObject({ event: "reloaded", files: [source] });
      await until("the end of the build", () => !isAlive(pid));
    },
  );

  it.skipIf(!has("cc"))(
    "that makes what runs already starts nothing, but for who asks for it",
    async () => {
      const box = sandbox();
      const node = await startNode(box);
      const [plugin, source] = [join(box.work, "plugin"), join(box.work, "main.c")];
      const code = writePlugin(box.folder("code"));
      const save = (text: string) =>
        writeFileSync(
          source,
          `#include <unistd.h>\nint main() { return execl("${code}", "plugin", ${text} (char *)0); }\n`,
        );
      save("");
      const args = ["--build", `cc -o "${plugin}" "${source}"`, node.flag, "--json"];
      const watch = new Program(box, ["watch", plugin, ...args]);
      expect(await watch.next("watching")).toMatchObject({
        plugins: [{ commands: [{ name: "build", command: args[1] }] }],
      });
      await watch.next("reloaded");
      save("/* only a comment */");
      expect(await watch.outcome()).toMatchObject({ event: "unchanged", cause: "file" });
      watch.kill("SIGUSR2");
      expect(await watch.outcome()).toMatchObject({ event: "reloaded" });
      save('"argument",');
      expect(await watch.outcome()).toMatchObject({ event: "reloaded", cause: "file" });
    },
  );

  it("that takes long shows what it has printed so far", async () => {
    const { work, root } = sandbox();
    const leave = join(root, "leave");
    const slow: string[] = [];
    const result = await runShellCommand({
      command: `for i in 1 2 3 4; do echo line $i; done; echo waiting for a lock >&2; while ! test -e "${leave}"; do sleep 0.01; done`,
      cwd: work,
      signal: new AbortController().signal,
      onSlow: (_, output) => {
        slow.push(output);
        if (slow.length === 2) writeFileSync(leave, "");
      },
      slowMs: 100,
    });
    expect(slow).toHaveLength(2);
    expect(slow[1]).toBe("line 3\nline 4\nwaiting for a lock");
    expect(result).toMatchObject({ ok: true });
  });

  it.skipIf(!has("make"))(
    "that is ended may clear away what it has half written, which make would take for made",
    async () => {
      const box = sandbox();
      const node = await startNode(box);
      const [plugin, source] = [join(box.work, "plugin"), join(box.work, "source.txt")];
      const started = join(box.root, "started");
      const save = (version: string) => writeFileSync(source, language.plugin({ version }));
      save("1");
      writeFileSync(
        join(box.work, "Makefile"),
        `plugin: source.txt\n\thead -n 1 $< > $@; if grep -q slow $<; then touch "${started}"; sleep 600; fi; install -m 755 $< $@\n`,
      );
      const args = ["--build", "make", "--watch", source, node.flag, "--json"];
      const watch = new Program(box, ["watch", plugin, ...args]);
      await watch.next("reloaded");
      save("slow");
      await until("the build", () => existsSync(started));
      // What it says again is older than what the build has begun.
      const before = new Date(Date.now() - 60_000);
      save("3");
      utimesSync(source, before, before);
      expect(await watch.outcome()).toMatchObject({ event: "reloaded" });
      expect(await liveVersion(node)).toBe("3");
    },
  );
});

/** A plugin that takes its time when it is stopped: until a file is there. */
function slowToStop(version: string, asked: string, leave: string): string {
  return `#!${findPython()} -S
import json, os, sys, time
for line in sys.stdin:
    if not line.strip():
        continue
    request = json.loads(line)
    result = {}
    if request["method"] == "getmanifest":
        methods = [{"name": "version", "usage": "", "description": ""}]
        result = {"dynamic": True, "options": [], "rpcmethods": methods, "subscriptions": ["shutdown"]}
    elif request["method"] == "version":
        result = {"version": ${JSON.stringify(version)}}
    elif request["method"] == "shutdown":
        open(${JSON.stringify(asked)}, "w").close()
        while not os.path.exists(${JSON.stringify(leave)}):
            time.sleep(0.005)
        sys.exit(0)
    if "id" in request:
        print(json.dumps({"jsonrpc": "2.0", "id": request["id"], "result": result}), end="\\n\\n", flush=True)
`;
}
