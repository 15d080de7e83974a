#!/usr/bin/env python3
"""A Core Lightning plugin without dependencies: an option, a method, a call to the node.

Try it:  cln-dev watch examples/hello.py --embedded --call hello
Then change GREETING, or anything else, and save.
"""
import json
import os
import socket
import sys

GREETING = "Hello"

MANIFEST = {
    "dynamic": True,
    "options": [
        {"name": "hello-name", "type": "string", "default": "world", "description": "Whom to greet"}
    ],
    "rpcmethods": [
        {"name": "hello", "usage": "[name]", "description": "Greets somebody"},
        {"name": "hello-node", "usage": "", "description": "Asks the node who it is"},
    ],
}

options = {}
rpc_file = None


def hello(params):
    name = params.get("name") if isinstance(params, dict) else next(iter(params), None)
    return {"greeting": f"{GREETING}, {name or options['hello-name']}!"}


def hello_node(_params):
    info = call_node("getinfo")
    return {"id": info["id"], "network": info["network"]}


def call_node(method, params=None):
    """One call to lightningd, on a new connection."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(rpc_file)
        request = {"jsonrpc": "2.0", "id": "hello", "method": method, "params": params or {}}
        connection.sendall(json.dumps(request).encode())
        answer = b""
        while True:
            answer += connection.recv(65536)
            try:
                return json.loads(answer)["result"]
            except json.JSONDecodeError:
                continue


def log(message, level="info"):
    send({"method": "log", "params": {"level": level, "message": message}})


def init(params):
    global rpc_file
    options.update(params["options"])
    configuration = params["configuration"]
    rpc_file = os.path.join(configuration["lightning-dir"], configuration["rpc-file"])
    log(f"ready to greet {options['hello-name']}")
    return {}


def send(message):
    print(json.dumps({"jsonrpc": "2.0", **message}), end="\n\n", flush=True)


METHODS = {
    "getmanifest": lambda _params: MANIFEST,
    "init": init,
    "hello": hello,
    "hello-node": hello_node,
}

# lightningd sends one JSON object a line, and an empty line after each.
for line in sys.stdin:
    if line.strip():
        request = json.loads(line)
        try:
            send({"id": request["id"], "result": METHODS[request["method"]](request["params"])})
        except Exception as error:  # The caller gets the error; the plugin keeps running.
            send({"id": request["id"], "error": {"code": -32603, "message": repr(error)}})
