/**
 * Plugins that stamp the moment at which they receive `init`: version of the plugin file, version of
 * its helper module, nanoseconds of the clock that is everybody's (CLOCK_MONOTONIC).
 */
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Lab, programPath, pythonPath } from "./lab.js";

export interface Source {
  readonly name: string;
  /** For a person. */
  readonly title: string;
  readonly fileName: string;
  /** None for a compiled plugin. */
  readonly helperName: string | undefined;
  /** @param stamps the file that the stamps are added to */
  readonly plugin: (version: number, stamps: string) => Buffer;
  readonly helper: (version: number) => Buffer;
}

/** Those that can be made on this machine, and the names of the others with what they need. */
export function sources(lab: Lab): {
  readonly here: readonly Source[];
  readonly missing: readonly string[];
} {
  const here: Source[] = [nodeSource()];
  const missing: string[] = [];
  const python = pythonPath();
  if (python) here.unshift(pythonSource(python, false), pythonSource(python, true));
  else missing.push("Python plugins (no python3)");
  const compiler = ["cc", "gcc", "clang"].map(programPath).find((path) => path !== undefined);
  if (compiler) here.push(compiledSource(lab, compiler));
  else missing.push("the compiled plugin (no C compiler)");
  return { here, missing };
}

function pythonSource(python: string, slow: boolean): Source {
  // As much work as the imports of pyln-client: they are computed, not waited for.
  const imports = slow ? "while time.perf_counter() - BEGUN < 0.150: pass\n" : "";
  return {
    name: slow ? "pyln" : "python",
    title: slow ? "Python, 150 ms of imports" : "Python",
    fileName: "plugin.py",
    helperName: "helper.py",
    plugin: (version, stamps) =>
      Buffer.from(`#!${python}
import time
BEGUN = time.perf_counter()
import json, os, sys
from helper import HELPER
${imports}VERSION = ${version}
MANIFEST = {"options": [], "rpcmethods": [], "dynamic": True}
for line in sys.stdin:
    if not line.strip():
        continue
    request = json.loads(line)
    if request["method"] == "init":
        stamp = f"{VERSION} {HELPER} {time.monotonic_ns()} {os.getpid()}\\n"
        with open(${JSON.stringify(stamps)}, "a") as stamps:
            stamps.write(stamp)
    if "id" in request:
        result = MANIFEST if request["method"] == "getmanifest" else {}
        answer = {"jsonrpc": "2.0", "id": request["id"], "result": result}
        sys.stdout.write(json.dumps(answer) + "\\n\\n")
        sys.stdout.flush()
`),
    helper: (version) => Buffer.from(`HELPER = ${version}\n`),
  };
}

function nodeSource(): Source {
  return {
    name: "node",
    title: "Node.js",
    fileName: "plugin.js",
    helperName: "helper.js",
    plugin: (version, stamps) =>
      Buffer.from(`#!${process.execPath}
const { HELPER } = require("./helper.js");
const VERSION = ${version};
const manifest = { options: [], rpcmethods: [], dynamic: true };
let held = "";
process.stdin.setEncoding("utf8").on("data", (chunk) => {
  const texts = (held + chunk).split("\\n\\n");
  held = texts.pop();
  for (const text of texts) {
    const { id, method } = JSON.parse(text);
    if (method === "init") {
      const stamp = \`\${VERSION} \${HELPER} \${process.hrtime.bigint()} \${process.pid}\\n\`;
      require("node:fs").appendFileSync(${JSON.stringify(stamps)}, stamp);
    }
    const result = method === "getmanifest" ? manifest : {};
    if (id !== undefined) process.stdout.write(JSON.stringify({ jsonrpc: "2.0", id, result }) + "\\n\\n");
  }
}).on("end", () => process.exit(0));
`),
    helper: (version) => Buffer.from(`exports.HELPER = ${version};\n`),
  };
}

