/** What a developer does wrong on the way of the well-known first-plugin tutorial. */
import { type BrokenPlugin, edit, manifest, PYTHON, python } from "./plugins.js";

export const TUTORIAL: readonly BrokenPlugin[] = [
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
    says: [/no #! line/, /Add this as the first line: #!\/usr\/bin\/env python3/],
  },
  {
    what: "ends before getmanifest",
    rule: "no-reading",
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
    rule: "exception",
    name: "p.py",
    text: python(["import json, sys", "import sys"]),
    says: [
      /exited before replying to getmanifest/,
      /it crashed at \S+: NameError: name 'json' is not defined/,
      /p\.py:29 in main/,
      /request = json\.loads\(line\)/,
      /exited before replying to getmanifest/,
    ],
  },
  {
    what: "a print on stdout",
    rule: "stray-print",
    name: "p.py",
    text: python(["def main():\n", 'def main():\n    print("starting up")\n']),
    says: [
      /Failed to parse (RPC )?JSON response/,
      /it printed `starting up` to stdout \(\S+p\.py:27\), which is reserved for JSON-RPC/,
      /print\(\.\.\., file=sys\.stderr\)/,
      /starting up/,
      /print\("starting up"\)/,
    ],
  },
  {
    what: "a Python dictionary instead of JSON",
    rule: "python-dictionary",
    name: "p.py",
    text: python(["json.dumps(message)", "str(message)"]),
    says: [
      /Failed to parse (RPC )?JSON response/,
      /Python dictionary instead of JSON/,
      /json\.dumps/,
    ],
  },
  {
    what: "no jsonrpc member",
    rule: "no-jsonrpc",
    name: "p.py",
    text: python(['"jsonrpc": "2.0", "id"', '"id"']),
    says: [/does not contain "jsonrpc" field/, /Put "jsonrpc": "2\.0" into every message/],
  },
  {
    what: "ends before init",
    rule: "no-loop",
    name: "p.py",
    text: python([
      "                serve(request)\n",
      "                serve(request)\n                return\n",
    ]),
    says: [
      /exited before (replying to|we sent) init/,
      /answered getmanifest, and exited with code 0 without answering init/,
      /for line in sys\.stdin/,
    ],
  },
  {
    what: "no loop: ends after init",
    rule: "died-no-loop",
    name: "p.py",
    text: python([
      "                serve(request)\n",
      '                serve(request)\n                if request["method"] == "init":\n                    return\n',
    ]),
    diesLater: true,
    says: [/exited with code 0 right after init/, /for line in sys\.stdin/],
  },
  {
    what: "not dynamic",
    rule: "not-dynamic",
    name: "p.py",
    text: manifest(['    "dynamic": True,\n', ""]),
    says: [
      /Not a dynamic plugin/,
      /Add "dynamic": True to the result of getmanifest, beside rpcmethods in \S+p\.py:10/,
    ],
  },
  {
    what: "an option's name misspelt",
    rule: "unknown-option",
    name: "p.py",
    text: PYTHON,
    options: [{ name: "foo_op", raw: '"BAR"' }],
    says: [/unknown parameter foo_op/, /it has foo_opt, count_opt/, /Did you mean foo_opt\?/],
  },
  {
    what: "a TypeError at run time",
    rule: "died-of-error",
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
      /Run again offline, with the same call: it exited with code 1/,
    ],
  },
];
