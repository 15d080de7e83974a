/** One run of the offline handshake: the state between two messages. Used by handshake.ts alone. */
import type { Frame } from "../jsonrpc/framing.js";
import { isObject, type JsonObject, parseObject, RawJson, stringOf } from "../jsonrpc/json.js";
import { membersOf } from "../jsonrpc/members.js";
import { encodeRequest, type Params } from "../jsonrpc/message.js";
import type { Handshake, HandshakeEnd, HandshakeOptions, HandshakePhase } from "./handshake.js";
import { initParams, problemWithOptions } from "./init-params.js";
import { KeptOutput } from "./kept-output.js";
import { type Manifest, parseManifest } from "./manifest.js";
import type { PluginFile } from "./plugin-file.js";
import { problemWithLog } from "./plugin-log.js";
import { type PluginProcess, startPluginProcess } from "./process.js";

/** What lightningd calls the time before an answer (lightningd/plugin.c state_desc). */
const BEFORE: Readonly<Record<HandshakePhase, string>> = {
  getmanifest: "before replying to getmanifest",
  init: "before replying to init",
  running: "during normal operation",
};

/** How long the pipes of a dead plugin are read on, for what is still in them, in ms. */
const DRAIN_MS = 250;
/** How long a plugin that has not answered may take to end when its stdin is closed, in ms. */
const EOF_MS = 150;
const MAX_STRAY_LINES = 100;
const MAX_LOGGED = 200;
const DEFAULT_VERSION = "v26.06.6";

/** How the handshake ends, and lightningd's words for it. */
interface Verdict {
  readonly end: HandshakeEnd;
  readonly words: string | undefined;
}

const PASSED: Verdict = { end: { kind: "passed" }, words: undefined };

export class HandshakeRun {
  readonly #file: PluginFile;
  readonly #options: HandshakeOptions;
  readonly #stderr = new KeptOutput();
  readonly #stray: string[] = [];
  readonly #logged: { level: string; message: string }[] = [];
  readonly #done: Promise<Handshake>;
  #resolve: (handshake: Handshake) => void = () => {};
  #process: PluginProcess;
  #phase: HandshakePhase = "getmanifest";
  #asked = performance.now();
  #end: HandshakeEnd | undefined;
  #words: string | undefined;
  #manifest: Manifest | undefined;
  #manifestText: string | undefined;
  #manifestMs: number | undefined;
  #initMs: number | undefined;
  /** Its time is over, and its stdin closed. */
  #late = false;
  #timer: NodeJS.Timeout | undefined;
  #drain: NodeJS.Timeout | undefined;
  readonly #cut = () => this.#finish({ end: { kind: "cut" }, words: undefined });

