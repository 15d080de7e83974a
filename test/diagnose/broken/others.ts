/** Broken plugins in JavaScript, shell and C. */
import { type BrokenPlugin, c, edit, NODE, node, SHELL, shell } from "./plugins.js";

export const NODES: readonly BrokenPlugin[] = [
  {
    what: "console.log",
    rule: "stray-print",
    name: "p.js",
    text: node(["function send", 'console.log("listening on", 8080);\nfunction send']),
    says: [/Failed to parse/, /to stdout \(\S+p\.js:7\)/, /console\.error/, /listening on/],
  },
  {
    what: "a name that is not there (JavaScript)",
    rule: "exception",
    name: "p.js",
    text: node(["return request.method", "return reqest.method"]),
    says: [
      /it crashed at \S+p\.js:11: ReferenceError: reqest is not defined/,
      /return reqest\.method/,
    ],
  },
  {
    what: "a syntax error (JavaScript)",
    rule: "syntax-error",
    name: "p.js",
    text: node(["dynamic: true,", "dynamic: ,"]),
    says: [/the code cannot be read at \S+p\.js:5/, /SyntaxError: Unexpected token/],
  },
  {
    what: "a package that is not installed",
    rule: "node-module",
    name: "p.js",
    text: node(["const manifest", 'const x = require("clightningjs-nowhere");\nconst manifest']),
    says: [
      /requires clightningjs-nowhere, which is not installed/,
      /Check the spelling; if it is right, install it with npm in/,
    ],
  },
  {
    what: "import in a CommonJS package",
    rule: "import-in-commonjs",
    name: "p.js",
    text: node(["const manifest", 'import fs from "fs";\nconst manifest']),
    beside: { "package.json": '{"type": "commonjs"}' },
    says: [/takes the file for CommonJS/, /Name it \.mjs/],
  },
  {
    what: "require in an ES module",
    rule: "require-in-module",
    name: "p.mjs",
    text: NODE,
    says: [/takes the file for an ES module/, /Name it \.cjs/],
  },
  {
    what: "a rejection that nobody handles",
    rule: "exception",
    name: "p.js",
    text: node(["  send({", '  Promise.reject(new Error("lost"));\n  if (0) send({']),
    says: [/it crashed at \S+p\.js:16: Error: lost/],
  },
  {
    what: "not dynamic (JavaScript)",
    rule: "not-dynamic",
    name: "p.js",
    text: node(["  dynamic: true,\n", ""]),
    says: [
      /Not a dynamic plugin/,
      /Add dynamic: true to the result of getmanifest, beside rpcmethods in \S+p\.js:4/,
    ],
  },
];

export const NODE_INIT: readonly BrokenPlugin[] = [
  {
    what: "init answered with an error that has its stack as data (Node)",
    rule: "init-error",
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

export const SHELLS: readonly BrokenPlugin[] = [
  {
    what: "an echo (shell)",
    rule: "stray-print",
    name: "p.sh",
    text: shell(["while", 'echo "ready to go"\nwhile']),
    says: [/Failed to parse/, /to stdout \(\S+p\.sh:3\)/, /echo \.\.\. >&2/],
  },
  {
    what: "a program that is not there (shell)",
    rule: "command-not-found",
    name: "p.sh",
    text: shell(["while", "nowhere_program --x || exit 3\nwhile"]),
    says: [/runs a program that does not exist: nowhere_program/, /p\.sh:3/, /the node's PATH/],
  },
  {
    what: "no loop (shell)",
    rule: "no-loop",
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

export const COMPILED: readonly BrokenPlugin[] = [
  {
    what: "a null pointer (C)",
    rule: "signal",
    name: "p.c",
    needs: "gcc",
    text: c(['member(line, "\\"id\\"")', 'member(line, "nothere")'], ["if (!id) continue;", ""]),
    says: [/was killed by SIGSEGV/, /debugger/],
  },
  {
    what: "a failed assertion (C)",
    rule: "exception",
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
    rule: "stray-print",
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
