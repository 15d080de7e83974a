/** Plugins that are broken, each in one way, with the words that a developer must be told. */
import type { RawOption } from "../../src/plugin/init-params.js";

export interface BrokenPlugin {
  readonly what: string;
  readonly name: string;
  /** The file's text; `gcc` plugins are compiled from it. */
  readonly text: string;
  readonly mode?: number;
  /** Other files beside it. */
  readonly beside?: { readonly [name: string]: string };
  readonly options?: readonly RawOption[];
  /** The row of the tables that must explain it; undefined: the file itself is refused. */
  readonly row?: string;
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
}

const PYTHON = `#!/usr/bin/env python3
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

const NODE = `#!/usr/bin/env node
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

const SHELL = `#!/bin/sh
answer() { printf '{"jsonrpc":"2.0","id":%s,"result":%s}\\n' "$1" "$2"; }
while read -r line; do
  id=$(printf '%s' "$line" | sed -n 's/.*"id": *\\("[^"]*"\\).*/\\1/p')
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
function edit(text: string, ...edits: readonly (readonly [string, string])[]): string {
  return edits.reduce((before, [from, to]) => {
    if (!before.includes(from)) throw new Error(`nothing to replace: ${from}`);
    return before.replace(from, () => to);
  }, text);
}

const python = (...edits: [string, string][]) => edit(PYTHON, ...edits);
const node = (...edits: [string, string][]) => edit(NODE, ...edits);
const shell = (...edits: [string, string][]) => edit(SHELL, ...edits);
const c = (...edits: [string, string][]) => edit(C, ...edits);
/** A Python plugin whose manifest has other members. */
const manifest = (...edits: [string, string][]) => python(...edits);
const METHODS = '[{"name": "brokenmethod", "usage": ""}]';
const OPTIONS = '{"name": "foo_opt", "type": "string", "default": "bar", "description": "d"}';

/** What a developer does wrong on the way of the well-known first-plugin tutorial. */
const TUTORIAL: readonly BrokenPlugin[] = [
  {
    what: "no chmod +x",
    name: "p.py",
    text: PYTHON,
    mode: 0o644,
    says: [/p\.py is not executable/, /chmod \+x \S+p\.py/],
  },
  {
    what: "no #! line",
    name: "p.py",
    text: edit(PYTHON, ["#!/usr/bin/env python3\n", ""]),
    says: [/no #! line/, /Put this first in the file: #!\/usr\/bin\/env python3/],
  },
  {
    what: "ends before getmanifest",
    row: "no-loop",
    name: "p.py",
    text: "#!/usr/bin/env python3\n",
    says: [
      /\(-3\) \S+p\.py: exited before replying to getmanifest/,
      /does not read requests from stdin/,
      /for line in sys\.stdin/,
    ],
  },
  {
    what: "a name that is not there",
    row: "exception",
    name: "p.py",
    text: python(["import json, sys", "import sys"]),
    says: [
      /exited before replying to getmanifest/,
      /it died of NameError: name 'json' is not defined/,
      /p\.py:29 in main/,
      /request = json\.loads\(line\)/,
      /exited with code 1 before it answered getmanifest/,
    ],
  },
  {
    what: "a print on stdout",
    row: "stray-print",
    name: "p.py",
    text: python(["def main():\n", 'def main():\n    print("starting up")\n']),
    says: [
      /Failed to parse RPC JSON response/,
      /p\.py:27 prints to stdout, which belongs to JSON-RPC alone/,
      /print\(\.\.\., file=sys\.stderr\)/,
      /starting up/,
      /print\("starting up"\)/,
    ],
  },
  {
    what: "a Python dictionary instead of JSON",
    row: "python-dictionary",
    name: "p.py",
    text: python(["json.dumps(message)", "str(message)"]),
    says: [/Failed to parse RPC JSON response/, /Python dictionary instead of JSON/, /json\.dumps/],
  },
  {
    what: "no jsonrpc member",
    row: "no-jsonrpc",
    name: "p.py",
    text: python(['"jsonrpc": "2.0", "id"', '"id"']),
    says: [/does not contain "jsonrpc" field/, /Put "jsonrpc": "2\.0" into every message/],
  },
  {
    what: "ends before init",
    row: "no-loop",
    name: "p.py",
    text: python([
      "                serve(request)\n",
      "                serve(request)\n                return\n",
    ]),
    says: [
      /exited before (replying to|we sent) init/,
      /answered getmanifest and then ended by itself/,
      /for line in sys\.stdin/,
    ],
  },
  {
    what: "no loop: ends after init",
    row: "died-no-loop",
    name: "p.py",
    text: python([
      "                serve(request)\n",
      '                serve(request)\n                if request["method"] == "init":\n                    return\n',
    ]),
    diesLater: true,
    says: [/ended by itself, content, right after init/, /for line in sys\.stdin/],
  },
  {
    what: "not dynamic",
    row: "not-dynamic",
    name: "p.py",
    text: manifest(['    "dynamic": True,\n', ""]),
    says: [
      /Not a dynamic plugin/,
      /Add "dynamic": True to the result of getmanifest, beside rpcmethods in \S+p\.py:10/,
    ],
  },
  {
    what: "an option's name misspelt",
    row: "unknown-option",
    name: "p.py",
    text: PYTHON,
    options: [{ name: "foo_op", raw: '"BAR"' }],
    says: [/unknown parameter foo_op/, /it has foo_opt, count_opt/, /Did you mean foo_opt\?/],
  },
  {
    what: "a TypeError at run time",
    row: "died-of-error",
    name: "p.py",
    text: python([
      "    return {}\n",
      '    if request["method"] == "brokenmethod":\n        return {"sum": 1 + "a"}\n    return {}\n',
    ]),
    call: "brokenmethod",
    says: [
      /\(-4\) Plugin terminated before replying to RPC call\./,
      /TypeError: unsupported operand/,
      /p\.py:22 in result_of/,
      /1 \+ "a"/,
      /Run once offline, and the call made once more there: it exited with code 1/,
    ],
  },
];

const PYTHONS: readonly BrokenPlugin[] = [
  {
    what: "a syntax error",
    row: "syntax-error",
    name: "p.py",
    text: python(["def main():", "def main(:"]),
    says: [/the code cannot be read at \S+p\.py:26: SyntaxError/, /def main\(:/],
  },
  {
    what: "wrong indents",
    row: "syntax-error",
    name: "p.py",
    text: python(["    return {}\n", "   return {}\n"]),
    says: [/IndentationError/, /p\.py:21/],
  },
  {
    what: "a module that is not installed",
    row: "python-module",
    name: "p.py",
    text: python(["import json, sys", "import json, sys\nfrom pyln.nowhere import Plugin"]),
    says: [/has no module pyln/, /-m pip install pyln-client/, /p\.py:3/],
  },
  {
    what: "an error in a helper beside it",
    row: "exception",
    name: "p.py",
    text: python(["import json, sys", "import json, sys\nimport helper"]),
    beside: { "helper.py": "def f():\n    raise ValueError('from the helper')\nf()\n" },
    says: [/ValueError: from the helper at \S+helper\.py:2/, /helper\.py:3 in <module>/],
  },
  {
    what: "an answer that is not flushed",
    row: "not-flushed",
    name: "p.py",
    text: python(["    sys.stdout.flush()\n", ""]),
    hangs: true,
    says: [
      /timed out before replying to getmanifest/,
      /came only when its stdin was closed/,
      /print\(\.\.\., flush=True\)/,
    ],
  },
  {
    what: "it waits for something else",
    row: "hang",
    name: "p.py",
    text: python(["def main():\n", "def main():\n    import time; time.sleep(60)\n"]),
    hangs: true,
    says: [/it waits at \S+p\.py:27 instead of answering getmanifest/, /time\.sleep\(60\)/],
  },
  {
    what: "init is not answered",
    row: "no-answer",
    name: "p.py",
    text: python([
      "def serve(request):\n",
      'def serve(request):\n    if request["method"] == "init": return\n',
    ]),
    hangs: true,
    says: [/timed out before replying to init/, /does not answer init/, /an id/],
  },
  {
    what: "an exception in init",
    row: "exception",
    name: "p.py",
    text: python(["    return {}\n", '    raise RuntimeError("no database")\n']),
    says: [
      /exited before replying to init/,
      /RuntimeError: no database at \S+p\.py:21/,
      /before it answered init/,
    ],
  },
  {
    what: "init answered with an error",
    row: "init-error",
    name: "p.py",
    text: python([
      "def serve(request):\n",
      'def serve(request):\n    if request["method"] == "init": return send({"jsonrpc": "2.0", "id": request["id"], "error": {"code": -1, "message": "no key"}})\n',
    ]),
    initError: true,
    says: [/\(-1\) no key/, /lists the plugin as active although/, /Mend its init/],
  },
  {
    what: "an exception in init that is caught and logged, as pyln-client does it",
    row: "init-error",
    name: "p.py",
    text: python(
      ["    return {}\n", '    return {}[request["method"]]\n'],
      [
        "def serve(request):\n",
        `def serve(request):
    import traceback
    try:
        return answer(request)
    except Exception as e:
        trace = traceback.format_exc()
        send({"jsonrpc": "2.0", "id": request["id"], "error": {"code": -32600, "message": "Error while processing init: " + str(e), "traceback": trace}})
        send({"jsonrpc": "2.0", "method": "log", "params": {"level": "info", "message": trace}})

