/**
 * One run of the plugin behind the front: its handshake with the host, and what it owes to the
 * node. Created by main.ts.
 */
import { messageOf } from "../errors/failure.js";
import { RawMessage } from "../jsonrpc/envelope.js";
import { type Frame, Framer } from "../jsonrpc/framing.js";
import { isObject, parseJson, parseObject } from "../jsonrpc/json.js";
import type { Reading } from "../jsonrpc/message-reader.js";
import type { Token } from "../jsonrpc/token.js";
import {
  descendantsOf,
  identityOf,
  kill,
  type ProcessIdentity,
} from "../node/plugins/plugin-processes.js";
import type { HandshakeEnd } from "../plugin/handshake/handshake.js";
import { requestId } from "../plugin/handshake/pending-requests.js";
import { readNotification } from "../plugin/handshake/plugin-notification.js";
import { PluginOutput } from "../plugin/handshake/plugin-output.js";
import {
  PluginSession,
  type SessionEnd,
  type SessionObserver,
} from "../plugin/handshake/plugin-session.js";
import type { Manifest } from "../plugin/manifest/manifest.js";
import type { PluginProcessOptions } from "../plugin/process/plugin-process.js";
import type { Front } from "./front.js";
import type { ConfigChange } from "./setconfig.js";

/**
 * `prepared`: its pipes exist, the plugin is not started; `trying`: it is in its handshake with the
 * host; `waiting`: it waits for a front that joins; `active`: it gets what the node sends;
 * `draining`: it finishes what it has begun.
 */
type VersionState = "prepared" | "trying" | "waiting" | "active" | "draining" | "ended";

/** A request from the node that has no answer yet. */
export interface Pending {
  readonly front: Front;
  readonly method: string;
  /**
   * Kept for a hook, which may be given to a later version, and for a request that must never fail.
   */
  readonly message: RawMessage | undefined;
  /** For `setconfig`: the change to make if it succeeds. */
  readonly change: ConfigChange | undefined;
}

/** How to run a version. With `waits`, the plugin starts at its getmanifest. */
export interface VersionOptions
  extends Pick<PluginProcessOptions, "path" | "command" | "cwd" | "env" | "waits"> {
  /** How long an answer to the host may take, in ms; undefined: no limit. */
  readonly timeoutMs: number | undefined;
}

export interface VersionOwner {
  /** Called with an answer, or with a notification that the node accepts. */
  fromVersion(version: Version, message: RawMessage): void;
  /** Called with everything that passes, for the trace. */
  passed(version: Version, direction: "to-plugin" | "to-node", bytes: Buffer): void;
  stray(version: Version, text: string): void;
  stderr(version: Version, chunk: Buffer): void;
  /** Called when the version takes messages again. */
  resume(): void;
  /** Called when its process is gone and its output has been read. */
  versionGone(version: Version): void;
}

/** Why a version does not serve, in the terms of the offline handshake. */
export interface HandshakeFailure {
  readonly phase: "getmanifest" | "init";
  /** The failure in the node's words, without the plugin's path. */
  readonly words: string;
  readonly end: HandshakeEnd;
}

/** How long to read the plugin's pipes after its death, in ms: a child of it may hold them open. */
const DRAIN_MS = 100;
/** Longer notifications are passed on unchecked. */
const MAX_JUDGED_BYTES = 1024 * 1024;

export class Version implements SessionObserver {
  number = 0;
  state: VersionState;
  readonly mustBeDynamic = false;
  readonly pending = new Map<string, Pending>();
  readonly output = new PluginOutput();
  /** How its process ended; undefined while it runs. */
  end: { readonly code: number | null; readonly signal: NodeJS.Signals | null } | undefined;
  /** How long the answers to getmanifest and to init took, in ms. */
  readonly answerMs = { getmanifest: 0, init: 0 };
  readonly #owner: VersionOwner;
  readonly #session: PluginSession;
  readonly #whenGone: (() => void)[] = [];
  readonly #identity: ProcessIdentity | undefined;
  #failure: HandshakeFailure | undefined;
  #answered: (() => void) | undefined;
  /** The processes it had started when its end began: a launcher leaves its plugin behind. */
  #children: readonly ProcessIdentity[] = [];
  #killer: NodeJS.Timeout | undefined;