/** Compiled once; a version is put into its bytes, since it is the reload that is measured. */
function compiledSource(lab: Lab, compiler: string): Source {
  const folder = lab.folder("compiled");
  const code = join(folder, "plugin.c");
  const program = join(folder, "plugin");
  writeFileSync(code, C_PLUGIN);
  execFileSync(compiler, ["-O1", "-o", program, code], { stdio: "inherit" });
  const bytes = readFileSync(program);
  const put = (into: Buffer, field: string, text: string) => {
    const at = into.indexOf(`@${field}@`);
    into.fill(0, at + field.length + 2, at + FIELD_BYTES);
    into.write(text, at + field.length + 2);
  };
  return {
    name: "compiled",
    title: "compiled (C)",
    fileName: "plugin",
    helperName: undefined,
    plugin: (version, stamps) => {
      const copy = Buffer.from(bytes);
      put(copy, "version", String(version));
      put(copy, "stamps", stamps);
      return copy;
    },
    helper: () => Buffer.alloc(0),
  };
}

/** A plugin whose method `bench-echo` answers at once. @returns its path */
export function echoPlugin(folder: string): string {
  const method = { name: "bench-echo", usage: "", description: "answers at once" };
  return writeScript(join(folder, "echo.js"), { rpcmethods: [method] }, "");
}

/** A plugin with one option, whose value it adds to a file at `init`. @returns its path */
export function optionPlugin(folder: string, option: string, file: string): string {
  const declared = { name: option, type: "string", description: "is written down" };
  const onInit = `require("node:fs").appendFileSync(
      ${JSON.stringify(file)}, params.options[${JSON.stringify(option)}] + "\\n");`;
  return writeScript(join(folder, "option.js"), { options: [declared] }, onInit);
}

function writeScript(path: string, manifest: object, onInit: string): string {
  const whole = JSON.stringify({ options: [], rpcmethods: [], dynamic: true, ...manifest });
  const code = `#!${process.execPath}
let held = "";
process.stdin.setEncoding("utf8").on("data", (chunk) => {
  const texts = (held + chunk).split("\\n\\n");
  held = texts.pop();
  for (const text of texts) {
    const { id, method, params } = JSON.parse(text);
    if (method === "init") {
      ${onInit}
    }
    const result = method === "getmanifest" ? ${whole} : {};
    if (id !== undefined) process.stdout.write(JSON.stringify({ jsonrpc: "2.0", id, result }) + "\\n\\n");
  }
}).on("end", () => process.exit(0));
`;
  writeFileSync(path, code, { mode: 0o755 });
  return path;
}

const FIELD_BYTES = 256;
const C_PLUGIN = `
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
volatile char version[${FIELD_BYTES}] = "@version@0";
volatile char stamps[${FIELD_BYTES}] = "@stamps@";
static char text[1 << 20];
static void stamp(void) {
  struct timespec now;
  char line[128];
  clock_gettime(CLOCK_MONOTONIC, &now);
  int bytes = snprintf(line, sizeof line, "%s 0 %lld %d\\n", (char *)version + 9,
                       now.tv_sec * 1000000000LL + now.tv_nsec, (int)getpid());
  int file = open((char *)stamps + 8, O_WRONLY | O_CREAT | O_APPEND, 0600);
  if (write(file, line, bytes) < 0) _exit(1);
  close(file);
}
int main(void) {
  size_t held = 0;
  for (;;) {
    ssize_t bytes = read(0, text + held, sizeof text - 1 - held);
    if (bytes <= 0) return 0;
    held += bytes;
    text[held] = 0;
    for (char *end; (end = strstr(text, "\\n\\n"));) {
      *end = 0;
      int init = strstr(text, "\\"init\\"") != NULL;
      int manifest = strstr(text, "\\"getmanifest\\"") != NULL;
      if (init) stamp();
      char *id = strstr(text, "\\"id\\"");
      if (id) {
        id = strchr(strchr(id, ':'), '"') + 1;
        *strchr(id, '"') = 0;
        printf("{\\"jsonrpc\\":\\"2.0\\",\\"id\\":\\"%s\\",\\"result\\":%s}\\n\\n", id,
               manifest ? "{\\"options\\":[],\\"rpcmethods\\":[],\\"dynamic\\":true}" : "{}");
        fflush(stdout);
      }
      held -= end + 2 - text;
      memmove(text, end + 2, held + 1);
    }
  }
}
`;