def answer(request):
`,
      ],
    ),
    initError: true,
    says: [
      /\(-32600\) Error while processing init: 'init'/,
      /KeyError: 'init'/,
      /p\.py:21 in result_of\n\s+return \{\}\[request/,
    ],
  },
  {
    what: "sys.exit with a message",
    row: "exit-code",
    name: "p.py",
    text: python(["def main():\n", 'def main():\n    sys.exit("set the API address first")\n']),
    says: [/exited with code 1/, /set the API address first/],
  },
  {
    what: "it kills itself",
    row: "signal",
    name: "p.py",
    text: python(["def main():\n", "def main():\n    import os; os.kill(os.getpid(), 11)\n"]),
    says: [/ended by SIGSEGV, without a word/, /debugger/],
  },
  {
    what: "a port that is taken",
    row: "address-in-use",
    name: "p.py",
    text: python([
      "def main():\n",
      'def main():\n    import socket\n    a = socket.socket(); a.bind(("127.0.0.1", 0)); a.listen()\n    socket.socket().bind(a.getsockname())\n',
    ]),
    says: [/another process holds the port/, /Address already in use/],
  },
  {
    what: "an interpreter that is not there",
    name: "p.py",
    text: edit(PYTHON, ["#!/usr/bin/env python3", "#!/usr/bin/python3.99"]),
    says: [/\/usr\/bin\/python3\.99, which does not exist/, /Write #!\/usr\/bin\/env python3/],
  },
  {
    what: "CRLF line ends",
    name: "p.py",
    text: PYTHON.replaceAll("\n", "\r\n"),
    says: [/CRLF/, /sed -i 's\/\\r\$\/\/'/],
  },
  {
    what: "it disables itself",
    row: "disabled",
    name: "p.py",
    text: python([
      "        return manifest\n",
      '        return {"disable": "no hardware found"}\n',
    ]),
    says: [
      /disabled itself: no hardware found/,
      /the plugin itself refuses to run: no hardware found/,
    ],
  },
  {
    what: "it disables itself at init",
    row: "disabled",
    name: "p.py",
    text: python(["    return {}\n", '    return {"disable": "wrong network"}\n']),
    says: [/disabled itself at init: wrong network/, /refuses to run: wrong network/],
  },
  {
    what: "getmanifest answered with an error",
    row: "manifest-error",
    name: "p.py",
    text: python([
      '"result": result_of(request)',
      '"error": {"code": -1, "message": "unknown method"}',
    ]),
    says: [/Invalid\/missing result tok/, /answered getmanifest with an error: unknown method/],
  },
  {
    what: "a wrong log level",
    row: "log-level",
    name: "p.py",
    text: python([
      "def main():\n",
      'def main():\n    send({"jsonrpc": "2.0", "method": "log", "params": {"level": "warning", "message": "m"}})\n',
    ]),
    says: [/Unknown log-level/, /logged at the level warning/, /trace, debug, info, warn or error/],
  },
  {
    what: "a value that is no number",
    row: "wrong-value",
    name: "p.py",
    text: PYTHON,
    options: [{ name: "count_opt", raw: '"many"' }],
    says: [/'many' is not a number/, /option count_opt takes a whole number, not many/],
  },
  {
    what: "a value that is too large",
    row: "wrong-value",
    name: "p.py",
    text: PYTHON,
    options: [{ name: "count_opt", raw: "99999999999999999999" }],
    says: [/is out of range/, /option count_opt takes a whole number/],
  },
  {
    what: "a value that is neither true nor false",
    row: "wrong-value",
    name: "p.py",
    text: PYTHON,
    options: [{ name: "really_opt", raw: '"maybe"' }],
    says: [/Invalid argument 'maybe'/, /option really_opt takes true or false, not maybe/],
  },
  {
    what: "a message that is no JSON",
    row: "broken-json",
    name: "p.py",
    text: python(["json.dumps(message)", 'json.dumps(message).replace(":", "=")']),
    says: [/Failed to parse RPC JSON response/, /what it wrote is not valid JSON/],
  },
  {
    what: "a log message that is no text",
    row: "log-message",
    name: "p.py",
    text: python([
      "def main():\n",
      'def main():\n    send({"jsonrpc": "2.0", "method": "log", "params": {"message": 5}})\n',
    ]),
    says: [
      /doesn't have a string "message" field/,
      /a log notification whose message is not a string/,
    ],
  },
  {
    what: "a message of no kind",
    row: "malformed-notification",
    name: "p.py",
    text: python(["def main():\n", 'def main():\n    send({"jsonrpc": "2.0", "params": {}})\n']),
    says: [/Malformed JSON-RPC notification/, /a notification needs method and params/],
  },
  {
    what: "an answer without a result",
    row: "manifest-no-result",
    name: "p.py",
    text: python(['"result": result_of(request)', '"answer": result_of(request)']),
    says: [/Invalid\/missing result tok/, /has no result that is an object/],
  },
  {
    what: "text without an end, then nothing",
    row: "stray-and-hang",
    name: "p.py",
    text: python([
      "def main():\n",
      'def main():\n    print("your name? ", end="", flush=True)\n    sys.stdin.read()\n',
    ]),
    hangs: true,
    says: [
      /timed out before replying to getmanifest/,
      /text to stdout that is no JSON-RPC/,
      /your name\?/,
    ],
  },
];

/** One fault each, with lightningd's words and ours. */
const FAULTS: readonly (readonly [string, string, string, string, RegExp, RegExp])[] = [
  [
    "no rpcmethods",
    "manifest-rpcmethods-missing",
    '"rpcmethods"',
    '"methods"',
    /"result\.rpcmethods" missing/,
    /Add "rpcmethods": \[\]/,
  ],
  [
    "a method without a name",
    "manifest-method-name",
    METHODS,
    '[{"usage": ""}]',
    /does not have a string "name"/,
    /has no name/,
  ],
  [
    "a flag with a default",
    "manifest-flag-default",
    OPTIONS,
    '{"name": "f", "type": "flag", "default": True, "description": "d"}',
    /type flag default must be 'false'/,
    /off until it is given/,
  ],
  [
    "a multi flag",
    "manifest-multi-type",
    OPTIONS,
    '{"name": "f", "type": "flag", "multi": True, "description": "d"}',
    /flag type cannot be multi/,
    /cannot be given several times/,
  ],
  [
    "a hook twice",
    "manifest-hook-twice",
    '"dynamic": True',
    '"dynamic": True, "hooks": ["openchannel", "openchannel"]',
    /multiple times/,
    /List it once/,
  ],
  [
    "filters for a hook without",
    "manifest-hook-filters",
    '"dynamic": True',
    '"dynamic": True, "hooks": [{"name": "openchannel", "filters": ["x"]}]',
    /does not allow filters/,
    /Take filters out/,
  ],
  [
    "a hook without a name",
    "manifest-hook-shape",
    '"dynamic": True',
    '"dynamic": True, "hooks": [{"before": []}]',
    /no name in hook obj/,
    /object without a name/,
  ],
  [
    "subscriptions that are no list",
    "manifest-subscriptions",
    '"dynamic": True',
    '"dynamic": True, "subscriptions": "connect"',
    /result\.subscriptions/,
    /not a list of names/,
  ],
  [
    "notifications that are names",
    "manifest-notifications",
    '"dynamic": True',
    '"dynamic": True, "notifications": ["mine"]',
    /result\.notifications/,
    /objects with a method/,
  ],
  [
    "featurebits",
    "manifest-featurebits",
    '"dynamic": True',
    '"dynamic": True, "featurebits": {"node": "80000000000000000000000000"}',
    /Custom featurebits only allows/,
    /Take featurebits out while you develop/,
  ],
  [
    "custommessages that are none",
    "manifest-custommessages",
    '"dynamic": True',
    '"dynamic": True, "custommessages": ["x"]',
    /not a u16/,
    /numbers from 0 to 65535/,
  ],
  [
    "ids that must be numbers",
    "manifest-nonnumericids",
    '"dynamic": True',
    '"dynamic": True, "nonnumericids": False',
    /does not allow nonnumericids/,
    /Take the id as it comes/,
  ],
  [
    "deprecated of no version",
    "manifest-deprecated-shape",
    OPTIONS,
    '{"name": "f", "type": "string", "description": "d", "deprecated": ["soon"]}',
    /invalid "deprecated" start version soon/,
    /one or two versions/,
  ],
  [
    "cancheck as a text",
    "manifest-cancheck",
    '"dynamic": True',
    '"dynamic": True, "cancheck": "yes"',
    /Invalid cancheck/,
    /without quotes/,
  ],
];

const MANIFEST_FAULTS = FAULTS.map(
  ([what, row, from, to, words, ours]): BrokenPlugin => ({
    what,
    row,
    name: "p.py",
    text: python([from, to]),
    says: [words, ours],
  }),
);

const MANIFESTS: readonly BrokenPlugin[] = [
  {
    what: "no options member",
    row: "manifest-options-missing",
    name: "p.py",
    text: python(['"options": [', '"optiones": [']),
    says: [/"result\.options" was not found/, /Add "options": \[\] to the manifest/],
  },
  {
    what: "no usage",
    row: "manifest-usage-missing",
    name: "p.py",
    text: python([METHODS, '[{"name": "brokenmethod"}]']),
    says: [/"usage" not provided by plugin/, /Add "usage": ""/],
  },
  {
    what: "a method twice",
    row: "method-clash",
    name: "p.py",
    text: python([METHODS, '[{"name": "twice", "usage": ""}, {"name": "twice", "usage": ""}]']),
    says: [/Could not register method "twice"/, /lists the method twice twice/],
  },
  {
    what: "an option in capitals",
    row: "manifest-option-name",
    name: "p.py",
    text: python([OPTIONS, '{"name": "Foo", "type": "string", "description": "d"}']),
    says: [/must be lowercase alphanumeric/, /a to z, 0 to 9/],
  },
  {
    what: "an option without a description",
    row: "manifest-option-members",
    name: "p.py",
    text: python([OPTIONS, '{"name": "foo_opt", "type": "string"}']),
    says: [/An option is missing either/, /lacks name, type or description/],
  },
  {
    what: "an option of a type that is none",
    row: "manifest-option-type",
    name: "p.py",
    text: python([OPTIONS, '{"name": "foo_opt", "type": "number", "description": "d"}']),
    says: [/options are supported/, /Use string, string-conceal, int, bool or flag/],
  },
  {
    what: "a default of another type",
    row: "manifest-option-default",
    name: "p.py",
    text: python(['"type": "int", "default": 1', '"type": "int", "default": "one"']),
    says: [/Invalid default 'one'/, /default does not fit its type/],
  },
  {
    what: "an option that the node has itself",
    row: "option-clash",
    name: "p.py",
    text: python(['"name": "foo_opt"', '"name": "log-level"']),
    says: [/Option "log-level" already registered/, /lightningd itself has an option log-level/],
  },
  {
    what: "a hook that is none",
    row: "manifest-unknown-hook",
    name: "p.py",
    text: python(['    "dynamic": True,', '    "dynamic": True, "hooks": ["peer_conected"],']),
    says: [/Unknown hook name peer_conected/, /Did you mean peer_connected/],
  },
  {
    what: "a native topic as its own",
    row: "manifest-native-topic",
    name: "p.py",
    text: python([
      '    "dynamic": True,',
      '    "dynamic": True, "notifications": [{"method": "connect"}],',
    ]),
    says: [/native notification topic "connect"/, /use subscriptions/],
  },
  {
    what: "dynamic as a text",
    row: "manifest-switch-type",
    name: "p.py",
    text: python(['"dynamic": True', '"dynamic": "yes"']),
    says: [/invalid "dynamic" field/, /dynamic must be true or false, without quotes/],
  },
];

const NODES: readonly BrokenPlugin[] = [
  {
    what: "console.log",
    row: "stray-print",
    name: "p.js",
    text: node(["function send", 'console.log("listening on", 8080);\nfunction send']),
    says: [/Failed to parse/, /p\.js:7 prints to stdout/, /console\.error/, /listening on/],
  },
  {
    what: "a name that is not there (JavaScript)",
    row: "exception",
    name: "p.js",
    text: node(["return request.method", "return reqest.method"]),
    says: [/ReferenceError: reqest is not defined at \S+p\.js:11/, /return reqest\.method/],
  },
  {
    what: "a syntax error (JavaScript)",
    row: "syntax-error",
    name: "p.js",
    text: node(["dynamic: true,", "dynamic: ,"]),
    says: [/the code cannot be read at \S+p\.js:5/, /SyntaxError: Unexpected token/],
  },
  {
    what: "a package that is not installed",
    row: "node-module",
    name: "p.js",
    text: node(["const manifest", 'const x = require("clightningjs-nowhere");\nconst manifest']),
    says: [
      /requires clightningjs-nowhere, which is not installed/,
      /npm install clightningjs-nowhere/,
    ],
  },
  {
    what: "import in a CommonJS package",
    row: "import-in-commonjs",
    name: "p.js",
    text: node(["const manifest", 'import fs from "fs";\nconst manifest']),
    beside: { "package.json": '{"type": "commonjs"}' },
    says: [/takes the file for CommonJS/, /Name it \.mjs/],
  },
  {
    what: "require in an ES module",
    row: "require-in-module",
    name: "p.mjs",
    text: NODE,
    says: [/takes the file for an ES module/, /Name it \.cjs/],
  },
  {
    what: "a rejection that nobody handles",
    row: "exception",
    name: "p.js",
    text: node(["  send({", '  Promise.reject(new Error("lost"));\n  if (0) send({']),
    says: [/Error: lost at \S+p\.js:16/],
  },
  {
    what: "not dynamic (JavaScript)",
    row: "not-dynamic",
    name: "p.js",
    text: node(["  dynamic: true,\n", ""]),
    says: [
      /Not a dynamic plugin/,
      /Add dynamic: true to the result of getmanifest, beside rpcmethods in \S+p\.js:4/,
    ],
  },
];

const NODE_INIT: readonly BrokenPlugin[] = [
  {
    what: "init answered with an error that has its stack as data (Node)",
    row: "init-error",
    name: "p.js",
    text: node([
      "  send({ jsonrpc",
      `  if (request.method === "init") {
    const error = new Error("no database");
    return send({ jsonrpc: "2.0", id: request.id, error: { code: -2, message: error.message, data: error.stack } });
  }
  send({ jsonrpc`,
    ]),
    initError: true,
    says: [/\(-2\) no database/, /p\.js:17/, /new Error\("no database"\)/],
  },
];

const SHELLS: readonly BrokenPlugin[] = [
  {
    what: "an echo (shell)",
    row: "stray-print",
    name: "p.sh",
    text: shell(["while", 'echo "ready to go"\nwhile']),
    says: [/Failed to parse/, /p\.sh:3 prints to stdout/, /echo \.\.\. >&2/],
  },
  {
    what: "a program that is not there (shell)",
    row: "command-not-found",
    name: "p.sh",
    text: shell(["while", "nowhere_program --x || exit 3\nwhile"]),
    says: [/runs a program that is not there: nowhere_program/, /p\.sh:3/, /the node's PATH/],
  },
  {
    what: "no loop (shell)",
    row: "no-loop",
    name: "p.sh",
    text: shell(["while read -r line; do", "read -r line; if true; then"], ["done\n", "fi\n"]),
    says: [/exited before (replying to|we sent) init/, /while read -r line; do/],
  },
  {
    what: "a program that env does not find",
    name: "p.sh",
    text: edit(SHELL, ["#!/bin/sh", "#!/usr/bin/env nosuchshell"]),
    says: [/env for nosuchshell, which is not on the PATH/],
  },
];

const COMPILED: readonly BrokenPlugin[] = [
  {
    what: "a null pointer (C)",
    row: "signal",
    name: "p.c",
    needs: "gcc",
    text: c(['member(line, "\\"id\\"")', 'member(line, "nothere")'], ["if (!id) continue;", ""]),
    says: [/ended by SIGSEGV/, /debugger/],
  },
  {
    what: "a failed assertion (C)",
    row: "exception",
    name: "p.c",
    needs: "gcc",
    text: c(
      ["#include <stdio.h>", "#include <stdio.h>\n#include <assert.h>"],
      [
        "char *line = malloc(1 << 16);",
        'char *line = malloc(1 << 16); assert(line == NULL && "never");',
      ],
    ),
    says: [/Assertion .*never.* failed/, /p\.c:10/],
  },
  {
    what: "a printf (C)",
    row: "stray-print",
    name: "p.c",
    needs: "gcc",
    text: c(["char *line = malloc", 'printf("hello from C\\n"); char *line = malloc']),
    says: [/Failed to parse/, /hello from C/, /fprintf\(stderr/],
  },
  {
    what: "source code instead of the program",
    name: "main.go",
    text: "package main\n",
    says: [/is source code/, /go build/],
  },
];

export const BROKEN: readonly BrokenPlugin[] = [
  ...TUTORIAL,
  ...PYTHONS,
  ...MANIFESTS,
  ...MANIFEST_FAULTS,
  ...NODES,
  ...NODE_INIT,
  ...SHELLS,
  ...COMPILED,
];
