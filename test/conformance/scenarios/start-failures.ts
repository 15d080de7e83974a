/** Starts that fail, and the words that say so. */
import { closeSync, copyFileSync, openSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";
import { error, INVALID_PARAMS, PLUGIN_ERROR } from "../harness/answers.js";
import type { NodeUnderTest } from "../harness/node-under-test.js";
import { topic } from "../harness/scenario.js";
import type { Action, PluginSpec } from "../harness/scripted-plugin.js";

/** It failed with that reason, the log has it, and nothing is left of the plugin. */
async function failure(
  node: NodeUnderTest,
  path: string,
  reason: string | undefined,
): Promise<{ answer: object; log: string[]; list: unknown } & Record<string, never>> {
  const answer = await node.start(path);
  if (reason !== undefined) {
    expect(answer).toEqual(error(PLUGIN_ERROR, `${node.normalise(path)}: ${reason}`));
  }
  const list = await node.list();
  expect(list).toEqual([]);
  const source = `plugin-${path.split("/").at(-1)}`;
  return { answer, log: node.logLines(source), list } as never;
}

topic("start failures", (scenario) => {
  scenario("an interpreter that is not there", (node) =>
    failure(
      node,
      node.file("p.py", "#!/no/such/interpreter\n"),
      "opening pipe: No such file or directory",
    ),
  );

  scenario("CRLF in the first line", (node) =>
    failure(
      node,
      node.file("p.py", "#!/usr/bin/env python3\r\nprint(1)\r\n"),
      "exited before replying to getmanifest",
    ),
  );

  scenario("CRLF after an interpreter's path", (node) =>
    failure(node, node.file("p.sh", "#!/bin/sh\r\n"), "opening pipe: No such file or directory"),
  );

  scenario("env that does not find the interpreter", (node) =>
    failure(
      node,
      node.file("p.py", "#!/usr/bin/env no-such-interpreter\n"),
      "exited before replying to getmanifest",
    ),
  );

  scenario("an interpreter that may not be run", (node) =>
    failure(node, node.file("p.py", "#!/etc/passwd\n"), "opening pipe: Permission denied"),
  );

  scenario("a folder", (node) =>
    failure(node, node.subfolder("folder.py"), "opening pipe: Permission denied"),
  );

  scenario("an empty file is run by the shell, and ends", (node) =>
    failure(node, node.file("empty", ""), undefined),
  );

  scenario("without a first line the shell runs it", (node) =>
    failure(node, node.file("p", "exit 3\n"), undefined),
  );

  scenario("a program that is still being written", async (node) => {
    const path = join(node.folder, "program");
    copyFileSync("/bin/true", path);
    const handle = openSync(path, "r+");
    try {
      return await failure(node, path, "opening pipe: Text file busy");
    } finally {
      closeSync(handle);
    }
  });

  scenario("a program that ends at once", async (node) => {
    const path = join(node.folder, "program");
    copyFileSync("/bin/true", path);
    return failure(node, path, "exited before replying to getmanifest");
  });

  const phases: readonly [string, PluginSpec, string | undefined][] = [
    ["it exits at once", { begin: [{ exit: 1 }] }, "exited before replying to getmanifest"],
    ["it exits with 0", { begin: [{ exit: 0 }] }, "exited before replying to getmanifest"],
    [
      "it exits on getmanifest",
      steps("getmanifest", { exit: 2 }),
      "exited before replying to getmanifest",
    ],
    [
      "it is killed on getmanifest",
      steps("getmanifest", { kill: constants.signals.SIGSEGV }),
      "exited before replying to getmanifest",
    ],
    [
      "it closes its stdout on getmanifest",
      steps("getmanifest", { closeStdout: true }, { hang: "never" }),
      "exited before replying to getmanifest",
    ],
    ["it exits on init", steps("init", { exit: 2 }), "exited before replying to init"],
    [
      "it closes its stdout on init",
      steps("init", { closeStdout: true }, { hang: "never" }),
      "exited before replying to init",
    ],
    [
      "text with a brace instead of the manifest",
      { begin: [{ write: "hello {world}\n" }, { hang: "never" }] },
      "Failed to parse RPC JSON response 'hello {world}\n'",
    ],
    [
      "text before the manifest",
      steps(
        "getmanifest",
        { write: "debugging...\n" },
        { write: '{"jsonrpc":"2.0","id":$ID,"result":{}}' },
      ),
      undefined,
    ],
    [
      "an answer without jsonrpc",
      steps("getmanifest", { write: '{"id":1,"result":{}}' }),
      `JSON-RPC message does not contain "jsonrpc" field: '{"id":1,"result":{}}'`,
    ],
    [
      "an array of answers",
      steps("getmanifest", { write: '[{"jsonrpc":"2.0","id":1,"result":{}}]' }),
      undefined,
    ],
    [
      "an error to getmanifest",
      steps("getmanifest", { error: { code: 1, message: "no" } }),
      undefined,
    ],
    ["null to getmanifest", steps("getmanifest", { result: null }), undefined],
    ["an array to getmanifest", steps("getmanifest", { result: [] }), undefined],
    [
      "neither result nor error to getmanifest",
      steps("getmanifest", { write: '{"jsonrpc":"2.0","id":$ID}' }),
      undefined,
    ],
    [
      "invalid UTF-8 in the manifest",
      steps("getmanifest", { write: '{"jsonrpc":"2.0","id":$ID,"result":{"x":"\udcff"}}' }),
      undefined,
    ],
    [
      "text with a brace instead of the answer to init",
      steps("init", { write: "{oops}" }),
      "Failed to parse RPC JSON response '\n\n{oops}'",
    ],
    ["no dynamic in the manifest", { manifest: { dynamic: undefined } }, "Not a dynamic plugin"],
    ["dynamic false in the manifest", { manifest: { dynamic: false } }, "Not a dynamic plugin"],
    [
      "it disables itself in the manifest",
      steps("getmanifest", { result: { disable: "no card here" } }),
      "disabled itself: no card here",
    ],
    [
      "it disables itself in the manifest, without dynamic, options or methods",
      steps("getmanifest", { result: { disable: true, dynamic: false } }),
      "disabled itself: true",
    ],
    [
      "it disables itself at init",
      steps("init", { result: { disable: "wrong chain" } }),
      "disabled itself at init: wrong chain",
    ],
    [
      "it disables itself at init with an escape in the reason",
      steps("init", { result: { disable: 'not "here"\n' } }),
      undefined,
    ],
    [
      "it disables itself at init with false",
      steps("init", { result: { disable: false } }),
      undefined,
    ],
    [
      "a notification without params before the manifest",
      { begin: [{ write: '{"jsonrpc":"2.0","method":"log"}' }] },
      undefined,
    ],
    [
      "a notification without a method before the manifest",
      { begin: [{ write: '{"jsonrpc":"2.0","params":{}}' }] },
      undefined,
    ],
  ];
  for (const [name, spec, reason] of phases) {
    scenario(name, (node) => failure(node, node.plugin("p.py", spec).path, reason));
  }

  scenario("an error in the answer to init counts as success", async (node) => {
    const plugin = node.plugin("p.py", {
      methods: ["m"],
      ...steps("init", { error: { code: 1, message: "no" } }),
    });
    const answer = await node.start(plugin);
    const call = await node.call("m");
    expect(call).toEqual({ result: {} });
    return { answer, call, log: node.logLines("plugin-p.py") };
  });

  scenario("an answer to init without a result counts as success", async (node) => {
    const plugin = node.plugin("p.py", steps("init", { write: '{"jsonrpc":"2.0","id":$ID}' }));
    return { answer: await node.start(plugin), log: node.logLines("plugin-p.py") };
  });

  scenario("text without a brace is not looked at until one comes", async (node) => {
    const plugin = node.plugin("p.py", {
      steps: {
        getmanifest: [
          { write: "starting...\n" },
          { hold: "go" },
          { resultText: '{"dynamic":true,"options":[],"rpcmethods":[]}' },
        ],
      },
    });
    const answer = node.start(plugin);
    await plugin.receives("getmanifest");
    const list = await node.list();
    expect(list).toEqual([{ name: "<folder>/p.py", active: false, dynamic: false }]);
    plugin.open("go");
    return { list, answer: await answer };
  });

  scenario("a plugin that runs already", async (node) => {
    const plugin = await node.started(node.plugin("p.py"));
    const answer = await node.start(plugin);
    expect(answer).toEqual(error(INVALID_PARAMS, "<folder>/p.py: Invalid argument"));
    return { answer, starts: plugin.starts().length, log: node.logLines("plugin-p.py") };
  });

  scenario("a plugin that is being started already", async (node) => {
    const plugin = node.plugin("p.py", {
      steps: { init: [{ hold: "go" }, { result: {} }] },
    });
    const first = node.start(plugin);
    await plugin.receives("init");
    const second = await node.start(plugin);
    expect(second).toEqual(error(INVALID_PARAMS, "<folder>/p.py: Invalid argument"));
    plugin.open("go");
    return { first: await first, second, starts: plugin.starts().length };
  });

  scenario("two that start at once both get through", async (node) => {
    const answers = await Promise.all(
      ["a.py", "b.py"].map((name) => node.start(node.plugin(name))),
    );
    expect(answers.every((answer) => "result" in answer)).toBe(true);
    return node.list();
  });

  scenario("one whose manifest is late holds up the other's init", async (node) => {
    const slow = node.plugin("slow.py", {
      steps: {
        getmanifest: [
          { hold: "go" },
          { resultText: '{"dynamic":true,"options":[],"rpcmethods":[]}' },
        ],
      },
    });
    const first = node.start(slow);
    await slow.receives("getmanifest");
    const quick = node.plugin("quick.py", steps("getmanifest", { stderr: "asked\n" }, manifest()));
    const second = node.start(quick);
    await node.untilListed("quick.py", { dynamic: true });
    const list = await node.list();
    expect(quick.received("init")).toEqual([]);
    slow.open("go");
    // Which of the two is the first to be active is a race.
    const answers = [await first, await second];
    expect(answers.every((answer) => "result" in answer)).toBe(true);
    return { list, after: await node.list() };
  });

  scenario("what was killed while it waited for its init is reported as killed", async (node) => {
    const slow = node.plugin("slow.py", steps("getmanifest", { hold: "go" }));
    const first = node.start(slow);
    await slow.receives("getmanifest");
    const quick = node.plugin(
      "quick.py",
      steps("getmanifest", manifest(), { hold: "end" }, { exit: 0 }),
    );
    const second = node.start(quick);
    await node.untilListed("quick.py", { dynamic: true });
    quick.open("end");
    const answer = await second;
    expect(answer).toEqual(error(PLUGIN_ERROR, "<folder>/quick.py: exited before we sent init"));
    slow.end();
    return { answer, first: await first };
  });

  scenario("a method that another plugin has", async (node) => {
    await node.started(node.plugin("first.py", { methods: ["taken"] }));
    const answer = await node.start(node.plugin("second.py", { methods: ["mine", "taken"] }));
    expect(answer).toEqual(
      error(
        PLUGIN_ERROR,
        '<folder>/second.py: Could not register method "taken", a method with that name is already registered by plugin <folder>/first.py',
      ),
    );
    const mine = await node.call("mine");
    return { answer, mine, taken: await node.call("taken") };
  });

  scenario("a method twice in one manifest", async (node) => {
    const answer = await node.start(node.plugin("p.py", { methods: ["twice", "twice"] }));
    return { answer, log: node.logLines("plugin-p.py") };
  });

  scenario("an option that another plugin has", async (node) => {
    const options = [{ name: "taken-option", type: "string", description: "d" }];
    await node.started(node.plugin("first.py", { options }));
    const answer = await node.start(node.plugin("second.py", { options }));
    expect(answer).toEqual(
      error(PLUGIN_ERROR, '<folder>/second.py: Option "taken-option" already registered'),
    );
    return answer;
  });

  scenario("an option of the node's own", async (node) => {
    const options = [{ name: "log-level", type: "string", description: "d" }];
    const answer = await node.start(node.plugin("p.py", { options }));
    expect(answer).toEqual(
      error(PLUGIN_ERROR, '<folder>/p.py: Option "log-level" already registered'),
    );
    return answer;
  });

  scenario("an option twice in one manifest", async (node) => {
    const option = { name: "twice", type: "string", description: "d" };
    const answer = await node.start(node.plugin("p.py", { options: [option, option] }));
    expect(answer).toEqual(error(PLUGIN_ERROR, '<folder>/p.py: Option "twice" already registered'));
    return answer;
  });

  scenario("after a failed start the mended plugin starts", async (node) => {
    const plugin = node.plugin("p.py", { begin: [{ exit: 1 }] });
    const bad = await node.start(plugin);
    plugin.rewrite({});
    const good = await node.start(plugin);
    expect("result" in good).toBe(true);
    return { bad, good };
  });

  scenario("a plugin that dies later is off the list, and starts again", async (node) => {
    const plugin = await node.started(
      node.plugin("p.py", { methods: ["die"], steps: { die: [{ exit: 1 }] } }),
    );
    const answer = await node.call("die");
    const list = await node.list();
    expect(list).toEqual([]);
    const log = node.logLines("plugin-p.py");
    expect(log).toContain("INFO    plugin-p.py: Killing plugin: exited during normal operation");
    return { answer, list, log, again: await node.start(plugin) };
  });

  scenario("a plugin that prints nonsense later is killed", async (node) => {
    const plugin = await node.started(
      node.plugin("p.py", { methods: ["bad"], steps: { bad: [{ write: "traceback {\n}" }] } }),
    );
    const answer = await node.call("bad");
    return { answer, list: await node.list(), log: node.logLines(`plugin-${plugin.name}`) };
  });
});

function steps(method: string, ...actions: readonly Action[]): PluginSpec {
  return { steps: { [method]: actions } };
}

function manifest(): Action {
  return { result: { dynamic: true, options: [], rpcmethods: [] } };
}
