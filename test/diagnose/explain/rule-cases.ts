/** Failures with what is said of them, word for word: files and output in, reason and fix out. */
import type { ExplainContext } from "../../../src/diagnose/explain/explanation.js";
import type { PluginFile } from "../../../src/plugin/file/plugin-file.js";
import type { HandshakeEnd } from "../../../src/plugin/handshake/handshake.js";

export interface RuleCase {
  readonly rule: string;
  /** The files, the plugin first; `/P/` stands for their folder. */
  readonly files: Readonly<Record<string, string>>;
  readonly language?: PluginFile["language"];
  /** What runs it. */
  readonly by?: string;
  readonly stderr?: string;
  readonly stray?: readonly string[];
  readonly end?: HandshakeEnd;
  /** The node's message, if it is not that of a plugin that exits before getmanifest. */
  readonly message?: string;
  readonly context?: Partial<ExplainContext>;
  readonly reason: string;
  readonly fix: string;
}

export const exited = (code = 1, phase: "getmanifest" | "init" = "getmanifest"): HandshakeEnd => ({
  kind: "exited",
  phase,
  code,
  signal: null,
});
const hung: HandshakeEnd = { kind: "timeout", phase: "getmanifest", ms: 900, answersAtEof: false };
export const BEFORE = "exited before replying to getmanifest";
const HANG = "timed out before replying to getmanifest";

export function trace(line: number, code: string, error: string, file = "/P/p.py"): string {
  return `Traceback (most recent call last):\n  File "${file}", line ${line}, in <module>\n    ${code}\n${error}\n`;
}
const missing = (module: string) =>
  trace(1, `import ${module}`, `ModuleNotFoundError: No module named '${module}'`);

