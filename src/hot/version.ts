/**
 * One run of the plugin behind the front: its process, what the host itself has asked it (getmanifest
 * and init), and what it owes to the node. Made by versions.ts.
 */
import { type Envelope, readEnvelope } from "../jsonrpc/envelope.js";
import { Framer } from "../jsonrpc/framing.js";
import { parseObject } from "../jsonrpc/json.js";
import { Token } from "../jsonrpc/token.js";
import {
  descendantsOf,
  identityOf,
  kill,
  type ProcessIdentity,
} from "../node/plugins/plugin-processes.js";
import { readProc } from "../node/process-table.js";
import type { Logged } from "../plugin/handshake/handshake.js";
import { readNotification } from "../plugin/handshake/plugin-notification.js";
import type { Manifest } from "../plugin/manifest/manifest.js";
import { BoundedOutput } from "../plugin/process/bounded-output.js";
import { type PluginProcess, startPluginProcess } from "../plugin/process/plugin-process.js";
import type { Front } from "./front.js";
import { type HostAnswer, VersionHandshake } from "./handshake.js";

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
  readonly bytes: Buffer | undefined;
  readonly envelope: Envelope;
}

export interface VersionOptions {
  readonly path: string;
  readonly command: readonly string[];
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  readonly prepared: boolean;
  /** How long an answer to the host may take, in ms. */
  readonly limitMs: number;
  /** An answer, or a notification that the node takes. */
  onMessage(version: Version, envelope: Envelope, bytes: Buffer): void;
  onStray(version: Version, text: string): void;
  onStderr(version: Version, chunk: Buffer): void;
  /** Everything that passes, for the trace. */
  onPassed(version: Version, direction: "to-plugin" | "to-node", bytes: Buffer): void;
  /** It takes what it is sent again. */
  onDrain(): void;
  /** Its process is gone, and what it has written was read. */
  onGone(version: Version): void;
}

const MAX_STRAY_LINES = 100;
const MAX_LOGGED = 200;
const MAX_LOGGED_LENGTH = 2000;
/** A child of the plugin may hold its pipes after its death: they are not read on for longer, in ms. */
const DRAIN_MS = 100;
/** A notification that is longer is handed on unread. */
const MAX_JUDGED_BYTES = 1024 * 1024;

export class Version {
  number = 0;
  state: VersionState;
  manifest: Manifest | undefined;
  manifestText: string | undefined;
  readonly pending = new Map<string, Pending>();
  readonly handshake: VersionHandshake;
  readonly stray: string[] = [];
  readonly logged: Logged[] = [];
  /** How its process ended; undefined while it runs. */
  end: { readonly code: number | null; readonly signal: NodeJS.Signals | null } | undefined;
  /** Why the system could not start it. */
  spawnError: Error | undefined;
  readonly #options: VersionOptions;
  readonly #process: PluginProcess;
  readonly #stderr = new BoundedOutput();
  readonly #framer = new Framer();
  readonly #questions = new Map<string, (answer: HostAnswer) => void>();
  readonly #whenGone: (() => void)[] = [];
  readonly #identity: ProcessIdentity | undefined;
  /** What it had started when its end began: a launcher leaves its plugin behind. */
  #children: readonly ProcessIdentity[] = [];
  #killer: NodeJS.Timeout | undefined;

  constructor(options: VersionOptions) {
    this.#options = options;
    this.state = options.prepared ? "prepared" : "trying";
    this.handshake = new VersionHandshake(this, options.path, options.limitMs);
    this.#process = startPluginProcess({
      path: options.path,
      command: options.command,
      cwd: options.cwd,
      env: options.env,
      waits: options.prepared,
      onOutput: (chunk) => this.#take(chunk),
      onStderr: (chunk) => {
        this.#stderr.add(chunk);
        options.onStderr(this, chunk);
      },
      onStdoutEnd: () => this.kill(),
      onDrain: options.onDrain,
      onSpawnError: (error) => {
        this.spawnError = error;
        this.#gone(null, null);
      },
      onGone: () => setTimeout(() => this.#process.release(), DRAIN_MS),
      onExit: (code, signal) => this.#gone(code, signal),
    });
    this.#identity = this.pid === undefined ? undefined : identityOf(this.pid);
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  /** Its process id with its start time: the two together name it. */
  get identity(): string {
    return `${this.pid} ${this.#identity?.startTime}`;
  }

  get stderr(): string {
    return this.#stderr.text;
  }

  /** What waits to be read by it, in bytes. */
  get unsentBytes(): number {
    return this.#process.unsentBytes;
  }

  /** A prepared one begins. */
  begin(number: number): void {
    this.number = number;
    if (this.state !== "prepared") return;
    this.state = "trying";
    this.#process.go();
  }

  subscribes(topic: string): boolean {
    const topics = this.manifest?.subscriptions ?? [];
    return topics.includes(topic) || (topic !== "log" && topics.includes("*"));
  }

