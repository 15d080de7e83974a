/** One run of the offline handshake: its process and its clock. Used by handshake.ts alone. */
import type { Frame } from "../../jsonrpc/framing.js";
import { encodeRequest } from "../../jsonrpc/message.js";
import type { PluginFile } from "../file/plugin-file.js";
import { KeptOutput } from "../process/bounded-output.js";
import { type PluginProcess, startPluginProcess } from "../process/plugin-process.js";
import type { Handshake, HandshakeOptions, HandshakePhase } from "./handshake.js";
import { ends, FIRST_STEP, HandshakeJudge, idOf, type Step } from "./protocol-rules.js";

/** What lightningd calls the time before an answer (lightningd/plugin.c state_desc). */
const BEFORE: Readonly<Record<HandshakePhase, string>> = {
  getmanifest: "before replying to getmanifest",
  init: "before replying to init",
  running: "during normal operation",
};

/** How long the pipes of a dead plugin are read on, for what is still in them, in ms. */
const DRAIN_MS = 250;
/** How long a plugin that has not answered may take to end when its stdin is closed, in ms. */
const EOF_MS = 250;
const MAX_MESSAGE_BYTES = 16 * 1024 * 1024;
const DEFAULT_VERSION = "v26.06.6";

export class HandshakeRun {
  readonly #file: PluginFile;
  readonly #options: HandshakeOptions;
  readonly #judge: HandshakeJudge;
  readonly #stderr = new KeptOutput();
  readonly #done: Promise<Handshake>;
  #resolve: (handshake: Handshake) => void = () => {};
  readonly #process: PluginProcess;
  #phase: HandshakePhase = "getmanifest";
  #askedAt = performance.now();
  #end: Extract<Step, { next: "end" }> | undefined;
  #manifestMs: number | undefined;
  #initMs: number | undefined;
  /** Its time is over, and its stdin closed. */
  #late = false;
  #timer: NodeJS.Timeout | undefined;
  #drain: NodeJS.Timeout | undefined;
  readonly #cut = () => this.#take(ends({ kind: "cut" }));

  constructor(file: PluginFile, options: HandshakeOptions, cwd: string) {
    this.#file = file;
    this.#options = options;
    this.#judge = new HandshakeJudge(file, options);
    this.#done = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    this.#process = startPluginProcess({
      path: file.realPath,
      cwd,
      version: options.version ?? DEFAULT_VERSION,
      ...(options.env === undefined ? {} : { env: options.env }),
      maxMessageBytes: MAX_MESSAGE_BYTES,
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
    else this.#take(FIRST_STEP);
    return this.#done;
  }

  #take(step: Step): void {
    if (this.#end !== undefined) return;
    clearTimeout(this.#timer);
    if (step.next === "ask") this.#ask(step);
    else if (step.next === "end") this.#finish(step);
    else {
      this.#phase = "running";
      this.#timer = setTimeout(() => this.#take(ends({ kind: "passed" })), step.ms);
    }
  }

  #ask({ phase, method, params }: Extract<Step, { next: "ask" }>): void {
    this.#phase = phase;
    this.#askedAt = performance.now();
    this.#process.write(encodeRequest(idOf(phase), method, params));
    this.#timer = setTimeout(() => this.#onTimeout(), this.#options.timeoutMs);
  }

  /** The outcome is known: the process is ended, and then {@link #conclude} tells it. */
  #finish(step: Extract<Step, { next: "end" }>): void {
    this.#end = step;
    clearTimeout(this.#drain);
    this.#process.closeStdin();
    this.#process.kill();
    this.#drain = setTimeout(() => this.#process.release(), DRAIN_MS);
  }

  #onFrame(frame: Frame): void {
    if (this.#end !== undefined) {
      if (frame.kind === "text") this.#judge.keepStray(frame.bytes.toString("utf8"));
    } else if (this.#late) {
      if (frame.kind === "object") this.#timedOut(frame.bytes.includes('"jsonrpc"'));
    } else {
      const step = this.#judge.judge(frame, this.#phase);
      if (step !== undefined) this.#onStep(step);
    }
  }

  /** An answer has come, or the end. */
  #onStep(step: Step): void {
    const ms = performance.now() - this.#askedAt;
    if (this.#phase === "getmanifest" && this.#judge.manifestText !== undefined) {
      this.#manifestMs = ms;
    } else if (this.#phase === "init") {
      this.#initMs = ms;
    }
    this.#take(step);
  }

  /** At the end of its stdin a plugin may still say what it has kept to itself. */
  #onTimeout(): void {
    this.#late = true;
    this.#process.closeStdin();
    this.#timer = setTimeout(() => {
      // Python then says where it hangs, by a traceback.
      if (this.#file.language === "python") this.#process.kill("SIGINT");
      this.#timer = setTimeout(() => this.#timedOut(false), EOF_MS);
    }, EOF_MS);
  }

  #timedOut(answersAtEof: boolean): void {
    const [phase, ms] = [this.#phase, this.#options.timeoutMs];
    this.#take(ends({ kind: "timeout", phase, ms, answersAtEof }, `timed out ${BEFORE[phase]}`));
  }

  /** For lightningd the end of stdout is the plugin's end; how it died is known a moment later. */
  #onStdoutEnd(reason: Error | undefined): void {
    const pending = this.#process.pendingOutput();
    if (pending !== undefined) this.#judge.keepStray(pending.toString("utf8"));
    if (this.#end !== undefined) return;
    if (reason !== undefined) this.#take(this.#judge.garbage(reason.message, this.#phase));
    else this.#drain ??= setTimeout(() => this.#exited(null, null), DRAIN_MS);
  }

  #onExit(code: number | null, signal: NodeJS.Signals | null): void {
    this.#exited(code, signal);
    this.#conclude();
  }

  #exited(code: number | null, signal: NodeJS.Signals | null): void {
    const phase = this.#phase;
    if (this.#late) this.#timedOut(false);
    else this.#take(ends({ kind: "exited", phase, code, signal }, `exited ${BEFORE[phase]}`));
  }

  #onSpawnError(error: Error): void {
    const code = "code" in error && typeof error.code === "string" ? error.code : "unknown";
    const reason = SYSTEM_TEXTS[code] ?? error.message;
    this.#take(ends({ kind: "not-started", code }, `opening pipe: ${reason}`));
    this.#conclude();
  }

  #conclude(): void {
    clearTimeout(this.#drain);
    this.#options.signal?.removeEventListener("abort", this.#cut);
    // What is left of its process group, if it died by itself.
    this.#process.kill();
    const { manifest, manifestText, stray, logged } = this.#judge;
    this.#resolve({
      file: this.#file,
      end: this.#end?.end ?? { kind: "cut" },
      words: this.#end?.words,
      manifest,
      manifestText,
      manifestMs: this.#manifestMs,
      initMs: this.#initMs,
      stray,
      stderr: this.#stderr.text,
      logged,
    });
  }
}

const SYSTEM_TEXTS: Readonly<Record<string, string>> = {
  ENOENT: "No such file or directory",
  EACCES: "Permission denied",
  ETXTBSY: "Text file busy",
  ENOEXEC: "Exec format error",
};