const MODULES: readonly RuleCase[] = [
  {
    rule: "python-module",
    files: { "p.py": "import jsn" },
    stderr: missing("jsn"),
    reason: "/usr/bin/python3 has no module jsn",
    fix: "Did you mean json?",
  },
  {
    rule: "python-module",
    files: { "p.py": "import yml" },
    stderr: missing("yml"),
    reason: "/usr/bin/python3 has no module yml",
    fix: "Did you mean xml or yaml?",
  },
  {
    rule: "python-module",
    files: { "p.py": "import xyzzyfoo" },
    stderr: missing("xyzzyfoo"),
    context: { environment: { differing: ["HOME"], onlyHere: [], pythonPath: undefined } },
    reason:
      "/usr/bin/python3 has no module xyzzyfoo; it runs with this shell's environment, and the node's differs in HOME",
    fix: "Use the Python of a virtual environment in the #! line: it needs no variables",
  },
  {
    rule: "python-module",
    files: { "p.py": "import helper", "Helper.py": "" },
    stderr: missing("helper"),
    reason: "/usr/bin/python3 has no module helper, but Helper is beside it",
    fix: "Did you mean Helper?",
  },
  {
    rule: "python-module",
    files: { "p.py": "import xyzzyfoo" },
    stderr: missing("xyzzyfoo"),
    reason: "/usr/bin/python3 has no module xyzzyfoo",
    fix: "Check the spelling; if it is right, install the package that has it for /usr/bin/python3",
  },
  {
    rule: "python-module",
    files: { "p.py": "import cv2" },
    stderr: missing("cv2"),
    reason: "/usr/bin/python3 has no module cv2",
    fix: "/usr/bin/python3 -m pip install opencv-python",
  },
  {
    rule: "python-module",
    files: { "p.py": "from lightning import Plugin" },
    stderr: missing("lightning"),
    reason: "/usr/bin/python3 has no module lightning",
    fix: "/usr/bin/python3 -m pip install pyln-client, and write: from pyln.client import Plugin",
  },
  {
    rule: "python-module",
    files: { "p.py": "import zmq", "requirements.txt": "pyzmq\n" },
    stderr: missing("zmq"),
    reason: "/usr/bin/python3 has no module zmq",
    fix: "/usr/bin/python3 -m pip install -r /P/requirements.txt",
  },
  {
    rule: "python-module",
    files: {
      "p.py": "import xyzzyfoo",
      ".venv/bin/python3": "",
      ".venv/lib/python3.11/site-packages/xyzzyfoo/__init__.py": "",
    },
    stderr: missing("xyzzyfoo"),
    reason: "/usr/bin/python3 has no module xyzzyfoo",
    fix: "/P/.venv/bin/python3 has it: write #!/P/.venv/bin/python3 as the first line, or install it for this Python",
  },
  {
    rule: "python-module",
    files: { "p.py": "#!x\n# /// script\n# dependencies = [\n# ]\n# ///\nimport requests" },
    by: "/usr/bin/uv",
    stderr: missing("requests"),
    reason: "its Python has no module requests",
    fix: 'Add "requests" to dependencies at /P/p.py:3',
  },
  {
    rule: "python-module",
    files: { "p.py": "import requests" },
    by: "/usr/bin/uv",
    stderr: missing("requests"),
    reason: "its Python has no module requests",
    fix: 'uv looks for its project from the node\'s directory: write #!/usr/bin/env -S uv run --script, and list "requests" in a "# /// script" block',
  },
  {
    rule: "python-module",
    files: { "p.sh": "exec python3 main.py" },
    language: "shell",
    by: "/bin/sh",
    stderr: missing("requests"),
    reason: "its Python has no module requests",
    fix: "Install requests for the Python that the script starts",
  },
  {
    rule: "python-module",
    files: { "p.py": "import mymod" },
    stderr: missing("mymod"),
    context: { environment: { differing: [], onlyHere: ["PYTHONPATH"], pythonPath: "/opt/x" } },
    reason:
      "/usr/bin/python3 has no module mymod; here PYTHONPATH has /opt/x, which the node's environment does not have",
    fix: "Check the spelling; if it is right, install the package that has it for /usr/bin/python3",
  },
  {
    rule: "disabled-for-module",
    files: { "p.py": "" },
    message: "disabled itself: No module named 'yaml'",
    reason: "the plugin itself refuses to run: /usr/bin/python3 has no module yaml",
    fix: "/usr/bin/python3 -m pip install pyyaml",
  },
  {
    rule: "node-module",
    language: "node",
    files: { "p.js": "", "package.json": '{"dependencies":{"clightningjs":"^1"}}' },
    stderr: "Error: Cannot find module 'clightningjs'\n    at require (/P/p.js:1:1)\n",
    reason:
      "it requires clightningjs, which is not installed beside it, although /P/package.json lists it",
    fix: "cd /P && npm install",
  },
  {
    rule: "node-module",
    language: "node",
    files: { "p.js": "", "helper.js": "" },
    stderr: "Error: Cannot find module './helpr'\n    at require (/P/p.js:1:1)\n",
    reason: "it requires ./helpr, which does not exist",
    fix: "Did you mean helper?",
  },
  {
    rule: "node-module",
    language: "node",
    files: { "p.js": "" },
    stderr: "Error: Cannot find module 'chiled_process'\n    at require (/P/p.js:1:1)\n",
    reason: "it requires chiled_process, which is not installed beside it",
    fix: "Did you mean child_process?",
  },
  {
    rule: "other-module",
    language: "other",
    by: "/usr/bin/perl",
    files: { "p.pl": "" },
    stderr:
      "Can't locate No/Such.pm in @INC (you may need to install the No::Such module) at /P/p.pl line 2.\n",
    reason: "it needs No::Such, which is not installed",
    fix: "Check the spelling; if it is right, install it for /usr/bin/perl",
  },
];

