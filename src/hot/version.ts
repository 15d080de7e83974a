/**
 * One run of the plugin behind the front: its handshake with the host, and what it owes to the node.
 * Made by main.ts.
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
 * `prepared` its pipes are made, the plugin is not started; `trying` the host asks it; `waiting` for
 * a front that joins; `active` it gets what the node sends; `draining` it ends what it has begun.
 */
type VersionState = "prepared" | "trying" | "waiting" | "active" | "draining" | "ended";

/** A request of the node that has no answer yet. */
export interface Pending {
  readonly front: Front;
  readonly method: string;
  /** Kept for a hook, which may be given to a later version, and for what must never fail. */
  readonly message: RawMessage | undefined;
  /** Of `setconfig`: what changes if it is answered well. */
  readonly change: ConfigChange | undefined;
}

/** What it is run with; where it waits, it starts at its getmanifest. */
export interface VersionOptions
  extends Pick<PluginProcessOptions, "path" | "command" | "cwd" | "env" | "waits"> {
  /** How long an answer to the host may take, in ms; undefined: no limit. */
  readonly timeoutMs: number | undefined;
}

export interface VersionOwner {
  /** An answer, or a notification that the node takes. */
  fromVersion(version: Version, message: RawMessage): void;
  /** Everything that passes, for the trace. */
  passed(version: Version, direction: "to-plugin" | "to-node", bytes: Buffer): void;
  stray(version: Version, text: string): void;
  stderr(version: Version, chunk: Buffer): void;
  /** It takes what it is sent again. */
  resume(): void;
  /** Its process is gone, and what it has written was read. */
  versionGone(version: Version): void;
}

/** Why a version does not serve, in the terms of the offline handshake. */
export interface HandshakeFailure {
  readonly phase: "getmanifest" | "init";
  /** The node's words for it, without the plugin's path. */
  readonly words: string;
  readonly end: HandshakeEnd;
}

/** A child of the plugin may hold its pipes after its death: they are not read on for longer, in ms. */
const DRAIN_MS = 100;
/** A notification that is longer is handed on unread. */
const MAX_JUDGED_BYTES = 1024 * 1024;

export class Version implements SessionObserver {
  number = 0;
  state: VersionState;
  readonly mustBeDynamic = false;
  readonly pending = new Map<string, Pending>();
  readonly output = new PluginOutput();
  /** How its process ended; undefined while it runs. */
  end: { readonly code: number | null; readonly signal: NodeJS.Signals | null } | undefined;
  /** How long the answer to getmanifest, and to init, took. */
  readonly answerMs = { getmanifest: 0, init: 0 };
  readonly #owner: VersionOwner;
  readonly #session: PluginSession;
  readonly #whenGone: (() => void)[] = [];
  readonly #identity: ProcessIdentity | undefined;
  #failure: HandshakeFailure | undefined;
  #answered: (() => void) | undefined;
  /** What it had started when its end began: a launcher leaves its plugin behind. */
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

  /** Its process id with its start time: the two together name it. */
  get identity(): string {
    return `${this.pid} ${this.#identity?.startTime}`;
  }

  get manifest(): Manifest | undefined {
    return this.#session.manifest;
  }

  get manifestText(): string | undefined {
    return this.#session.manifestText;
  }

  /** Its answer to the last question of the host, whatever that is worth. */
  get answer(): Token | undefined {
    return this.#session.answer;
  }

  /** What waits to be read by it, in bytes. */
  get unsentBytes(): number {
    return this.#session.process?.unsentBytes ?? 0;
  }

  /**
   * Starts it, if it waits, and asks for its manifest.
   * @param params JSON text
   * @returns why it does not serve, if it does not
   */
  getmanifest(params: string): Promise<HandshakeFailure | undefined> {
    if (this.state === "prepared") this.state = "trying";
    return this.#ask("getmanifest", params);
  }

  /** The same for init, after a good manifest. */
  init(params: string): Promise<HandshakeFailure | undefined> {
    return this.#ask("init", params);
  }

  async #ask(method: "getmanifest" | "init", params: string) {
    const askedAt = performance.now();
    if (this.end !== undefined) this.#exited();
    else {
      await new Promise<void>((resolve) => {
        this.#answered = resolve;
        // As lightningd makes them: a plugin that cannot repeat such an id fails here, not later.
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

  /** Hands on a message of the node as it came. */
  send(bytes: Buffer): void {
    if (this.end !== undefined) return;
    this.#owner.passed(this, "to-plugin", bytes);
    this.#session.process?.write(bytes);
    this.#session.process?.write("\n\n");
  }

  /**
   * Ends it: by its stdin, with a `shutdown` before if it wants one, and by force after a while.
   * @param graceMs given up after so long
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

  /** Ends it and what it has started at once. */
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

  /** The node takes an error for a good answer; for a version in the place of another it is none. */
  onActive(answer: Token): void {
    const error = parseJson(answer.member("error")?.raw ?? "");
    if (isObject(error)) {
      const words = `init was answered with an error: ${String(error.message)}`;
      this.#failure = { phase: "init", words, end: { kind: "init-error", error } };
    }
    this.#answered?.();
  }

  onEnd(end: SessionEnd): void {
    // How it died is known when its process is gone.
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

/** Takes more than lightningd does: what it would end the plugin for is stray, and the rest goes on. */
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

/** For a bad notification the node would end the front, and every version with it. */
function isGood(message: RawMessage): boolean {
  const { kind, bytes } = message;
  if (kind !== "notification") return kind === "answer";
  if (bytes.length >= MAX_JUDGED_BYTES) return true;
  const value = parseObject(bytes);
  if (value === undefined || !("jsonrpc" in value)) return false;
  return readNotification(message.token).kind !== "fault";
}
