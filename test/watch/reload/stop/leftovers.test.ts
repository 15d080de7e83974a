/** What a launcher leaves running when its plugin is stopped: the next version finds its port free. */
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { expect, it } from "vitest";
import { findPython } from "../../../conformance/harness/python.js";
import { liveVersion, startNode } from "../../../support/nodes.js";
import { language, writeProgram } from "../../../support/plugin.js";
import { isAlive } from "../../../support/processes.js";
import { Program } from "../../../support/program.js";
import { sandbox } from "../../../support/sandbox.js";
import { until } from "../../../support/until.js";

const python = findPython();

/** A free port of this machine. */
function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const address = server.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}

it.skipIf(python === undefined)(
  "a program behind a launcher that does not end is ended before the next start",
  async () => {
    const box = sandbox();
    const node = await startNode(box);
    const port = await freePort();
    const pids = join(box.root, "pids");
    const serve = `
import socket, threading, time
server = socket.socket(); server.bind(("127.0.0.1", ${port})); server.listen()
open(${JSON.stringify(pids)}, "a").write(f"{os.getpid()}\\n")
threading.Thread(target=lambda: time.sleep(600)).start()`;
    const program = (version: string) =>
      writeProgram(join(box.work, "program"), language.plugin({ version, start: serve }));
    program("1");
    const launcher = `#!/bin/sh\n${join(box.work, "program")}\nexit $?\n`;
    const plugin = writeProgram(join(box.work, "plugin.sh"), launcher);
    const watch = new Program(box, ["watch", plugin, node.flag, "--stop-on-exit", "--json"]);
    expect(await watch.outcome()).toMatchObject({ event: "reloaded" });
    program("2");
    writeProgram(plugin, `${launcher}# saved\n`);
    expect(await watch.outcome()).toMatchObject({ event: "reloaded" });
    expect(await liveVersion(node)).toBe("2");
    const [first = 0, second = 0] = readFileSync(pids, "utf8").trim().split("\n").map(Number);
    expect(isAlive(first)).toBe(false);
    await watch.end();
    await until("the end of the second", () => !isAlive(second));
  },
);

it.skipIf(python === undefined)(
  "an address that is let go a moment later is tried once more",
  async () => {
    const box = sandbox();
    const node = await startNode(box);
    const port = await freePort();
    const marker = join(box.root, "held");
    // A child that has left the plugin's processes holds the port for a moment longer.
    const serve = `
import socket, time
server = socket.socket(); server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
server.bind(("127.0.0.1", ${port})); server.listen()
me = os.getpid()
if os.fork() == 0:
    if os.fork() > 0: os._exit(0)
    os.close(0); os.close(1)
    while os.path.exists(f"/proc/{me}/fd/0"): time.sleep(0.02)
    open(${JSON.stringify(marker)}, "w").close()
    time.sleep(0.8)
    os._exit(0)
os.wait()`;
    const plugin = join(box.work, "plugin.py");
    writeProgram(plugin, language.plugin({ version: "1", start: serve }));
    const watch = new Program(box, ["watch", plugin, node.flag, "--stop-on-exit", "--json"]);
    expect(await watch.outcome()).toMatchObject({ event: "reloaded" });
    writeProgram(plugin, language.plugin({ version: "2", start: serve }));
    expect(await watch.outcome()).toMatchObject({ event: "reloaded" });
    expect(existsSync(marker)).toBe(true);
    expect(await liveVersion(node)).toBe("2");
  },
);