const CODE: readonly RuleCase[] = [
  {
    rule: "python-too-old",
    files: { "p.py": "type X = int\n" },
    stderr: '  File "/P/p.py", line 1\n    type X = int\n         ^\nSyntaxError: invalid syntax\n',
    context: { pythonVersion: "3.11" },
    reason:
      "Python 3.11 runs it, and the code at /P/p.py:1 needs 3.12: SyntaxError: invalid syntax",
    fix: "Let the #! line name a Python of 3.12 or newer, or write that line for the older one",
  },
  {
    rule: "syntax-error",
    files: { "p.py": "type X = int\n" },
    stderr: '  File "/P/p.py", line 1\n    type X = int\n         ^\nSyntaxError: invalid syntax\n',
    context: { pythonVersion: "3.12" },
    reason: "the code cannot be read at /P/p.py:1: SyntaxError: invalid syntax",
    fix: "Fix that line and save",
  },
  {
    rule: "syntax-error",
    language: "shell",
    files: { "p.sh": "while read -r line; do\n  if then echo x\ndone\n" },
    stderr:
      "/P/p.sh: line 2: syntax error near unexpected token `then'\n/P/p.sh: line 2: `  if then echo x'\n",
    reason: "the code cannot be read at /P/p.sh:2: syntax error near unexpected token `then'",
    fix: "Fix that line and save",
  },
  {
    rule: "syntax-error",
    language: "php",
    files: { "p.php": "<?php\n}}\n" },
    stderr: "PHP Parse error:  Unmatched '}' in /P/p.php on line 2\n",
    reason: "the code cannot be read at /P/p.php:2: Parse error: Unmatched '}'",
    fix: "Fix that line and save",
  },
  {
    rule: "exception",
    language: "other",
    files: { "p.lua": "" },
    stderr: "lua: /P/p.lua:6: attempt to index a nil value (global 'nosuch')\n",
    reason: "it crashed at /P/p.lua:6: attempt to index a nil value (global 'nosuch')",
    fix: "Fix that line and save",
  },
  {
    rule: "exception",
    language: "rust",
    files: { p: "" },
    stderr: "Error: no socket\n",
    reason: "it crashed: Error: no socket",
    fix: "Fix the cause and save",
  },
  {
    rule: "failed-and-waits",
    language: "shell",
    files: { "p.sh": "" },
    stderr: "/P/p.sh: line 4: /nonexistent/x: No such file or directory\n",
    end: hung,
    message: HANG,
    reason:
      "it failed at /P/p.sh:4 (/nonexistent/x: No such file or directory), is still running, and does not answer getmanifest",
    fix: "Fix that line and save",
  },
  {
    rule: "no-answer-and-exit",
    files: { "p.py": "import sys\nsys.stdin.readline()\n" },
    end: exited(0),
    reason: "it reads stdin, and exited with code 0 without answering getmanifest",
    fix: 'Write {"jsonrpc": "2.0", "id": <its id>, "result": {"dynamic": true, "options": [], "rpcmethods": []}} to stdout (print(..., flush=True)), then keep reading: init comes next',
  },
  {
    rule: "no-loop",
    files: { "p.py": "import sys\nsys.stdin.readline()\n" },
    end: exited(0, "init"),
    message: "exited before replying to init",
    reason: "it answered getmanifest, and exited with code 0 without answering init",
    fix: 'Answer init with "result": {}, and keep reading until stdin ends: for line in sys.stdin: (or plugin.run() with pyln-client)',
  },
];