  /** Hands on a message of the node as it came. */
  send(bytes: Buffer): void {
    if (this.end !== undefined) return;
    this.#options.onPassed(this, "to-plugin", bytes);
    this.#process.write(bytes);
    this.#process.write("\n\n");
  }

  /**
   * Asks a question of the host.
   * @param params its text
   * @param limitMs how long it may take; no limit while a debugger holds the process
   */
  ask(method: string, params: string, limitMs: number | undefined): Promise<HostAnswer> {
    // As lightningd makes them: a plugin that cannot repeat such an id fails here, not later.
    const id = JSON.stringify(`cln-dev:plugin#${this.number}/cln:${method}#${this.number}`);
    const askedAt = performance.now();
    return new Promise((resolve) => {
      if (this.end !== undefined) return resolve({ kind: "gone" });
      let timer: NodeJS.Timeout | undefined;
      const answered = (answer: HostAnswer) => {
        clearTimeout(timer);
        this.#questions.delete(id);
        resolve(answer.kind === "answer" ? { ...answer, ms: performance.now() - askedAt } : answer);
      };
      const arm = (ms: number) => {
        timer = setTimeout(() => {
          if (isTraced(this.pid)) arm(ms);
          else answered({ kind: "timeout", ms });
        }, ms);
      };
      if (limitMs !== undefined) arm(limitMs);
      this.#questions.set(id, answered);
      const text = `{"jsonrpc":"2.0","id":${id},"method":"${method}","params":${params}}`;
      this.send(Buffer.from(text));
    });
  }

  /**
   * Ends it: by its stdin, with a `shutdown` before where it wants one, and by force after a while.
   * @param graceMs given up after so long
   */
  retire(graceMs: number): void {
    this.state = "ended";
    if (this.end !== undefined) return;
    if (this.subscribes("shutdown")) {
      this.send(Buffer.from('{"jsonrpc":"2.0","method":"shutdown","params":{"shutdown":{}}}'));
    }
    this.#noteChildren();
    this.#process.closeStdin();
    this.#killer ??= setTimeout(() => this.kill(), graceMs);
  }

  /** Ends it and what it has started at once. */
  kill(): void {
    if (this.end !== undefined || this.pid === undefined) return;
    this.#noteChildren();
    this.#process.kill();
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
    this.#process.pauseOutput();
  }

  resume(): void {
    this.#process.resumeOutput();
  }

  #take(chunk: Buffer): void {
    try {
      for (const { kind, bytes } of this.#framer.push(chunk)) {
        if (kind === "text") this.#keepStray(bytes);
        else this.#judge(bytes);
      }
    } catch (error) {
      this.#keepStray(Buffer.from(String(error)));
      this.kill();
    }
  }

  #judge(bytes: Buffer): void {
    const envelope = readEnvelope(bytes);
    if (envelope.kind === "answer") {
      const question = this.#questions.get(envelope.id ?? "");
      this.#options.onPassed(this, "to-node", bytes);
      if (question) question({ kind: "answer", text: bytes.toString("utf8"), ms: 0 });
      else this.#options.onMessage(this, envelope, bytes);
      return;
    }
    if (envelope.kind !== "notification") return void this.#keepStray(bytes);
    if (bytes.length < MAX_JUDGED_BYTES) {
      const message = parseObject(bytes);
      // The node would end the front for it, and every version with it.
      if (message === undefined || !("jsonrpc" in message)) return void this.#keepStray(bytes);
      const notification = readNotification(new Token(bytes.toString("utf8").trim()));
      if (notification.kind === "fault") return void this.#keepStray(bytes);
      if (notification.kind === "log") this.#keepLogged(notification.level, notification.text);
    }
    this.#options.onPassed(this, "to-node", bytes);
    this.#options.onMessage(this, envelope, bytes);
  }

  #keepLogged(level: string, text: string): void {
    if (this.logged.length >= MAX_LOGGED) return;
    const message = text.slice(0, MAX_LOGGED_LENGTH);
    this.logged.push({ level, message, bytes: Buffer.byteLength(text) });
  }

  #keepStray(bytes: Buffer): void {
    const text = bytes.toString("utf8").trimEnd();
    if (text === "") return;
    if (this.stray.length < MAX_STRAY_LINES) this.stray.push(text);
    this.#options.onStray(this, text);
  }

  #gone(code: number | null, signal: NodeJS.Signals | null): void {
    if (this.end !== undefined) return;
    this.end = { code, signal };
    clearTimeout(this.#killer);
    for (const child of this.#children) kill(child);
    const rest = this.#framer.flush();
    if (rest !== undefined) this.#keepStray(rest);
    for (const answered of [...this.#questions.values()]) answered({ kind: "gone" });
    this.#options.onGone(this);
    for (const resolve of this.#whenGone.splice(0)) resolve();
  }
}

/** A debugger holds it (gdb, strace): then it has no time limit. */
function isTraced(pid: number | undefined): boolean {
  return pid !== undefined && /^TracerPid:\t[1-9]/m.test(readProc(pid, "status") ?? "");
}
