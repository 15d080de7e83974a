/**
 * Runs a plugin once without the node, through the same handshake as on the node: same environment,
 * working directory, ids, requests and rules. Keeps what lightningd hides: stderr and stray text on
 * stdout. Used after a failed start, before a safe one, and by `cln-dev check`.
 */
import { existsSync } from "node:fs";
import type { RawMessage } from "../../jsonrpc/envelope.js";
import { isObject, parseJson, RawJson } from "../../jsonrpc/json.js";
import { MessageReader } from "../../jsonrpc/message-reader.js";
import type { Token } from "../../jsonrpc/token.js";
import type { PluginFile } from "../file/plugin-file.js";
import { pluginEnvironment } from "../process/plugin-process.js";
import type { Handshake, HandshakeEnd, HandshakeOptions } from "./handshake.js";
import { configurationOf, initParams, problemWithOptions, startValues } from "./init-params.js";
import { requestId, requestText } from "./pending-requests.js";
import { readNotification } from "./plugin-notification.js";
import { PluginOutput } from "./plugin-output.js";
import { PluginSession, type SessionEnd, type SessionObserver } from "./plugin-session.js";

/** How long to keep reading the pipes of a dead plugin, for what is still in them, in ms. */
const DRAIN_MS = 250;
/** How long to wait for an unresponsive plugin once its stdin is closed, in ms. */
const EOF_MS = 250;
const MAX_MESSAGE_BYTES = 16 * 1024 * 1024;
const NO_EXIT = { code: null, signal: null };
const DEFAULT_VERSION = "v26.06.6";
/** The id that `lightning-cli plugin start` uses. */
const DEFAULT_CALLER_ID = '"cli:plugin#1"';

/**
 * Runs the handshake to its end. Once this resolves, the plugin's process and its process group are
 * gone. Never rejects.
 */
export function runHandshake(file: PluginFile, options: HandshakeOptions): Promise<Handshake> {
  return new HandshakeRun(file, options).result();
}

class HandshakeRun implements SessionObserver {
  readonly mustBeDynamic: boolean;
  readonly #session: PluginSession;
  readonly #output = new PluginOutput();
  readonly #done: Promise<Handshake>;
  #resolve: (handshake: Handshake) => void = () => {};
  #id = "";
  #askedAt = performance.now();
  #end: { readonly end: HandshakeEnd; readonly nodeMessage: string | undefined } | undefined;
  #manifestMs: number | undefined;
  #initMs: number | undefined;
  /** Whether its time is over and its stdin closed. */
  #late = false;
  #timer: NodeJS.Timeout | undefined;
  #drain: NodeJS.Timeout | undefined;
  readonly #cancel = () => this.#finish({ kind: "cut" }, undefined);