const SURROUNDINGS: readonly RuleCase[] = [
  {
    rule: "pyenv-version",
    by: "/home/me/.pyenv/shims/python3.7",
    files: { "p.py": "" },
    stderr:
      "pyenv: python3.7: command not found\n\nThe `python3.7' command exists in these Python versions:\n  3.7.16\n",
    end: exited(127),
    reason: "pyenv has no python3.7 in its active version; version 3.7.16 has it",
    fix: "Write #!/home/me/.pyenv/versions/3.7.16/bin/python3.7 as the first line",
  },
  {
    rule: "command-not-found",
    by: "/home/me/bin/mynode",
    files: { "p.js": "" },
    language: "node",
    stderr: "/usr/bin/env: ‘mynode’: No such file or directory\n",
    end: exited(127),
    reason: "the node's PATH has no mynode; here it is /home/me/bin/mynode",
    fix: "Write #!/home/me/bin/mynode as its first line, or start the node with your PATH",
  },
  {
    rule: "environment-variable",
    files: { "p.py": "" },
    stderr: trace(2, "K = os.environ['MY_API_URL']", "KeyError: 'MY_API_URL'"),
    context: {
      environment: { differing: [], onlyHere: ["x(", "MY_API_URL"], pythonPath: undefined },
    },
    reason:
      "MY_API_URL is set here, but not in the node's environment (KeyError: 'MY_API_URL' at /P/p.py:2)",
    fix: "Start the node with MY_API_URL, or make it an option of the plugin",
  },
  {
    rule: "environment",
    files: { "p.py": "" },
    stderr: trace(2, "x()", "ImportError: libx.so: cannot open shared object file"),
    context: {
      environment: { differing: ["LD_LIBRARY_PATH"], onlyHere: [], pythonPath: undefined },
    },
    reason:
      "it runs with this shell's environment but not with the node's; they differ in LD_LIBRARY_PATH (ImportError: libx.so: cannot open shared object file)",
    fix: "Set what the plugin needs in the plugin itself or in its options, or start the node with it",
  },
  {
    rule: "hidden-path",
    files: { "p.py": "" },
    end: { kind: "passed" },
    context: {
      trace: {
        error: "FileNotFoundError: [Errno 2] No such file or directory: '/home/me/data'",
        frames: [],
      },
    },
    reason:
      "the node cannot see a file that exists here: FileNotFoundError: [Errno 2] No such file or directory: '/home/me/data'",
    fix: "Check the node's service file (ProtectHome, PrivateTmp, ReadWritePaths) or its user, and give it that path",
  },
  {
    rule: "state-file-cut",
    files: { "p.py": "" },
    stderr: trace(
      2,
      "json.load(f)",
      "json.decoder.JSONDecodeError: Expecting value: line 1 column 9 (char 8)",
    ),
    context: { cutFile: "/P/state.json" },
    reason:
      "/P/state.json was written while the previous version was stopped, and is probably cut off (json.decoder.JSONDecodeError: Expecting value: line 1 column 9 (char 8)): a plugin ends by SIGKILL unless it subscribes to shutdown",
    fix: "Restore or delete /P/state.json; write it to a temporary file and rename that, or subscribe to shutdown",
  },
];

const OUTPUT: readonly RuleCase[] = [
  {
    rule: "stray-print",
    files: { "p.py": 'def f(n):\n    print(f"debug {n}")\n' },
    message:
      'Failed to parse RPC JSON response \'??debug 3?{"jsonrpc": "2.0", "id": "x", "result": {}}??\'',
    reason: "it printed `debug 3` to stdout (/P/p.py:2), which is reserved for JSON-RPC",
    fix: "Print it to stderr, print(..., file=sys.stderr), or log it",
  },
  {
    rule: "stray-print",
    files: { "p.py": "def f(text):\n    print(text)\n" },
    message: "Failed to parse RPC JSON response 'init done BAR\n'",
    reason:
      "it printed `init done BAR` to stdout (probably /P/p.py:2), which is reserved for JSON-RPC",
    fix: "Print it to stderr, print(..., file=sys.stderr), or log it",
  },
  {
    rule: "not-utf8",
    files: { "p.py": "" },
    message: `Failed to parse RPC JSON response '??{"jsonrpc":"2.0","method":"log","params":{"message":"?"}}?'`,
    reason: "what it wrote reads as JSON, so probably it holds bytes that are not UTF-8",
    fix: "Encode messages as UTF-8, and decode input before you put it into them",
  },
  {
    rule: "broken-json",
    files: { "p.py": "" },
    message: "Failed to parse JSON response '{\"a\"= 1}'",
    reason: 'it wrote something that is not JSON: `{"a"= 1}`',
    fix: "Let a JSON library write the messages, one whole object each",
  },
  {
    rule: "broken-by-command",
    language: "shell",
    files: { "p.sh": "" },
    stderr: "/P/p.sh: line 4: jqq: command not found\n",
    message: 'Failed to parse RPC JSON response \'{"jsonrpc":"2.0","id":,"result":{}}\'',
    reason:
      "the script runs a program that does not exist: jqq: command not found at /P/p.sh:4, so what it wrote is not valid JSON",
    fix: "Install it, or write its absolute path: the node's PATH is not the one of your shell",
  },
  {
    rule: "hook-error",
    files: { "p.py": "" },
    message: 'Plugin p.py for rpc_command returned non-result response {"error": {}}',
    reason: "it answered the hook rpc_command with an error, at which a real lightningd exits",
    fix: 'Always answer hooks with a result, such as {"result": "continue"}, also when something fails inside',
  },
  {
    rule: "no-jsonrpc",
    files: { "p.py": "print('{\"count\": 1}')\n" },
    message: 'JSON-RPC message does not contain "jsonrpc" field: \'{"count": 1}\'',
    reason: 'it wrote an object that is not a JSON-RPC message: `{"count": 1}` (/P/p.py:1)',
    fix: 'Put "jsonrpc": "2.0" into every message, and print other objects to stderr',
  },
];

