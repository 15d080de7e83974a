/**
 * Handles one plugin from its start to its end as lightningd does (struct plugin of
 * lightningd/plugin.c): its process, `getmanifest`, `init`, the requests to it, and every rule by
 * which lightningd kills it. Keeps ids, params and answers as raw text. Used by the offline
 * handshake, the embedded node and the hot host, which decide what follows each step.
 */
import { readFileSync } from "node:fs";
import { systemCode } from "../../errors/failure.js";
import type { RawMessage } from "../../jsonrpc/envelope.js";
import { RawJson } from "../../jsonrpc/json.js";
import type { Reading } from "../../jsonrpc/message-reader.js";
import { type Token, unescapeText } from "../../jsonrpc/token.js";
import { type Manifest, type ManifestSurroundings, parseManifest } from "../manifest/manifest.js";
import {
  type PluginProcess,
  type PluginProcessOptions,
  startPluginProcess,
} from "../process/plugin-process.js";
import { strerror } from "../process/strerror.js";
import type { HandshakeEnd, HandshakePhase } from "./handshake.js";
import { type PendingRequest, PendingRequests, requestText } from "./pending-requests.js";

/**
 * `unconfigured`: not asked for its manifest yet. `awaiting manifest`, `awaiting init`: asked, but
 * not answered. `needs init`: its manifest is good. `active`: in normal operation.
 */
export type SessionState =
  | "unconfigured"
  | "awaiting manifest"
  | "needs init"
  | "awaiting init"
  | "active";

/** lightningd's descriptions of the state in which a plugin ends (state_desc). */
const STATE_WORDS: Readonly<Record<SessionState, string>> = {
  unconfigured: "unconfigured",
  "awaiting manifest": "before replying to getmanifest",
  "needs init": "before we sent init",
  "awaiting init": "before replying to init",
  active: "during normal operation",
};

/** Why a plugin is dropped. `nodeMessage` is lightningd's message. */
export type SessionEnd =
  /** The system could not start it. */
  | { readonly kind: "not-started"; readonly error: Error; readonly nodeMessage: string }
  /** Its manifest, or the options that it was given, break lightningd's rules. */
  | {
      readonly kind: "refused";
      readonly about: "manifest" | "options";
      readonly nodeMessage: string;
    }
  | { readonly kind: "not-dynamic"; readonly nodeMessage: string }
  | {
      readonly kind: "disabled";
      readonly at: "getmanifest" | "init";
      /** As written, not decoded. */
      readonly reason: string;
      readonly nodeMessage: string;
    }
  /** It wrote to stdout what is not JSON-RPC. `written` is what lightningd would quote. */
  | { readonly kind: "fault"; readonly written: string; readonly nodeMessage: string }
  /** Its stdout has ended. */
  | { readonly kind: "exited"; readonly nodeMessage: string }
  | { readonly kind: "timeout"; readonly nodeMessage: string };

/** The callbacks of the program that runs the plugin. */
export interface SessionObserver {
  /** Called with bytes as they pass. `out` is toward the plugin. */
  onBytes?(direction: "in" | "out", bytes: Buffer): void;
  /** Called with every whole message sent to the plugin. */
  onSend?(text: string): void;
  /** Called with every whole message that the plugin writes, before it is interpreted. */
  onMessage?(message: RawMessage): void;
  /**
   * Called with a message without an id.
   * @returns lightningd's message if it kills the plugin for it
   */
  onNotification(message: RawMessage): string | undefined;
  /** Called with an answer to no request. */
  onUnknownAnswer?(answer: RawMessage): void;
  /** Called with text on stdout that is not a message, even after the end. */
  onStray?(text: string): void;
  onStderr(chunk: Buffer): void;
  /** Called with a good manifest. @returns the node's objection to the options, if any */
  onManifest?(manifest: Manifest): string | undefined;
  /** Whether to drop the plugin if it is not dynamic. */
  readonly mustBeDynamic: boolean;
  /** Called when the plugin is ready for `init`. The observer calls {@link PluginSession.init}. */
  onReady(): void;
  /** Called when `init` is answered, even with an error: lightningd still counts it as started. */
  onActive(answer: Token): void;
  /** Called when the time for an answer is over. Without this, the plugin is dropped. */
  onTimeout?(): void;
  /** Called when one of these requests fails because the plugin is gone. */
  onUnanswered?(method: "getmanifest" | "init"): void;
  /** Called once when the plugin is dropped. The observer ends its process. */
  onEnd(end: SessionEnd): void;
  /** Called when the process itself is gone. */
  onGone?(): void;
  /** Called when the process is gone and its pipes are drained. */
  onExit?(code: number | null, signal: NodeJS.Signals | null): void;
}

