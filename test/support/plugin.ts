/** Writes plugins: small ones, in Python if it is there (it starts faster), else for Node. */
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { findPython } from "../conformance/harness/python.js";

export interface PluginParts {
  /** What its method `version` returns; null: it has no such method. */
  readonly version?: string | null;
  /** The names of string options. */
  readonly options?: readonly (
    | string
    | { readonly name: string; readonly [key: string]: unknown }
  )[];
  readonly dynamic?: boolean;
  /** More methods, all of which return {}. */
  readonly methods?: readonly string[];
  /** Names of modules in its folder `lib`, whose VERSION is part of the answer. */
  readonly modules?: readonly string[];
  /** Lines that are run first, in the plugin's language. */
  readonly start?: string;
  /** A line that is run when `init` comes. */
  readonly onInit?: string;
}

export interface Language {
  readonly name: "python" | "node";
  readonly extension: string;
  readonly plugin: (parts?: PluginParts) => string;
  readonly module: (version: string) => string;
  /** A line that ends the plugin with an error that says so. */
  readonly fails: (words: string) => string;
  /** A line that writes a line to stderr. */
  readonly complains: (words: string) => string;
  /** A line that waits for ever. */
  readonly hangs: string;
  /** A line that waits for ever unless the file is there, and makes it. */
  readonly hangsOnce: (file: string) => string;
  /** A line that waits until the file is there. */
  readonly waitsFor: (file: string) => string;
  /** A line that writes the plugin's process id to a file. */
  readonly writesPid: (file: string) => string;
  /** A line that writes to a file beside the plugin. */
  readonly writes: (file: string) => string;
}

function manifestOf(parts: PluginParts): string {
  const { version, options = [], dynamic = true, methods = [] } = parts;
  const common = version === null ? [] : ["version", "die"];
  return JSON.stringify({
    dynamic,
    options: options.map((option) => ({
      type: "string",
      description: "for a test",
      ...(typeof option === "string" ? { name: option } : option),
    })),
    rpcmethods: [...common, ...methods].map((name) => ({
      name,
      usage: "",
      description: "for a test",
    })),
  });
}

const python: Language = {
  name: "python",
  extension: ".py",
  plugin: (parts = {}) => `#!${findPython()} -S
import json, os, sys
${(parts.modules ?? []).map((name) => `from lib import ${name}`).join("\n")}
VERSION = ${JSON.stringify(parts.version ?? "1")}
options = {}
${parts.start ?? ""}
def send(message):
    sys.stdout.write(json.dumps(message) + "\\n\\n")
    sys.stdout.flush()
for line in sys.stdin:
    if not line.strip():
        continue
    request = json.loads(line)
    method = request["method"]
    result = {}
    if method == "getmanifest":
        result = json.loads(${JSON.stringify(manifestOf(parts))})
    elif method == "init":
        options = request["params"]["options"]
        ${parts.onInit ?? "pass"}
    elif method == "version":
        modules = {${(parts.modules ?? []).map((name) => `"${name}": ${name}.VERSION`).join(", ")}}
        result = {"version": VERSION, "pid": os.getpid(), "options": options, "modules": modules}
    elif method == "die":
        os._exit(7)
    if "id" in request:
        send({"jsonrpc": "2.0", "id": request["id"], "result": result})
`,
  module: (version) => `VERSION = ${JSON.stringify(version)}\n`,
  fails: (words) => `raise RuntimeError(${JSON.stringify(words)})`,
  complains: (words) => `print(${JSON.stringify(words)}, file=sys.stderr, flush=True)`,
  hangs: "sys.stdin.read()",
  hangsOnce: (file) =>
    `os.path.exists(${JSON.stringify(file)}) or (open(${JSON.stringify(file)}, "w").close(), sys.stdin.read())`,
  waitsFor: (file) =>
    `while not os.path.exists(${JSON.stringify(file)}): __import__("time").sleep(0.005)`,
  writesPid: (file) =>
    `open(${JSON.stringify(`${file}.tmp`)}, "w").write(str(os.getpid())); os.rename(${JSON.stringify(`${file}.tmp`)}, ${JSON.stringify(file)})`,
  writes: (file) =>
    `open(os.path.join(os.path.dirname(os.path.abspath(__file__)), ${JSON.stringify(file)}), "a").write("x\\n")`,
};

const node: Language = {
  name: "node",
  extension: ".js",
  plugin: (parts = {}) => `#!${process.execPath}
const modules = {};
${(parts.modules ?? []).map((name) => `modules.${name} = require("./lib/${name}.js").VERSION;`).join("\n")}
const VERSION = ${JSON.stringify(parts.version ?? "1")};
let options = {};
${parts.start ?? ""}
const answers = {
  getmanifest: () => (${manifestOf(parts)}),
  init: (params) => { options = params.options; ${parts.onInit ?? ""} return {}; },
  version: () => ({ version: VERSION, pid: process.pid, options, modules }),
  die: () => process.exit(7),
};
const lines = require("node:readline").createInterface({ input: process.stdin });
lines.on("line", (line) => {
  if (line.trim() === "") return;
  const { id, method, params } = JSON.parse(line);
  const result = (answers[method] ?? (() => ({})))(params);
  if (id !== undefined) process.stdout.write(JSON.stringify({ jsonrpc: "2.0", id, result }) + "\\n\\n");
});
`,
  module: (version) => `exports.VERSION = ${JSON.stringify(version)};\n`,
  fails: (words) => `throw new Error(${JSON.stringify(words)});`,
  complains: (words) => `console.error(${JSON.stringify(words)});`,
  hangs: "Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);",
  hangsOnce: (file) =>
    `if (!require("node:fs").existsSync(${JSON.stringify(file)})) { require("node:fs").writeFileSync(${JSON.stringify(file)}, ""); Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0); }`,
  waitsFor: (file) =>
    `while (!require("node:fs").existsSync(${JSON.stringify(file)})) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);`,
  writesPid: (file) =>
    `require("node:fs").writeFileSync(${JSON.stringify(`${file}.tmp`)}, String(process.pid)); require("node:fs").renameSync(${JSON.stringify(`${file}.tmp`)}, ${JSON.stringify(file)});`,
  writes: (file) =>
    `require("node:fs").appendFileSync(require("node:path").join(__dirname, ${JSON.stringify(file)}), "x\\n");`,
};

/** Whether a program can be run. */
export function has(program: string): boolean {
  try {
    execFileSync(program, ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/** The language of the tests' plugins. */
export const language: Language = findPython() === undefined ? node : python;

/** Writes a plugin file. @returns its path */
export function writePlugin(folder: string, parts: PluginParts = {}, stem = "plugin"): string {
  return writeProgram(join(folder, `${stem}${language.extension}`), language.plugin(parts));
}

/** Writes an executable file. @returns its path */
export function writeProgram(path: string, text: string): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  chmodSync(path, 0o755);
  return path;
}