  constructor(
    private readonly file: PluginFile,
    private readonly options: HandshakeOptions,
  ) {
    const { networkDir, env = process.env, version = DEFAULT_VERSION } = options;
    this.mustBeDynamic = options.mustBeDynamic ?? true;
    this.#done = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    this.#session = new PluginSession({
      process: {
        path: file.realPath,
        ...(options.developer ? { command: [file.realPath, "--developer"] } : {}),
        // If the working directory is missing, spawn fails with ENOENT, as for a missing plugin.
        cwd: existsSync(networkDir) ? networkDir : "/",
        env: pluginEnvironment(env, version),
        ownGroup: true,
      },
      surroundings: { hasOption: () => false, ownerOfMethod: () => undefined },
      timeoutMs: options.timeoutMs,
      reader: new MessageReader({ maxBytes: MAX_MESSAGE_BYTES }),
      observer: this,
    });
  }

  result(): Promise<Handshake> {
    const { signal, callerId = DEFAULT_CALLER_ID, allowDeprecatedApis = true } = this.options;
    signal?.addEventListener("abort", this.#cancel, { once: true });
    this.#id = this.options.numericManifestId ? "1" : requestId("getmanifest", callerId);
    this.#session.getmanifest(this.#id, `{"allow-deprecated-apis":${allowDeprecatedApis}}`);
    if (signal?.aborted) this.#cancel();
    return this.#done;
  }

  onStray(text: string): void {
    this.#output.addStray(text);
  }

  onStderr(chunk: Buffer): void {
    this.#output.addStderr(chunk);
  }

  onMessage({ id }: RawMessage): void {
    if (this.#late && id !== undefined) this.#timedOut(true);
  }

  onNotification({ token }: RawMessage): string | undefined {
    const notification = readNotification(token);
    if (notification.kind === "fault") return notification.nodeMessage;
    this.#output.addNotification(notification);
    return undefined;
  }

  /** Catches an id that is written differently: lightningd compares text, so `\/` is not `/`. */
  onUnknownAnswer({ id: got = "" }: RawMessage): void {
    if (parseJson(got) !== parseJson(this.#id)) return;
    const end = { kind: "other-id", phase: this.#session.phase, sent: this.#id, got } as const;
    this.#finish(end, this.#session.timeoutMessage);
  }

  onManifest(): string | undefined {
    this.#manifestMs = performance.now() - this.#askedAt;
    const { manifest } = this.#session;
    return problemWithOptions(manifest?.options ?? [], this.options.options ?? []);
  }

  onReady(): void {
    const { until, options: given = [] } = this.options;
    if (until === "getmanifest") {
      this.#pass();
      return;
    }
    const configuration = this.options.configuration ?? configurationOf(this.options, false);
    const declared = this.#session.manifest?.options ?? [];
    const params = initParams(declared, (name) => startValues(given, name), configuration);
    this.#id = requestId("init", undefined);
    this.#askedAt = performance.now();
    this.#session.init(this.#id, params);
  }

  onActive(answer: Token): void {
    this.#initMs = performance.now() - this.#askedAt;
    const error = answer.member("error");
    const parsed = error === undefined ? undefined : parseJson(error.raw);
    const { aliveForMs = 0, call } = this.options;
    if (isObject(parsed)) this.#finish({ kind: "init-error", error: parsed }, undefined);
    else if (call !== undefined) this.#call(call);
    else if (aliveForMs > 0) this.#timer = setTimeout(() => this.#pass(), aliveForMs);
    else this.#pass();
  }

  /** Closes stdin, upon which a plugin may still write what it has buffered. */
  onTimeout(): void {
    this.#late = true;
    this.#session.process?.closeStdin();
    this.#timer = setTimeout(() => {
      // Makes Python print a traceback of where it hangs.
      if (this.file.language === "python") this.#session.process?.kill("SIGINT");
      this.#timer = setTimeout(() => this.#timedOut(false), EOF_MS);
    }, EOF_MS);
  }

  onEnd(end: SessionEnd): void {
    // The exit code arrives a moment after the end of its stdout.
    if (end.kind === "exited") this.#drain = setTimeout(() => this.#exited(null, null), DRAIN_MS);
    else this.#finish(this.#session.handshakeEnd(end, NO_EXIT), end.nodeMessage);
  }

  onExit(code: number | null, signal: NodeJS.Signals | null): void {
    this.#exited(code, signal);
    this.#conclude();
  }

  #call({ method, params }: NonNullable<HandshakeOptions["call"]>): void {
    const text = params instanceof RawJson ? params.text : JSON.stringify(params);
    this.#id = requestId(method, this.options.callerId ?? DEFAULT_CALLER_ID);
    this.#session.startTimer();
    this.#session.request(this.#id, requestText(this.#id, method, text), {
      onAnswer: () => this.#pass(),
    });
  }

  #pass(): void {
    this.#finish({ kind: "passed" }, undefined);
  }

  #timedOut(answersAtEof: boolean): void {
    const { phase, timeoutMessage } = this.#session;
    const ms = this.options.timeoutMs;
    this.#finish({ kind: "timeout", phase, ms, answersAtEof }, timeoutMessage);
  }

  #exited(code: number | null, signal: NodeJS.Signals | null): void {
    if (this.#late) this.#timedOut(false);
    else
      this.#finish(
        { kind: "exited", phase: this.#session.phase, code, signal },
        this.#session.exitMessage,
      );
  }

  /** Records the outcome and ends the process. {@link #conclude} then reports the outcome. */
  #finish(end: HandshakeEnd, nodeMessage: string | undefined): void {
    if (this.#end !== undefined) return;
    this.#end = { end, nodeMessage };
    this.#session.close();
    clearTimeout(this.#timer);
    clearTimeout(this.#drain);
    const { process } = this.#session;
    process?.closeStdin();
    process?.kill();
    this.#drain = setTimeout(() => process?.release(), DRAIN_MS);
  }

  #conclude(): void {
    clearTimeout(this.#drain);
    this.options.signal?.removeEventListener("abort", this.#cancel);
    // If it died by itself, kill what is left of its process group.
    this.#session.process?.kill();
    const { manifest, manifestText } = this.#session;
    this.#resolve({
      file: this.file,
      end: this.#end?.end ?? { kind: "cut" },
      nodeMessage: this.#end?.nodeMessage,
      manifest,
      manifestText,
      manifestMs: this.#manifestMs,
      initMs: this.#initMs,
      stray: this.#output.stray,
      stderr: this.#output.stderr,
      logged: this.#output.logged,
    });
  }
}