const NODE: readonly RuleCase[] = [
  {
    rule: "option-clash",
    files: { "p.py": "" },
    message: 'Option "foo_opt" already registered',
    context: {
      configs: { foo_opt: { plugin: "/x/myplugin.js" } },
      node: { lightningDir: "/tmp/l1", network: "regtest" },
    },
    reason: "/x/myplugin.js has an option foo_opt already",
    fix: "Stop that one (cln-dev stop /x/myplugin.js --lightning-dir=/tmp/l1 --network=regtest), or rename the option: names are shared by all plugins, so begin them with the plugin's name",
  },
  {
    rule: "not-dynamic",
    language: "node",
    files: {
      "p.js": 'const Plugin = require("./lib.js");\nnew Plugin({ dynamic: false });\n',
      "lib.js": "// rpcmethods\n",
    },
    message: "Not a dynamic plugin",
    reason:
      "its manifest does not say that it is dynamic, so it can only be started together with the node",
    fix: "Change false to true at /P/p.js:2",
  },
  {
    rule: "not-dynamic",
    files: { "p.py": 'X = {"dynamic": False, "featurebits": {"init": "02"}}\n' },
    message: "Not a dynamic plugin",
    reason:
      "its manifest does not say that it is dynamic, so it can only be started together with the node",
    fix: "Remove featurebits while you develop, and change false to true at /P/p.py:1",
  },
  {
    rule: "too-many-files",
    files: { "p.py": "" },
    message: "opening pipe: Too many open files",
    reason: "the node may open no more files",
    fix: "Raise its limit (ulimit -n 4096) and restart it",
  },
  {
    rule: "unmanageable",
    files: { "p.py": 'manifest = {"dynamic": True}\n' },
    message: "p.py cannot be managed when lightningd is up",
    reason:
      'the running one was started without "dynamic": true, or has not answered getmanifest yet; the file says it now',
    fix: "Restart the node once",
  },
  {
    rule: "stopped-in-call",
    files: { "p.py": "" },
    message: "stopped by lightningd via RPC",
    reason: "the plugin was stopped or reloaded during this call",
    fix: "Make the call again",
  },
  {
    rule: "died-later",
    files: { "p.py": "" },
    end: { kind: "passed" },
    message: "exited during normal operation",
    reason: "it exited while running; the reason went to the node's stderr",
    fix: 'If a call did it, make it with cln-dev, which repeats it offline and shows the traceback: --call "<method>" in the session, or cln-dev call <method>',
  },
  {
    rule: "died-again",
    files: { "p.py": "" },
    end: { kind: "exited", phase: "running", code: 3, signal: null },
    message: "exited during normal operation",
    reason: "it exits by itself (code 3), offline too",
    fix: "Fix the cause and save",
  },
  {
    rule: "died-again",
    files: { "p.py": "" },
    stderr: "no more room",
    end: { kind: "exited", phase: "running", code: null, signal: "SIGKILL" },
    message: "exited during normal operation",
    reason: "it is killed by SIGKILL, offline too; its output is below",
    fix: "Fix the cause and save",
  },
  {
    rule: "died-again",
    files: { "p.py": "" },
    end: { kind: "exited", phase: "running", code: null, signal: null },
    message: "exited during normal operation",
    reason: "it closes its stdout, which ends it for the node, offline too",
    fix: "Fix the cause and save",
  },
  {
    rule: "died-with-words",
    files: { "p.py": "" },
    end: { kind: "passed" },
    message: "exited during normal operation",
    context: { stderr: "loading\ncert file missing\n" },
    reason: "it exited while running; its last line on stderr is: cert file missing",
    fix: 'If a call did it, make it with cln-dev, which repeats it offline and shows the traceback: --call "<method>" in the session, or cln-dev call <method>',
  },
];

export const RULE_CASES: readonly RuleCase[] = [
  ...MODULES,
  ...CODE,
  ...SURROUNDINGS,
  ...OUTPUT,
  ...NODE,
];