  constructor({ timeoutMs, ...process }: VersionOptions, owner: VersionOwner) {
    this.#owner = owner;
    this.state = process.waits ? "prepared" : "trying";
    this.#session = new PluginSession({
      process: { ...process, onDrain: () => owner.resume() },
      surroundings: { hasOption: () => false, ownerOfMethod: () => undefined },
      timeoutMs,
      reader: new LenientReader(),
      observer: this,
    });
    this.#session.start();
    this.#identity = this.pid === undefined ? undefined : identityOf(this.pid);
  }

  get pid(): number | undefined {
    return this.#session.process?.pid;
  }

  /** Its pid and start time, which together identify it. */
  get identity(): string {
    return `${this.pid} ${this.#identity?.startTime}`;
  }

  get manifest(): Manifest | undefined {
    return this.#session.manifest;
  }

  get manifestText(): string | undefined {
    return this.#session.manifestText;
  }

  /** Its answer to the host's last request, valid or not. */
  get answer(): Token | undefined {
    return this.#session.answer;
  }

  /** What it has not read yet, in bytes. */
  get unsentBytes(): number {
    return this.#session.process?.unsentBytes ?? 0;
  }

  /**
   * Starts the plugin if it waits, and asks for its manifest.
   * @param params JSON text
   * @returns why the version does not serve, if it does not
   */
  getmanifest(params: string): Promise<HandshakeFailure | undefined> {
    if (this.state === "prepared") this.state = "trying";
    return this.#ask("getmanifest", params);
  }

  /**
   * Sends init, after a good manifest.
   * @param params JSON text
   * @returns why the version does not serve, if it does not
   */
  init(params: string): Promise<HandshakeFailure | undefined> {
    return this.#ask("init", params);
  }

  async #ask(method: "getmanifest" | "init", params: string) {
    const askedAt = performance.now();
    if (this.end !== undefined) this.#exited();
    else {
      await new Promise<void>((resolve) => {
        this.#answered = resolve;
        // Ids as lightningd makes them: a plugin that cannot repeat such an id fails here, not
        // later.
        const id = requestId(method, `"cln-dev:plugin#${this.number}"`);
        this.#session[method](id, params);
      });
    }
    this.answerMs[method] = performance.now() - askedAt;
    return this.#failure;
  }

  subscribes(topic: string): boolean {
    const topics = this.manifest?.subscriptions ?? [];
    return topics.includes(topic) || (topic !== "log" && topics.includes("*"));
  }

  /** Passes on a message from the node unchanged. */
  send(bytes: Buffer): void {
    if (this.end !== undefined) return;
    this.#owner.passed(this, "to-plugin", bytes);
    this.#session.process?.write(bytes);
    this.#session.process?.write("\n\n");
  }

  /**
   * Ends it: closes its stdin, after a `shutdown` if it subscribes to that, and kills it after a
   * while.
   * @param graceMs how long it may take to end, in ms
   */
  retire(graceMs: number): void {
    this.state = "ended";
    if (this.end !== undefined) return;
    if (this.subscribes("shutdown")) {
      this.send(Buffer.from('{"jsonrpc":"2.0","method":"shutdown","params":{"shutdown":{}}}'));
    }
    this.#noteChildren();
    this.#session.process?.closeStdin();
    this.#killer ??= setTimeout(() => this.kill(), graceMs);
  }

  /** Kills it, and what it has started once it is gone. */
  kill(): void {
    if (this.end !== undefined || this.pid === undefined) return;
    this.#noteChildren();
    this.#session.process?.kill();
  }

  #noteChildren(): void {
    if (this.#identity !== undefined) this.#children = descendantsOf([this.#identity]);
  }

  /** Resolves when its process is gone. */
  gone(): Promise<void> {
    return new Promise((resolve) => {
      if (this.end !== undefined) resolve();
      else this.#whenGone.push(resolve);
    });
  }

  pause(): void {
    this.#session.process?.pauseOutput();
  }

  resume(): void {
    this.#session.process?.resumeOutput();
  }

  onSend(text: string): void {
    this.#owner.passed(this, "to-plugin", Buffer.from(text));
  }

  onMessage({ bytes }: RawMessage): void {
    this.#owner.passed(this, "to-node", bytes);
  }

  onUnknownAnswer(answer: RawMessage): void {
    this.#owner.fromVersion(this, answer);
  }

  onNotification(message: RawMessage): undefined {
    if (message.method === "log") this.output.addNotification(readNotification(message.token));
    this.#owner.fromVersion(this, message);
  }

  onStray(text: string): void {
    if (text.trim() === "") return;
    this.output.addStray(text.trimEnd());
    this.#owner.stray(this, text.trimEnd());
  }

  onStderr(chunk: Buffer): void {
    this.output.addStderr(chunk);
    this.#owner.stderr(this, chunk);
  }

  onReady(): void {
    this.#answered?.();
  }

  /**
   * The node accepts an error as an answer to init; for a version that replaces another it is a
   * failure.
   */
  onActive(answer: Token): void {
    const error = parseJson(answer.member("error")?.raw ?? "");
    if (isObject(error)) {
      const words = `init was answered with an error: ${String(error.message)}`;
      this.#failure = { phase: "init", words, end: { kind: "init-error", error } };
    }
    this.#answered?.();
  }

  onEnd(end: SessionEnd): void {
    // How it ended is known once its process is gone.
    if (end.kind === "exited" || end.kind === "fault") this.kill();
    else this.#fail(end);
  }

  onGone(): void {
    setTimeout(() => this.#session.process?.release(), DRAIN_MS);
  }

  onExit(code: number | null, signal: NodeJS.Signals | null): void {
    if (this.end !== undefined) return;
    this.end = { code, signal };
    clearTimeout(this.#killer);
    for (const child of this.#children) kill(child);
    this.#exited();
    this.#owner.versionGone(this);
    for (const resolve of this.#whenGone.splice(0)) resolve();
  }

  #exited(): void {
    this.#fail({ kind: "exited", nodeMessage: this.#session.exitMessage });
  }

  #fail(end: SessionEnd): void {
    const phase = this.#session.phase === "getmanifest" ? "getmanifest" : "init";
    this.#failure ??= {
      phase,
      words: end.nodeMessage,
      end: this.#session.handshakeEnd(end, this.end ?? { code: null, signal: null }),
    };
    this.#answered?.();
  }
}

