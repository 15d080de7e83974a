/** A plugin under traffic: callers that do not wait for a reload, and what they got. */
import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { askByHand } from "./by-hand.js";
import { pythonPath } from "./lab.js";

/** How long a slow call takes, in s. */
const SLOW_S = 0.25;

/**
 * Writes a plugin with the methods PREFIX-version, PREFIX-slow and PREFIX-big.
 * @param fault a line that is run first
 * @returns its path
 */
export function saveTraffic(folder: string, prefix: string, version: number, fault = ""): string {
  const python = pythonPath();
  if (python === undefined) throw new Error("no python3 here");
  const path = join(folder, `${prefix}.py`);
  const names = ["version", "slow", "big"].map((name) => `${prefix}-${name}`);
  const rpcmethods = names.map((name) => ({ name, usage: "[bytes]" }));
  const manifest = JSON.stringify({ dynamic: true, options: [], rpcmethods });
  const code = `#!${python} -S
import json, sys, threading, time
${fault}
lock = threading.Lock()
def answer(request, result):
    text = json.dumps({"jsonrpc": "2.0", "id": request["id"], "result": result})
    with lock:
        sys.stdout.write(text + "\\n\\n")
        sys.stdout.flush()
def slow(request):
    time.sleep(${SLOW_S})
    answer(request, {"version": ${version}})
for line in sys.stdin:
    if not line.strip(): continue
    request = json.loads(line)
    method = request["method"]
    if "id" not in request: continue
    if method == "getmanifest": answer(request, json.loads(${JSON.stringify(manifest)}))
    elif method == "${prefix}-slow": threading.Thread(target=slow, args=(request,)).start()
    elif method == "${prefix}-big":
        item = {"name": "an item of a list", "number": 12345, "list": [1, 2, 3], "ok": True}
        answer(request, {"items": [item] * (int(request["params"][0]) // 90)})
    else: answer(request, {"version": ${version}})
`;
  const aside = join(folder, `.${prefix}.tmp`);
  writeFileSync(aside, code, { mode: 0o755 });
  renameSync(aside, path);
  return path;
}

export interface Traffic {
  readonly calls: number;
  readonly failed: number;
  /** Answers of an older version after a newer one had answered the same caller. */
  readonly stale: number;
  /** What the first that failed said. */
  readonly error: string | undefined;
}

/** Calls without a pause until it is ended. @param callers of the quick method, beside a slow one */
export function startTraffic(
  rpcFile: string,
  prefix: string,
  callers: number,
): { end(): Promise<Traffic>; readonly calls: number } {
  let running = true;
  const counts = { calls: 0, failed: 0, stale: 0 };
  let error: string | undefined;
  const caller = async (method: string) => {
    let newest = 0;
    while (running) {
      counts.calls++;
      const answer = await askByHand(rpcFile, method).catch((cause: unknown) => ({
        error: { message: String(cause) },
      }));
      if ("error" in answer) {
        counts.failed++;
        error ??= answer.error.message;
        continue;
      }
      const version = Number(answer.result.version);
      // A slow answer is of the version that was asked.
      if (version < newest && method.endsWith("-version")) counts.stale++;
      newest = Math.max(newest, version);
    }
  };
  const quick = Array.from({ length: callers }, () => caller(`${prefix}-version`));
  const all = Promise.all([...quick, caller(`${prefix}-slow`)]);
  return {
    get calls() {
      return counts.calls;
    },
    end: async () => {
      running = false;
      await all;
      return { ...counts, error };
    },
  };
}
