/** The plugins that `cln-dev init` writes: an option, a method, a subscription, no library. */

export function pythonPlugin(name: string): string {
  return `#!/usr/bin/env python3
"""A Core Lightning plugin. stdout belongs to JSON-RPC: print for people with file=sys.stderr."""
import json
import sys

MANIFEST = {
    "dynamic": True,
    "options": [
        {"name": "${name}-greeting", "type": "string", "default": "Hello",
         "description": "What ${name} says"},
    ],
    "rpcmethods": [
        {"name": "${name}", "usage": "[name]", "description": "Greet somebody"},
    ],
    "subscriptions": ["connect"],
    "hooks": [],
}

options = {}


def send(message):
    sys.stdout.write(json.dumps({"jsonrpc": "2.0", **message}) + "\\n\\n")
    sys.stdout.flush()


def log(text, level="info"):
    send({"method": "log", "params": {"level": level, "message": text}})


def greet(params):
    who = params[0] if isinstance(params, list) and params else "world"
    if isinstance(params, dict):
        who = params.get("name", who)
    return {"greeting": f"{options['${name}-greeting']}, {who}!"}


for line in sys.stdin:
    if not line.strip():
        continue
    request = json.loads(line)
    method, params = request["method"], request.get("params", {})
    if method == "getmanifest":
        result = MANIFEST
    elif method == "init":
        options.update(params["options"])
        result = {}
    elif method == "${name}":
        result = greet(params)
    elif method == "connect":
        log(f"a peer has connected: {params}")
    if "id" in request:
        send({"id": request["id"], "result": result})
`;
}

export function nodePlugin(name: string): string {
  return `#!/usr/bin/env node
// A Core Lightning plugin. stdout belongs to JSON-RPC: print for people with console.error.
const manifest = {
  dynamic: true,
  options: [
    { name: "${name}-greeting", type: "string", default: "Hello", description: "What ${name} says" },
  ],
  rpcmethods: [{ name: "${name}", usage: "[name]", description: "Greet somebody" }],
  subscriptions: ["connect"],
  hooks: [],
};

let options = {};

function send(message) {
  process.stdout.write(JSON.stringify({ jsonrpc: "2.0", ...message }) + "\\n\\n");
}

function log(message, level = "info") {
  send({ method: "log", params: { level, message } });
}

const requests = {
  getmanifest: () => manifest,
  init: (params) => {
    options = params.options;
    return {};
  },
  ${name}: (params) => {
    const who = (Array.isArray(params) ? params[0] : params.name) ?? "world";
    return { greeting: \`\${options["${name}-greeting"]}, \${who}!\` };
  },
};

const notifications = {
  connect: (params) => log(\`a peer has connected: \${JSON.stringify(params)}\`),
};

let text = "";
process.stdin.setEncoding("utf8").on("data", (chunk) => {
  text += chunk;
  for (let end = text.indexOf("\\n\\n"); end >= 0; end = text.indexOf("\\n\\n")) {
    const { id, method, params } = JSON.parse(text.slice(0, end));
    text = text.slice(end + 2);
    if (id === undefined) notifications[method]?.(params);
    else send({ id, result: requests[method](params) });
  }
});
`;
}

export function shellPlugin(name: string): string {
  return `#!/bin/sh
# A Core Lightning plugin. stdout belongs to JSON-RPC: print for people with >&2.
# A message is one line here: what jq would do better is done by sed.

greeting=Hello

field() { # the first text member of that name
  printf '%s' "$request" | sed -n "s/.*\\"$1\\" *: *\\"\\([^\\"]*\\)\\".*/\\1/p"
}
id() { # as it came: a text or a number
  printf '%s' "$request" | sed -n 's/.*"id" *: *\\("[^"]*"\\|[0-9]*\\).*/\\1/p'
}
answer() {
  printf '{"jsonrpc":"2.0","id":%s,"result":%s}\\n\\n' "$(id)" "$1"
}
log() {
  printf '{"jsonrpc":"2.0","method":"log","params":{"level":"info","message":"%s"}}\\n\\n' "$1"
}

while read -r request; do
  case $(field method) in
    getmanifest)
      answer '{"dynamic":true,"options":[{"name":"${name}-greeting","type":"string","default":"Hello","description":"What ${name} says"}],"rpcmethods":[{"name":"${name}","usage":"","description":"Greet the world"}],"subscriptions":["connect"],"hooks":[]}' ;;
    init)
      greeting=$(field ${name}-greeting)
      answer '{}' ;;
    ${name})
      answer "{\\"greeting\\":\\"$greeting, world!\\"}" ;;
    connect)
      log "a peer has connected" ;;
  esac
done
`;
}