export interface PluginSessionOptions {
  readonly process: Pick<
    PluginProcessOptions,
    "path" | "cwd" | "env" | "ownGroup" | "pipes" | "command" | "waits" | "onDrain"
  >;
  /** What the manifest may clash with. */
  readonly surroundings: Omit<ManifestSurroundings, "path" | "answer">;
  /**
   * How long each of the two answers may take, in ms. There is no limit if undefined, or while a
   * debugger holds the process. lightningd waits 120,000 ms.
   */
  readonly timeoutMs: number | undefined;
  /** Reads its stdout: a MessageReader, like lightningd, or a more lenient one. */
  readonly reader: {
    push(chunk: Buffer): Iterable<Reading>;
    /** Takes out the unfinished message, if any. */
    takePending(): string | undefined;
  };
  readonly observer: SessionObserver;
}

export class PluginSession {
  state: SessionState = "unconfigured";
  manifest: Manifest | undefined;
  /** The text of the `result` of `getmanifest`, as received. */
  manifestText: string | undefined;
  /** The last answer to getmanifest or init, good or bad. Undefined while waiting for one. */
  answer: Token | undefined;
  /** Whether it was dropped. Nothing is sent to it then, and only stray text is read. */
  ended = false;
  readonly #options: PluginSessionOptions;
  readonly #observer: SessionObserver;
  readonly #requests = new PendingRequests();
  #process: PluginProcess | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: PluginSessionOptions) {
    this.#options = options;
    this.#observer = options.observer;
  }

  /** The process, once started. */
  get process(): PluginProcess | undefined {
    return this.#process;
  }

  /** Starts the process. If it waits, the plugin itself starts with {@link getmanifest}. */
  start(): void {
    const { observer, process } = this.#options;
    this.#process = startPluginProcess({
      ...process,
      onOutput: (chunk) => this.#take(chunk),
      onStderr: (chunk) => observer.onStderr(chunk),
      onStdoutEnd: () => this.#onStdoutEnd(),
      onSpawnError: (error) => {
        this.end({ kind: "not-started", error, nodeMessage: `opening pipe: ${strerror(error)}` });
        observer.onExit?.(null, null);
      },
      onGone: () => observer.onGone?.(),
      onExit: (code, signal) => observer.onExit?.(code, signal),
    });
  }

  /**
   * Starts the process if necessary, and requests the manifest. Calls `onEnd` if the system cannot
   * run the plugin.
   * @param id the text of the request's id, quotes included
   * @param params JSON text
   */
  getmanifest(id: string, params: string): void {
    if (this.#process === undefined) this.start();
    if (this.#process?.pid === undefined) return;
    this.#process.go();
    this.state = "awaiting manifest";
    this.#ask(id, "getmanifest", params, (answer) => this.#onManifest(answer));
  }

  /**
   * Sends `init`.
   * @param id the text of the request's id, quotes included
   * @param params JSON text
   */
  init(id: string, params: string): void {
    this.state = "awaiting init";
    this.#ask(id, "init", params, (answer) => this.#onInit(answer));
  }

  /** Sends a request with this id in its text, and keeps the callbacks for its answer. */
  request(id: string, text: string, pending: PendingRequest): void {
    this.#requests.add(id, pending);
    this.send(text);
  }

  /** @param id the text of the request's id, quotes included */
  pendingRequest(id: string): PendingRequest | undefined {
    return this.#requests.get(id);
  }

  /** Sends a message, which must end with two newlines. */
  send(text: string): void {
    if (this.ended || this.#process === undefined) return;
    this.#observer.onBytes?.("out", Buffer.from(text));
    this.#observer.onSend?.(text.trimEnd());
    this.#process.write(text);
  }

  /** Drops the plugin. The observer handles its process and its unanswered requests. */
  end(end: SessionEnd): void {
    if (this.close()) this.#observer.onEnd(end);
  }

  /** Drops the plugin without calling the observer. @returns false if it was already dropped */
  close(): boolean {
    if (this.ended) return false;
    this.ended = true;
    clearTimeout(this.#timer);
    return true;
  }

  /** Notifies everyone who waits for an answer that the plugin is gone. */
  failRequests(): void {
    this.#requests.fail();
  }

  /** Forgets all pending requests without calling anyone back. */
  forgetRequests(): void {
    this.#requests.forget();
  }

  /** Restarts the time limit, for a request that the observer sends itself. */
  startTimer(): void {
    clearTimeout(this.#timer);
    const { timeoutMs } = this.#options;
    if (timeoutMs === undefined) return;
    this.#timer = setTimeout(() => {
      if (isTraced(this.#process?.pid)) this.startTimer();
      else if (this.#observer.onTimeout !== undefined) this.#observer.onTimeout();
      else this.end({ kind: "timeout", nodeMessage: this.timeoutMessage });
    }, timeoutMs);
  }

  /** lightningd's message if the plugin's time ran out now. */
  get timeoutMessage(): string {
    return `timed out ${STATE_WORDS[this.state]}`;
  }

  /** lightningd's message if the plugin's stdout ended now. */
  get exitMessage(): string {
    return `exited ${STATE_WORDS[this.state]}`;
  }

  #ask(
    id: string,
    method: "getmanifest" | "init",
    params: string,
    onAnswer: (answer: Token) => void,
  ): void {
    this.startTimer();
    this.answer = undefined;
    this.request(id, requestText(id, method, params), {
      onAnswer: (answer) => {
        this.answer = answer;
        if (answer !== undefined) onAnswer(answer);
        else this.#observer.onUnanswered?.(method);
      },
    });
  }

  #take(chunk: Buffer): void {
    if (!this.ended) this.#observer.onBytes?.("in", chunk);
    for (const reading of this.#options.reader.push(chunk)) {
      if (reading.kind === "stray") this.#observer.onStray?.(reading.text);
      else if (this.ended) continue;
      else if (reading.kind === "fault") this.end(reading);
      else this.#onMessage(reading.message);
    }
  }

  #onMessage(message: RawMessage): void {
    this.#observer.onMessage?.(message);
    if (this.ended) return;
    if (message.id === undefined) {
      const nodeMessage = this.#observer.onNotification(message);
      if (nodeMessage !== undefined) this.end({ kind: "fault", written: message.raw, nodeMessage });
    } else if (!this.#requests.answered(message)) {
      this.#observer.onUnknownAnswer?.(message);
    }
  }

  #onManifest(answer: Token): void {
    const result = answer.member("result");
    this.manifestText = result?.raw;
    const parsed = parseManifest(result && new RawJson(result.raw), {
      ...this.#options.surroundings,
      path: this.#options.process.path,
      answer: answer.raw,
    });
    if ("error" in parsed) {
      this.end({ kind: "refused", about: "manifest", nodeMessage: parsed.error });
      return;
    }
    const { manifest } = parsed;
    this.manifest = manifest;
    if (manifest.disable !== undefined) {
      const nodeMessage = `disabled itself: ${manifest.disable}`;
      this.end({ kind: "disabled", at: "getmanifest", reason: manifest.disable, nodeMessage });
      return;
    }
    const problem = this.#observer.onManifest?.(manifest);
    if (problem !== undefined) {
      this.end({ kind: "refused", about: "options", nodeMessage: problem });
      return;
    }
    this.state = "needs init";
    clearTimeout(this.#timer);
    if (this.#observer.mustBeDynamic && !manifest.dynamic) {
      this.end({ kind: "not-dynamic", nodeMessage: "Not a dynamic plugin" });
    } else {
      this.#observer.onReady();
    }
  }

  #onInit(answer: Token): void {
    const disabled = answer.member("result")?.member("disable");
    if (disabled !== undefined) {
      const nodeMessage = `disabled itself at init: ${disabled.text}`;
      this.end({ kind: "disabled", at: "init", reason: disabled.text, nodeMessage });
      return;
    }
    this.state = "active";
    clearTimeout(this.#timer);
    this.#observer.onActive(answer);
  }

  /** The phase of the handshake that the plugin is in. */
  get phase(): HandshakePhase {
    if (this.state === "active") return "running";
    return this.state === "awaiting init" ? "init" : "getmanifest";
  }

  /**
   * Returns the outcome of a handshake for the end of a session.
   * @param exit how the process ended; nulls if unknown
   */
  handshakeEnd(
    end: SessionEnd,
    exit: { readonly code: number | null; readonly signal: NodeJS.Signals | null },
  ): HandshakeEnd {
    const { phase } = this;
    switch (end.kind) {
      case "fault":
        return { kind: "garbage", phase, written: end.written };
      case "disabled":
        return { kind: "disabled", phase, reason: unescapeText(end.reason) ?? end.reason };
      case "not-started":
        return { kind: "not-started", code: systemCode(end.error) ?? "unknown" };
      case "refused":
        return { kind: "refused", about: end.about };
      case "not-dynamic":
        return { kind: "not-dynamic" };
      case "exited":
        return { kind: "exited", phase, code: exit.code, signal: exit.signal };
      case "timeout": {
        const ms = this.#options.timeoutMs ?? 0;
        return { kind: "timeout", phase, ms, answersAtEof: false };
      }
    }
  }

  /** To lightningd, the end of stdout is the end of the plugin. */
  #onStdoutEnd(): void {
    const pending = this.#options.reader.takePending();
    if (pending !== undefined) this.#observer.onStray?.(pending.trimEnd());
    this.end({ kind: "exited", nodeMessage: this.exitMessage });
  }
}

/** Whether a tracer (gdb, strace) is attached to a process and may hold it at a breakpoint. */
function isTraced(pid: number | undefined): boolean {
  try {
    return /^TracerPid:\t[1-9]/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}
