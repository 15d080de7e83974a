"""A plugin that does what its specification says, and records all that it receives.

Imported by the small executable that test/conformance/harness/scripted-plugin.ts writes for each
plugin; the actions are described there. Records are lines of JSON: {"start": ...} first, then
{"in": <the text of a message>}, {"eof": true} at the end of stdin, {"rpc": <answer>} for its own calls.
"""
import os
import select
import sys

# The json module brings the re module with it, which doubles the time that a plugin takes to start.
from _json import encode_basestring, make_scanner

LOOK_SECONDS = 0.004


class Leniently:
    """How make_scanner is to read."""

    strict = False
    object_hook = object_pairs_hook = None
    parse_float = float
    parse_int = int
    parse_constant = float
    memo = {}


read_value = make_scanner(Leniently)


def to_json(value):
    if value is None or value is True or value is False:
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, str):
        return encode_basestring(value)
    if isinstance(value, dict):
        members = (encode_basestring(key) + ": " + to_json(item) for key, item in value.items())
        return "{" + ", ".join(members) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(to_json, value)) + "]"
    return repr(value)


class Plugin:
    def __init__(self, spec, record_path):
        self.spec = spec
        self.record_path = record_path
        self.held = []
        self.text = ""
        self.configuration = {}
        self.reading = True

    def record(self, entry):
        with open(self.record_path, "a", encoding="utf-8", errors="surrogateescape") as file:
            file.write(to_json(entry) + "\n")

    def write(self, text):
        data = text.encode("utf-8", "surrogateescape")
        while data:
            data = data[os.write(1, data) :]

    def send(self, message):
        self.write(to_json({"jsonrpc": "2.0", **message}) + "\n\n")

    def run(self):
        self.record(
            {
                "start": {
                    "pid": os.getpid(),
                    "argv": sys.argv,
                    "cwd": os.getcwd(),
                    "sameGroup": os.getpgrp() == os.getpgid(os.getppid()),
                    "environment": {
                        name: os.environ.get(name)
                        for name in ("LIGHTNINGD_PLUGIN", "LIGHTNINGD_VERSION", "CLN_CONFORMANCE")
                    },
                }
            }
        )
        self.act(None, self.spec.get("begin", []))
        while self.reading or self.held:
            self.turn()

    def turn(self):
        readable, _, _ = select.select(
            [0] if self.reading else [], [], [], LOOK_SECONDS if self.held else None
        )
        if readable:
            self.read()
        still_held = []
        for gate, request, actions in self.held:
            if os.path.exists(self.record_path + "." + gate):
                self.act(request, actions)
            else:
                still_held.append((gate, request, actions))
        self.held = still_held

    def read(self):
        chunk = os.read(0, 1 << 16)
        if not chunk:
            self.record({"eof": True})
            self.reading = False
            self.held = []
            self.act(None, self.spec.get("end", []))
            return
        self.text += chunk.decode("utf-8", "surrogateescape")
        while True:
            self.text = self.text.lstrip()
            try:
                request, end = read_value(self.text, 0)
            except (StopIteration, ValueError, SystemError):
                # Not whole yet. SystemError: what the scanner would raise is in the json module.
                return
            self.record({"in": self.text[:end]})
            self.text = self.text[end:]
            self.answer(request)

    def answer(self, request):
        method = request.get("method")
        if method == "init":
            self.configuration = request["params"]["configuration"]
        actions = self.spec.get("steps", {}).get(method)
        if actions is None:
            if "id" not in request:
                return
            actions = [self.default_action(method)]
        self.act(request, actions)

    def default_action(self, method):
        if method == "getmanifest":
            return {"resultText": self.spec["manifest"]}
        if method in self.spec.get("hooks", []):
            return {"result": {"result": "continue"}}
        return {"result": {}}

    def act(self, request, actions):
        for index, action in enumerate(actions):
            [(verb, value)] = action.items()
            if verb == "hold":
                self.held.append((value, request, actions[index + 1 :]))
                return
            getattr(self, "do_" + verb)(value, request)

    def do_result(self, value, request):
        self.send({"id": request["id"], "result": value})

    def do_resultText(self, value, request):
        request_id = to_json(request["id"])
        self.write('{"jsonrpc":"2.0","id":' + request_id + ',"result":' + value + "}\n\n")

    def do_error(self, value, request):
        self.send({"id": request["id"], "error": value})

    def do_echo(self, value, request):
        self.send({"id": request["id"], "result": {"got": request.get("params")}})

    def do_write(self, value, request):
        self.write(value.replace("$ID", to_json(request["id"]) if request else "null"))

    def do_log(self, value, request):
        self.send({"method": "log", "params": value})

    def do_notify(self, value, request):
        self.send(value)

    def do_message(self, value, request):
        method = value.get("method", "message")
        self.send({"method": method, "params": {"id": request["id"], **value["params"]}})

    def do_stderr(self, value, request):
        os.write(2, value.encode())

    def do_exit(self, value, request):
        os._exit(value)

    def do_kill(self, value, request):
        os.kill(os.getpid(), value)

    def do_closeStdout(self, value, request):
        os.close(1)

    def do_hang(self, value, request):
        while not os.path.exists(self.record_path + "." + value):
            select.select([], [], [], LOOK_SECONDS)

    def do_child(self, value, request):
        """A child that holds the pipes until the gate opens."""
        pid = os.fork()
        if pid == 0:
            self.do_hang(value, request)
            os._exit(0)
        self.record({"child": pid})

    def do_rpc(self, value, request):
        """Calls the node, by the way that init told."""
        self.do_rpcConnect(True, request)
        self.do_rpcSend(value, request)
        self.client.close()

    def do_rpcConnect(self, value, request):
        import socket

        path = os.path.join(self.configuration["lightning-dir"], self.configuration["rpc-file"])
        self.client = socket.socket(socket.AF_UNIX)
        self.client.connect(path)

    def do_rpcSend(self, value, request):
        self.client.sendall(to_json({"jsonrpc": "2.0", "id": "of-plugin", **value}).encode())
        answer = b""
        while not answer.endswith(b"\n\n"):
            chunk = self.client.recv(1 << 16)
            if not chunk:
                break
            answer += chunk
        self.record({"rpc": answer.decode()})


def run(spec, record_path):
    Plugin(read_value(spec, 0)[0], record_path).run()
