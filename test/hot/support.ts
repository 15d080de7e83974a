/** Plugins in hot mode without a session: the front is started by hand, the host asked directly. */
import { join } from "node:path";
import type { HotDescription } from "../../src/hot/description.js";
import type { HotEvent } from "../../src/hot/protocol.js";
import { startPlugin, stopPlugin } from "../../src/node/plugins/plugin-command.js";
import type { StartOption } from "../../src/node/plugins/start-options.js";
import { removeFronts, writeFronts } from "../../src/watch/hot/front-files.js";
import { HostClient, hostProgram } from "../../src/watch/hot/host-client.js";
import { writeProgram } from "../support/plugin.js";
import type { Sandbox } from "../support/sandbox.js";
import { until } from "../support/until.js";

/** A Python plugin of the given parts, small and quick to start. */
export function pythonPlugin(folder: string, name: string, parts: PythonParts): string {
  const manifest = { dynamic: true, options: [], rpcmethods: [], ...parts.manifest };
  const text = `#!${PYTHON} -S
import json, os, sys, time, threading
VERSION = ${JSON.stringify(parts.version ?? "1")}
lock = threading.Lock()
def write(text):
    with lock:
        sys.stdout.write(text); sys.stdout.flush()
def send(message):
    write(json.dumps(message) + "\\n\\n")
def answer(request, result):
    send({"jsonrpc": "2.0", "id": request["id"], "result": result})
${parts.start ?? ""}
def serve(request):
    method = request["method"]
    params = request.get("params")
${indent(parts.serve ?? "answer(request, {'version': VERSION})")}
buffer = ""
while True:
    chunk = os.read(0, 65536).decode()
    if not chunk: break
    buffer += chunk
    while "\\n\\n" in buffer:
        text, buffer = buffer.split("\\n\\n", 1)
        if not text.strip(): continue
        request = json.loads(text)
        if request["method"] == "getmanifest":
            answer(request, json.loads(${JSON.stringify(JSON.stringify(manifest))}))
        elif request["method"] == "init":
            init = request["params"]
${indent(parts.init ?? "answer(request, {})", 12)}
        else:
            serve(request)
${parts.end ?? ""}
`;
  return writeProgram(join(folder, name), text);
}

export interface PythonParts {
  readonly version?: string;
  readonly manifest?: { readonly [key: string]: unknown };
  readonly start?: string;
  readonly init?: string;
  readonly serve?: string;
  readonly end?: string;
}

export const PYTHON = process.env.PYTHON ?? "/usr/bin/python3";

function indent(text: string, by = 4): string {
  return text
    .split("\n")
    .map((line) => " ".repeat(by) + line)
    .join("\n");
}

export interface HotPlugin {
  readonly host: HostClient;
  readonly events: HotEvent[];
  readonly front: string;
  readonly pid: number;
  stop(): Promise<void>;
}

/** Starts a plugin in hot mode on a node. It is stopped at the end. */
export async function startHot(
  box: Sandbox,
  node: { readonly rpcFile: string },
  plugin: string,
  settings: Partial<HotDescription> = {},
  options: readonly StartOption[] = [],
): Promise<HotPlugin> {
  process.env.XDG_CACHE_HOME = join(box.home, "cache");
  const folder = writeFronts({ plugin, node: node.rpcFile, ...settings }, hostProgram());
  await startPlugin(node.rpcFile, folder.front, options);
  const events: HotEvent[] = [];
  const host = await until("the host", () =>
    HostClient.connect(
      folder,
      (event) => events.push(event),
      () => {},
    ),
  );
  const stop = async () => {
    for (const path of [folder.front, folder.joining]) {
      await stopPlugin(node.rpcFile, path).catch(() => {});
    }
    await host.ended(5_000);
    await removeFronts(folder);
  };
  box.onEnd(stop);
  return { host, events, front: folder.front, pid: host.hello.pid, stop };
}
