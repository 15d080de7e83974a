/** What a broken plugin of the tests is, and the good plugins that it is made of by an edit. */
import type { RawOption } from "../../../src/plugin/handshake/init-params.js";

export interface BrokenPlugin {
  readonly what: string;
  readonly name: string;
  /** The file's text; `gcc` plugins are compiled from it. */
  readonly text: string;
  readonly mode?: number;
  /** Other files beside it. */
  readonly beside?: { readonly [name: string]: string };
  readonly options?: readonly RawOption[];
  /** The rule that must explain it; undefined: the file itself is refused. */
  readonly rule?: string;
  /** Everything that must be said. */
  readonly says: readonly RegExp[];
  /** It hangs: a node that waits 120 s for it is not asked. */
  readonly hangs?: boolean;
  /** It starts; then this method is called. */
  readonly call?: string;
  /** The node calls it started, and its answer to init was an error. */
  readonly initError?: boolean;
  /** It starts; then it dies by itself. */
  readonly diesLater?: boolean;
  readonly needs?: "gcc" | "bash";
  /** The first release that refuses it. */
  readonly since?: string;
  /** What releases before v25.12 make of it, if that is something else. */
  readonly old?: { readonly rule: string; readonly says: readonly RegExp[] };
}

export const PYTHON = `#!/usr/bin/env python3
import json, sys

manifest = {
    "options": [
        {"name": "foo_opt", "type": "string", "default": "bar", "description": "d"},
        {"name": "count_opt", "type": "int", "default": 1, "description": "d"},
        {"name": "really_opt", "type": "bool", "default": True, "description": "d"},
    ],
    "rpcmethods": [{"name": "brokenmethod", "usage": ""}],
    "dynamic": True,
}

def send(message):
    sys.stdout.write(json.dumps(message) + "\\n")
    sys.stdout.flush()

def result_of(request):
    if request["method"] == "getmanifest":
        return manifest
    return {}

def serve(request):
    send({"jsonrpc": "2.0", "id": request["id"], "result": result_of(request)})

def main():
    for line in sys.stdin:
        if line.strip() != "":
            request = json.loads(line)
            if "id" in request:
                serve(request)

main()
`;

export const NODE = `#!/usr/bin/env node
const manifest = {
  options: [],
  rpcmethods: [{ name: "brokenmethod", usage: "" }],
  dynamic: true,
};
function send(message) {
  process.stdout.write(JSON.stringify(message) + "\\n");
}
function resultOf(request) {
  return request.method === "getmanifest" ? manifest : {};
}
require("readline").createInterface({ input: process.stdin }).on("line", (line) => {
  if (line.trim() === "") return;
  const request = JSON.parse(line);
  send({ jsonrpc: "2.0", id: request.id, result: resultOf(request) });
});
`;

export const SHELL = `#!/bin/sh
answer() { printf '{"jsonrpc":"2.0","id":%s,"result":%s}\\n' "$1" "$2"; }
while read -r line; do
  id=$(printf '%s' "$line" | sed -n 's/.*"id": *\\("[^"]*"\\|[0-9][0-9]*\\).*/\\1/p')
  case $line in
    *'"getmanifest"'*) answer "$id" '{"options":[],"rpcmethods":[],"dynamic":true}' ;;
    *'"init"'*) answer "$id" '{}' ;;
  esac
done
`;

const C = `#include <stdio.h>
#include <stdlib.h>
#include <string.h>
static char *member(char *line, const char *key) {
  char *at = strstr(line, key);
  return at;
}
int main(void) {
  char *line = malloc(1 << 16);
  while (fgets(line, 1 << 16, stdin)) {
    char *id = member(line, "\\"id\\"");
    if (!id) continue;
    id = strchr(id + 4, '"') + 1;
    *strchr(id, '"') = 0;
    printf("{\\"jsonrpc\\":\\"2.0\\",\\"id\\":\\"%s\\",\\"result\\":{\\"options\\":[],\\"rpcmethods\\":[],\\"dynamic\\":true}}\\n", id);
    fflush(stdout);
  }
  return 0;
}
`;

/** The text with each replacement made; one that finds nothing is a mistake of the table. */
export function edit(text: string, ...edits: readonly (readonly [string, string])[]): string {
  return edits.reduce((before, [from, to]) => {
    if (!before.includes(from)) throw new Error(`nothing to replace: ${from}`);
    return before.replace(from, () => to);
  }, text);
}

export const python = (...edits: [string, string][]) => edit(PYTHON, ...edits);
export const node = (...edits: [string, string][]) => edit(NODE, ...edits);
export const shell = (...edits: [string, string][]) => edit(SHELL, ...edits);
export const c = (...edits: [string, string][]) => edit(C, ...edits);
/** A Python plugin whose manifest has other members. */
export const manifest = (...edits: [string, string][]) => python(...edits);
export const METHODS = '[{"name": "brokenmethod", "usage": ""}]';
export const OPTIONS =
  '{"name": "foo_opt", "type": "string", "default": "bar", "description": "d"}';