/**
 * Accepts more than lightningd does: what lightningd would end the plugin for is stray text, and
 * reading continues.
 */
class LenientReader {
  readonly #framer = new Framer();

  takePending(): string | undefined {
    return this.#framer.flush()?.toString("utf8");
  }

  *push(chunk: Buffer): Generator<Reading> {
    let frames: readonly Frame[];
    try {
      frames = this.#framer.push(chunk);
    } catch (error) {
      yield { kind: "stray", text: messageOf(error) };
      return yield { kind: "fault", nodeMessage: messageOf(error), written: "" };
    }
    for (const { kind, bytes } of frames) {
      const message = kind === "object" ? new RawMessage(bytes) : undefined;
      if (message !== undefined && isGood(message)) yield { kind: "message", message };
      else yield { kind: "stray", text: bytes.toString("utf8") };
    }
  }
}

/**
 * Whether to pass the message on. For a bad notification the node would end the front, and every
 * version with it.
 */
function isGood(message: RawMessage): boolean {
  const { kind, bytes } = message;
  if (kind !== "notification") return kind === "answer";
  if (bytes.length >= MAX_JUDGED_BYTES) return true;
  const value = parseObject(bytes);
  if (value === undefined || !("jsonrpc" in value)) return false;
  return readNotification(message.token).kind !== "fault";
}