  constructor(file: PluginFile, options: HandshakeOptions, cwd: string) {
    this.#file = file;
    this.#options = options;
    this.#done = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    this.#process = startPluginProcess({
      path: file.realPath,
      cwd,
      version: options.version ?? DEFAULT_VERSION,
      ...(options.env === undefined ? {} : { env: options.env }),
      maxMessageBytes: 16 * 1024 * 1024,
      ownGroup: true,
      onFrame: (frame) => this.#onFrame(frame),
      onStderr: (chunk) => this.#stderr.add(chunk),
      onStdoutEnd: (reason) => this.#onStdoutEnd(reason),
      onSpawnError: (error) => this.#onSpawnError(error),
      onExit: (code, signal) => this.#onExit(code, signal),
    });
  }

  result(): Promise<Handshake> {
    const { signal } = this.#options;
    signal?.addEventListener("abort", this.#cut, { once: true });
    if (signal?.aborted) this.#cut();
    else this.#ask("getmanifest", new RawJson('{"allow-deprecated-apis":true}'));
    return this.#done;
  }

  #ask(phase: HandshakePhase, params: Params, method: string = phase): void {
    this.#phase = phase;
    this.#asked = performance.now();
    this.#process.write(encodeRequest(`cln-dev:${phase}`, method, params));
    this.#timer = setTimeout(() => this.#onTimeout(phase), this.#options.timeoutMs);
  }

  /** At the end of its stdin a plugin may still say what it has kept to itself. */
  #onTimeout(phase: HandshakePhase): void {
    this.#late = true;
    this.#process.closeStdin();
    this.#timer = setTimeout(() => {
      // Python then says where it hangs, by a traceback.
      if (this.#file.language === "python") this.#process.kill("SIGINT");
      this.#timer = setTimeout(() => this.#timedOut(phase, false), EOF_MS);
    }, EOF_MS);
  }

  #timedOut(phase: HandshakePhase, answersAtEof: boolean): void {
    const ms = this.#options.timeoutMs;
    const words = `timed out ${BEFORE[phase]}`;
    this.#finish({ end: { kind: "timeout", phase, ms, answersAtEof }, words });
  }

  #onFrame(frame: Frame): void {
    const text = frame.bytes.toString("utf8");
    if (frame.kind === "text") this.#keepStray(text.trimEnd());
    if (this.#end !== undefined) return;
    if (!this.#late) this.#finish(this.#judge(frame, text));
    else if (frame.kind === "object") this.#timedOut(this.#phase, text.includes('"jsonrpc"'));
  }

  #keepStray(text: string): void {
    if (this.#stray.length < MAX_STRAY_LINES) this.#stray.push(text);
  }

  /** What lightningd would make of this output; undefined: it goes on. */
  #judge(frame: Frame, text: string): Verdict | undefined {
    // It looks at what it has only once there is a closing brace in it.
    if (frame.kind === "text") return text.includes("}") ? this.#garbage(text) : undefined;
    // Once something else stands before a message, it reads the two as one broken message.
    if (this.#stray.length > 0) return this.#garbage(`${this.#stray.join("\n")}\n${text}`);
    const message = parseObject(frame.bytes);
    if (message !== undefined && "jsonrpc" in message) {
      if (message.id === undefined) return this.#onNotification(message);
      return message.id === `cln-dev:${this.#phase}` ? this.#onAnswer(message, text) : undefined;
    }
    this.#keepStray(text);
    if (message === undefined) return this.#garbage(text);
    return this.#garbage(text, `JSON-RPC message does not contain "jsonrpc" field: '${text}'`);
  }

  #garbage(written: string, words = `Failed to parse RPC JSON response '${written}'`): Verdict {
    return { end: { kind: "garbage", phase: this.#phase, written }, words };
  }

  #onNotification(message: JsonObject): Verdict | undefined {
    if (message.method !== "log" || !isObject(message.params)) return undefined;
    const problem = problemWithLog(message.params);
    if (problem !== undefined) return this.#garbage(JSON.stringify(message), problem);
    const level = stringOf(message.params.level) ?? "info";
    const text = stringOf(message.params.message) ?? "";
    if (this.#logged.length < MAX_LOGGED) this.#logged.push({ level, message: text });
    return undefined;
  }

  #onAnswer(message: JsonObject, text: string): Verdict | undefined {
    clearTimeout(this.#timer);
    if (this.#phase === "getmanifest") return this.#onManifest(text);
    return this.#phase === "init" ? this.#onInit(message) : PASSED;
  }

  #onManifest(answer: string): Verdict | undefined {
    this.#manifestMs = performance.now() - this.#asked;
    const result = membersOf(answer)?.find((member) => member.key === "result")?.raw;
    this.#manifestText = result;
    const parsed = parseManifest(result === undefined ? undefined : new RawJson(result), {
      path: this.#file.realPath,
      answer,
      hasOption: () => false,
      ownerOfMethod: () => undefined,
    });
    if ("error" in parsed) {
      return { end: { kind: "refused", about: "manifest" }, words: parsed.error };
    }
    const { manifest } = parsed;
    this.#manifest = manifest;
    const { options: given = [], mustBeDynamic = true } = this.#options;
    if (manifest.disable !== undefined) {
      const end = { kind: "disabled", phase: "getmanifest", reason: manifest.disable } as const;
      return { end, words: `disabled itself: ${manifest.disable}` };
    }
    const problem = problemWithOptions(manifest.options, given);
    if (problem !== undefined)
      return { end: { kind: "refused", about: "options" }, words: problem };
    if (mustBeDynamic && !manifest.dynamic) {
      return { end: { kind: "not-dynamic" }, words: "Not a dynamic plugin" };
    }
    if (this.#options.upTo === "getmanifest") return PASSED;
    this.#ask("init", initParams(manifest.options, given, this.#options));
    return undefined;
  }

  #onInit(message: JsonObject): Verdict | undefined {
    this.#initMs = performance.now() - this.#asked;
    const { result, error } = message;
    if (isObject(result) && "disable" in result) {
      const reason = stringOf(result.disable) ?? JSON.stringify(result.disable);
      const end = { kind: "disabled", phase: "init", reason } as const;
      return { end, words: `disabled itself at init: ${reason}` };
    }
    this.#phase = "running";
    if (isObject(error)) return { end: { kind: "init-error", error }, words: undefined };
    const { lingerMs = 0, thenCall } = this.#options;
    if (thenCall !== undefined) {
      this.#ask("running", thenCall.params, thenCall.method);
      return undefined;
    }
    if (lingerMs === 0) return PASSED;
    this.#timer = setTimeout(() => this.#finish(PASSED), lingerMs);
    return undefined;
  }

  /** For lightningd the end of stdout is the plugin's end; how it died is known a moment later. */
  #onStdoutEnd(reason: Error | undefined): void {
    const pending = this.#process.pendingOutput()?.toString("utf8");
    if (pending !== undefined) this.#keepStray(pending.trimEnd());
    if (this.#end !== undefined) return;
    if (reason !== undefined) this.#finish(this.#garbage(reason.message));
    else this.#drain ??= setTimeout(() => this.#exited(null, null), DRAIN_MS);
  }

  #onExit(code: number | null, signal: NodeJS.Signals | null): void {
    if (this.#end === undefined) this.#exited(code, signal);
    this.#conclude();
  }

  #exited(code: number | null, signal: NodeJS.Signals | null): void {
    const phase = this.#phase;
    const words = `exited ${BEFORE[phase]}`;
    if (this.#late) this.#timedOut(phase, false);
    else this.#finish({ end: { kind: "exited", phase, code, signal }, words });
  }

  #onSpawnError(error: Error): void {
    const code = "code" in error && typeof error.code === "string" ? error.code : "unknown";
    const reason = code === "ENOENT" ? "No such file or directory" : error.message;
    const words = `opening pipe: ${SYSTEM_TEXTS[code] ?? reason}`;
    this.#finish({ end: { kind: "not-started", code }, words });
    this.#conclude();
  }

  /** The outcome is known: the process is ended, and then {@link #conclude} tells it. */
  #finish(verdict: Verdict | undefined): void {
    if (verdict === undefined || this.#end !== undefined) return;
    this.#end = verdict.end;
    this.#words = verdict.words;
    clearTimeout(this.#timer);
    clearTimeout(this.#drain);
    this.#process.closeStdin();
    this.#process.kill();
    this.#drain = setTimeout(() => this.#process.release(), DRAIN_MS);
  }

  #conclude(): void {
    clearTimeout(this.#drain);
    this.#options.signal?.removeEventListener("abort", this.#cut);
    // What is left of its process group, if it died by itself.
    this.#process.kill();
    this.#resolve({
      file: this.#file,
      end: this.#end ?? { kind: "cut" },
      words: this.#words,
      manifest: this.#manifest,
      manifestText: this.#manifestText,
      manifestMs: this.#manifestMs,
      initMs: this.#initMs,
      stray: this.#stray,
      stderr: this.#stderr.text,
      logged: this.#logged,
    });
  }
}

const SYSTEM_TEXTS: Readonly<Record<string, string>> = {
  ENOENT: "No such file or directory",
  EACCES: "Permission denied",
  ETXTBSY: "Text file busy",
  ENOEXEC: "Exec format error",
};
