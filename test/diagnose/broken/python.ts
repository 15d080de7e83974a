/** Python plugins that are broken. */
import { type BrokenPlugin, edit, PYTHON, python } from "./plugins.js";

export const PYTHONS: readonly BrokenPlugin[] = [
  {
    what: "a syntax error",
    rule: "syntax-error",
    name: "p.py",
    text: python(["def main():", "def main(:"]),
    says: [/the code cannot be read at \S+p\.py:26: SyntaxError/, /def main\(:/],
  },
  {
    what: "wrong indents",
    rule: "syntax-error",
    name: "p.py",
    text: python(["    return {}\n", "   return {}\n"]),
    says: [/IndentationError/, /p\.py:21/],
  },
  {
    what: "a module that is not installed",
    rule: "python-module",
    name: "p.py",
    text: python(["import json, sys", "import json, sys\nfrom pyln.nowhere import Plugin"]),
    says: [/has no module pyln/, /-m pip install pyln-client/, /p\.py:3/],
  },
  {
    what: "an error in a helper beside it",
    rule: "exception",
    name: "p.py",
    text: python(["import json, sys", "import json, sys\nimport helper"]),
    beside: { "helper.py": "def f():\n    raise ValueError('from the helper')\nf()\n" },
    says: [
      /it crashed at \S+helper\.py:2: ValueError: from the helper/,
      /helper\.py:3 in <module>/,
    ],
  },
  {
    what: "an answer that is not flushed",
    rule: "not-flushed",
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
    rule: "hang",
    name: "p.py",
    text: python(["def main():\n", "def main():\n    import time; time.sleep(60)\n"]),
    hangs: true,
    says: [/it waits at \S+p\.py:27 instead of answering getmanifest/, /time\.sleep\(60\)/],
  },
  {
    what: "init is not answered",
    rule: "no-answer",
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
    rule: "exception",
    name: "p.py",
    text: python(["    return {}\n", '    raise RuntimeError("no database")\n']),
    says: [
      /exited before replying to init/,
      /it crashed at \S+p\.py:21: RuntimeError: no database/,
      /exited before replying to init/,
    ],
  },
  {
    what: "init answered with an error",
    rule: "init-error",
    name: "p.py",
    text: python([
      "def serve(request):\n",
      'def serve(request):\n    if request["method"] == "init": return send({"jsonrpc": "2.0", "id": request["id"], "error": {"code": -1, "message": "no key"}})\n',
    ]),
    initError: true,
    says: [/\(-1\) no key/, /lists the plugin as active although/, /Fix its init/],
  },
  {
    what: "an exception in init that is caught and logged, as pyln-client does it",
    rule: "init-error",
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
    rule: "exit-code",
    name: "p.py",
    text: python(["def main():\n", 'def main():\n    sys.exit("set the API address first")\n']),
    says: [/exited with code 1/, /set the API address first/],
  },
  {
    what: "it kills itself",
    rule: "signal",
    name: "p.py",
    text: python(["def main():\n", "def main():\n    import os; os.kill(os.getpid(), 11)\n"]),
    says: [/was killed by SIGSEGV with no output/, /debugger/],
  },
  {
    what: "a port that is taken",
    rule: "address-in-use",
    name: "p.py",
    text: python([
      "def main():\n",
      'def main():\n    import socket\n    a = socket.socket(); a.bind(("127.0.0.1", 0)); a.listen()\n    socket.socket().bind(a.getsockname())\n',
    ]),
    says: [/the address that it listens on is in use, probably/, /Address already in use/],
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
    rule: "disabled",
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
    rule: "disabled",
    name: "p.py",
    text: python(["    return {}\n", '    return {"disable": "wrong network"}\n']),
    says: [/disabled itself at init: wrong network/, /refuses to run: wrong network/],
  },
  {
    what: "getmanifest answered with an error",
    rule: "manifest-error",
    name: "p.py",
    text: python([
      '"result": result_of(request)',
      '"error": {"code": -1, "message": "unknown method"}',
    ]),
    says: [/Invalid\/missing result tok/, /answered getmanifest with an error: unknown method/],
  },
  {
    what: "a wrong log level",
    rule: "log-level",
    name: "p.py",
    text: python([
      "def main():\n",
      'def main():\n    send({"jsonrpc": "2.0", "method": "log", "params": {"level": "warning", "message": "m"}})\n',
    ]),
    says: [/Unknown log-level/, /logged at the level warning/, /trace, debug, info, warn or error/],
  },
  {
    what: "a value that is no number",
    rule: "wrong-value",
    name: "p.py",
    text: PYTHON,
    options: [{ name: "count_opt", raw: '"many"' }],
    says: [/'many' is not a number/, /option count_opt takes a whole number, not many/],
  },
  {
    what: "a value that is too large",
    rule: "wrong-value",
    name: "p.py",
    text: PYTHON,
    options: [{ name: "count_opt", raw: "99999999999999999999" }],
    says: [/is out of range/, /option count_opt takes a whole number/],
  },
  {
    what: "a value that is neither true nor false",
    rule: "wrong-value",
    name: "p.py",
    text: PYTHON,
    options: [{ name: "really_opt", raw: '"maybe"' }],
    says: [/Invalid argument 'maybe'/, /option really_opt takes true or false, not maybe/],
  },
  {
    what: "a message that is no JSON",
    rule: "broken-json",
    name: "p.py",
    text: python(["json.dumps(message)", 'json.dumps(message).replace(":", "=")']),
    says: [
      /Failed to parse (RPC )?JSON response/,
      /it wrote something that is not JSON: `\{"jsonrpc"= /,
    ],
  },
  {
    what: "a log message that is no text",
    rule: "log-message",
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
    rule: "malformed-notification",
    name: "p.py",
    text: python(["def main():\n", 'def main():\n    send({"jsonrpc": "2.0", "params": {}})\n']),
    says: [/Malformed JSON-RPC notification/, /a notification needs method and params/],
  },
  {
    what: "an answer without a result",
    rule: "manifest-no-result",
    name: "p.py",
    text: python(['"result": result_of(request)', '"answer": result_of(request)']),
    says: [/Invalid\/missing result tok/, /has no result that is an object/],
  },
  {
    what: "text without an end, then nothing",
    rule: "stray-and-hang",
    name: "p.py",
    text: python([
      "def main():\n",
      'def main():\n    print("your name? ", end="", flush=True)\n    sys.stdin.read()\n',
    ]),
    hangs: true,
    says: [
      /timed out before replying to getmanifest/,
      /text to stdout that is not JSON-RPC/,
      /your name\?/,
    ],
  },
];
