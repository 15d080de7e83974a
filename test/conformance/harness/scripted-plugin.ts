/**
 * A plugin that a scenario describes in a few words: a small executable file with the description in
 * it, run by plugins/scripted.py. It records all that it receives; scenarios read that here.
 */
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { at, isRecord, type Json, type JsonRecord, parse, textAt } from "./json.js";
import { findPython } from "./python.js";
import { until } from "./until.js";

/** One thing to do, named by its key; in a request's steps `$ID` is replaced by the request's id. */
export type Action =
  | { readonly result: Json }
  /** The text of the result. */
  | { readonly resultText: string }
  | { readonly error: Json }
  /** Answers `{got: <the params>}`. */
  | { readonly echo: true }
  /** Any text to stdout. */
  | { readonly write: string }
  | { readonly log: Json }
  /** A notification: the members `method`, `params` and whatever else. */
  | { readonly notify: JsonRecord }
  /** A `message` (or other) notification that belongs to the request. */
  | { readonly message: { readonly method?: string; readonly params: JsonRecord } }
  | { readonly stderr: string }
  | { readonly exit: number }
  /** Sends itself a signal, by its number. */
  | { readonly kill: number }
  | { readonly closeStdout: true }
  /** Does what follows once the gate is open; answers other requests until then. */
  | { readonly hold: string }
  /** Does nothing at all, and reads nothing, until the gate is open. */
  | { readonly hang: string }
  /** Starts a child that keeps the pipes until the gate is open. */
  | { readonly child: string }
  /** Calls the node and records the answer. */
  | { readonly rpc: { readonly method: string; readonly params: Json } }
  /** The same in two steps: connects now, calls later. */
  | { readonly rpcConnect: true }
  | { readonly rpcSend: { readonly method: string; readonly params: Json } };

export interface PluginSpec {
  /** Members of the manifest besides, or in the place of, `{dynamic: true, options: [], rpcmethods}`. */
  readonly manifest?: { readonly [key: string]: Json | undefined };
  /** The text of the manifest, if an object cannot say it. */
  readonly manifestText?: string;
  /** Methods with an empty usage. */
  readonly methods?: readonly string[];
  readonly options?: readonly Json[];
  readonly hooks?: readonly Json[];
  readonly subscriptions?: readonly string[];
  /** What it does on each request or notification of a method; else it answers `{}` or continues. */
  readonly steps?: { readonly [method: string]: readonly Action[] };
  /** What it does before it reads anything. */
  readonly begin?: readonly Action[];
  /** What it does when its stdin ends; else it exits. */
  readonly end?: readonly Action[];
}

/** Compiling plugins/scripted.py takes as long as running it. */
const PYTHON_CACHE = resolve("node_modules/.cache/cln-dev-conformance");

/** A message that the plugin has received. */
export interface Received {
  readonly method: string;
  readonly id: Json | undefined;
  readonly params: Json | undefined;
  readonly message: JsonRecord;
  /** As it came. */
  readonly text: string;
}

export class ScriptedPlugin {
  readonly name: string;
  readonly recordFile: string;

  /**
   * @param normalise makes what differs from run to run the same, in the text of a message
   * @param path where the executable is written
   */
  constructor(
    readonly path: string,
    folder: string,
    spec: PluginSpec,
    private readonly normalise: (text: string) => string,
  ) {
    this.name = basename(path);
    this.recordFile = join(folder, `.${path.replaceAll(/[^\w.]/g, "_")}.record`);
    this.rewrite(spec);
  }

  /** Writes the executable again, with another description. */
  rewrite(spec: PluginSpec): void {
    writeFileSync(this.path, executableText(spec, this.recordFile));
    chmodSync(this.path, 0o755);
  }

  /** Opens a gate: see {@link Action}. */
  open(gate: string): void {
    writeFileSync(`${this.recordFile}.${gate}`, "");
  }

  /** All records so far: see plugins/scripted.py. */
  records(): JsonRecord[] {
    if (!existsSync(this.recordFile)) return [];
    const text = readFileSync(this.recordFile, "utf8");
    const lines = text.slice(0, text.lastIndexOf("\n") + 1).split("\n");
    return lines
      .filter((line) => line !== "")
      .map((line) => parse(line))
      .filter(isRecord);
  }

  /** The messages so far, of one method or of all. */
  received(method?: string): Received[] {
    return this.records()
      .filter((record) => "in" in record)
      .map((record) => readMessage(this.normalise(textAt(record, "in"))))
      .filter((message) => method === undefined || message.method === method);
  }

  /** Waits for the nth message of a method, from 1. */
  receives(method: string, nth = 1): Promise<Received> {
    return until(`${this.name} receives ${method} ${nth}`, () => this.received(method)[nth - 1]);
  }

  /** Waits until its stdin has ended. */
  seesEof(): Promise<unknown> {
    return until(`the stdin of ${this.name} ends`, () => this.sawEof());
  }

  sawEof(): boolean {
    return this.records().some((record) => "eof" in record);
  }

  /** Waits for the nth answer to its own calls. */
  async rpcAnswer(nth = 1): Promise<JsonRecord> {
    const record = await until(
      `${this.name} has its answer ${nth}`,
      () => this.records().filter((entry) => "rpc" in entry)[nth - 1],
    );
    const answer = parse(this.normalise(textAt(record, "rpc")));
    if (!isRecord(answer)) throw new Error("an answer that is no object");
    return answer;
  }

  /** How each of its processes was started, in order. */
  starts(): JsonRecord[] {
    return this.records()
      .filter((record) => "start" in record)
      .map((record) => at(record, "start"))
      .filter(isRecord);
  }

  /** Kills all its processes. */
  end(): void {
    for (const pid of this.pids()) {
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // It is gone.
      }
    }
  }

  /** All processes that there were, children too. */
  private pids(): number[] {
    return this.records().flatMap((record) => {
      if (typeof record.child === "number") return [record.child];
      const start = record.start;
      return isRecord(start) && typeof start.pid === "number" ? [start.pid] : [];
    });
  }
}

function readMessage(text: string): Received {
  const message = parse(text);
  if (!isRecord(message)) throw new Error(`no object: ${text}`);
  return {
    method: typeof message.method === "string" ? message.method : "",
    id: message.id,
    params: message.params,
    message,
    text,
  };
}

function executableText(spec: PluginSpec, recordFile: string): string {
  const hooks = (spec.hooks ?? []).map((hook) =>
    typeof hook === "string" ? hook : textAt(hook, "name"),
  );
  const whole = {
    manifest: spec.manifestText ?? manifestText(spec),
    hooks,
    steps: spec.steps ?? {},
    begin: spec.begin ?? [],
    end: spec.end ?? [],
  };
  const quote = JSON.stringify;
  return [
    `#!${findPython()} -SE`,
    "import sys",
    `sys.pycache_prefix = ${quote(PYTHON_CACHE)}`,
    `sys.path.insert(0, ${quote(join(import.meta.dirname, "..", "plugins"))})`,
    "import scripted",
    `scripted.run(${quote(quote(whole))}, ${quote(recordFile)})`,
    "",
  ].join("\n");
}

function manifestText(spec: PluginSpec): string {
  return JSON.stringify({
    dynamic: true,
    options: spec.options ?? [],
    rpcmethods: (spec.methods ?? []).map((name) => ({ name, usage: "" })),
    ...(spec.subscriptions === undefined ? {} : { subscriptions: spec.subscriptions }),
    ...(spec.hooks === undefined ? {} : { hooks: spec.hooks }),
    ...spec.manifest,
  });
}
