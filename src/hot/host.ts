/**
 * The hot host: stands between the node and the versions of one plugin. It passes every message on
 * unchanged, to the active version, and tracks what each version owes. What the node must not
 * notice (a version that ends, one that is tried) happens behind it.
 */
import { basename } from "node:path";
import type { RawMessage } from "../jsonrpc/envelope.js";
import { Token } from "../jsonrpc/token.js";
import { isRunning, type ProcessIdentity } from "../node/plugins/plugin-processes.js";
import { TERMINATED } from "../plugin/handshake/pending-requests.js";
import type { Manifest } from "../plugin/manifest/manifest.js";
import type { HotDescription } from "./description.js";
import type { Front, FrontOwner } from "./front.js";
import { ownAnswer, standingOf } from "./own-answers.js";
import type { HotEvent } from "./protocol.js";
import { readSetconfig, withConfig } from "./setconfig.js";
import type { HandshakeFailure, Pending, Version } from "./version.js";

/** The program around the host. */
export interface Program {
  /** The plugin's canonical path. */
  readonly plugin: string;
  /**
   * Whether a session made the node start the front: the plugin is then dynamic, whatever its
   * manifest says.
   */
  readonly isDynamic: boolean;
  /** Returns the settings that the next version is run with. */
  settings(): Partial<HotDescription>;
  /** Returns a new version, ready for its handshake. */
  begin(): Version;
  /** Called when a version has become active: the next one can be prepared. */
  prepareSoon(): void;
  emit(event: HotEvent): void;
  /**
   * Called when the host has nothing left to do.
   * @param killed whether the node has killed the front
   */
  end(killed: boolean): void;
}

/** A message from the node, and the front it arrived by. */
interface FromNode {
  readonly front: Front;
  readonly message: RawMessage;
}

/** The version that the next front shows to the node: a new one, or the active one. */
interface Joining {
  readonly version: Version;
  /** Called when the node has sent `init`, with the failure if the version has not taken it. */
  readonly done: (failure: HandshakeFailure | undefined) => void;
}

const MAX_HELD = 20_000;
const MAX_HELD_BYTES = 64 * 1024 * 1024;
/** Above this, in bytes, the other side is paused until they are taken. */
const MAX_UNSENT_BYTES = 16 * 1024 * 1024;
/** How long an old version may hold hooks before they are given to the new one, in ms. */
const HOOK_GRACE_MS = 1_000;
/** How long an old version may take to answer its calls before they fail, in ms. */
const DRAIN_MS = 60_000;
const MAX_DRAINING = 3;
/** How long a version may take to end, in ms: with `shutdown` subscribed, and without. */
const SHUTDOWN_MS = 4_000;
const EOF_MS = 200;
/** How long the host lives without a front, in ms. */
const JOIN_MS = 15_000;

export class Host implements FrontOwner {
  front: Front | undefined;
  active: Version | undefined;
  /** Why there is no active version. */
  down: string | undefined;
  /** The params of the node's getmanifest and init, as JSON text. */
  manifestParams: string | undefined;
  initParams: string | undefined;
  /** The manifest that the node has registered. */
  registered: Manifest | undefined;
  /** How long the node did not know the plugin when a front last joined, in ms. */
  gapMs: number | undefined;
  /** Whether the front is leaving, and the one that joins has not taken its place yet. */
  isExchanging = false;
  #goneAt = 0;
  /** The node that the last front belonged to. */
  #node: ProcessIdentity | undefined;
  readonly #program: Program;
  readonly #draining = new Map<Version, NodeJS.Timeout[]>();
  /** Ids of hooks that were given to a second version: the first one's answer is ignored. */
  readonly #redelivered = new Set<string>();
  #held: FromNode[] = [];
  #heldBytes = 0;
  #heldSince: number | undefined;
  /** The version that got `deprecated_oneshot`: it also gets the request that follows. */
  #oneshot: Version | undefined;
  #joining: Joining | undefined;
  #shuttingDown = false;
  #idle: (() => void)[] = [];

  constructor(program: Program) {
    this.#program = program;
  }

  /** Called when the node has begun to talk over this front. */
  attach(front: Front): void {
    this.front = front;
    this.#node = front.node;
  }

  /** Called periodically: the host does not outlive its node, and its front only for a while. */
  look(): void {
    this.front?.look();
    if (this.front !== undefined) return;
    const isLate = performance.now() - this.#goneAt > JOIN_MS;
    if (isLate || (this.#node !== undefined && !isRunning(this.#node))) this.#program.end(true);
  }

  /** Called when the front is gone. If another one is to join, the versions stay. */
  frontGone(front: Front, killed: boolean): void {
    if (this.front !== front) return;
    this.front = undefined;
    this.#goneAt = performance.now();
    if (!this.isExchanging) this.#program.end(killed);
  }

  /** Handles a message from the node. */
  fromNode(front: Front, message: RawMessage): void {
    const { kind, method, bytes } = message;
    if (kind === "request" && method === "getmanifest") void this.#getmanifest(front, message);
    else if (kind === "request" && method === "init") void this.#init(front, message);
    else if (kind === "notification" && method === "shutdown") this.#shutdown(bytes);
    else if (kind === "request" || kind === "notification") this.#route({ front, message });
    const unsent = this.active?.unsentBytes ?? 0;
    if (unsent > MAX_UNSENT_BYTES) front.pause();
  }

  /** Handles a message from a version. */
  fromVersion(version: Version, message: RawMessage): void {
    if (message.kind === "answer") this.#answered(version, message);
    else this.front?.send(message.bytes);
    if ((this.front?.unsentBytes ?? 0) <= MAX_UNSENT_BYTES) return;
    for (const one of this.#talking()) one.pause();
  }

  /** Called when one side takes messages again. */
  resume(): void {
    this.front?.resume();
    for (const version of this.#talking()) version.resume();
  }

  /** Called when a version's process is gone. */
  versionGone(version: Version): void {
    for (const timer of this.#draining.get(version) ?? []) clearTimeout(timer);
    this.#draining.delete(version);
    const wasActive = this.active === version;
    if (wasActive && version.state === "active" && !this.#shuttingDown) {
      this.active = undefined;
      const { code, signal } = version.end ?? { code: null, signal: null };
      const { number } = version;
      const { stderr } = version.output;
      this.down = `${basename(this.#program.plugin)} is down: ${lastWords(version)}`;
      this.#program.emit({ event: "died", version: number, code, signal, stderr });
    }
    const reason = this.down ?? TERMINATED;
    for (const [id, pending] of version.pending) this.#orphaned(id, pending, reason);
    version.pending.clear();
    this.#checkIdle();
    if (wasActive && this.#shuttingDown) this.#finish();
  }

  /** Holds requests from now on. */
  hold(): void {
    this.#heldSince ??= performance.now();
  }

  /**
   * Delivers what was held, or answers it if there is no version.
   * @returns how many messages were held, and for how long
   */
  release(): { readonly heldMs: number; readonly held: number } {
    const heldMs = this.#heldSince === undefined ? 0 : performance.now() - this.#heldSince;
    this.#heldSince = undefined;
    const held = this.#held;
    this.#held = [];
    this.#heldBytes = 0;
    for (const one of held) {
      if (!one.front.isGone) this.#route(one);
    }
    return { heldMs, held: held.length };
  }

  /** Makes the version active; the previous one finishes what it has begun. */
  switchTo(version: Version): { readonly heldMs: number; readonly held: number } {
    const old = this.active;
    version.state = "active";
    this.active = version;
    this.down = undefined;
    const held = this.release();
    if (old !== undefined && old !== version) this.#drain(old);
    return held;
  }

  /**
   * Holds requests, lets the active version finish what it has begun, within the limit, and ends
   * it.
   */
  async endActive(limitMs: number): Promise<void> {
    const old = this.active;
    this.hold();
    if (old === undefined) return;
    await this.idle(limitMs);
    this.active = undefined;
    this.#retire(old);
    await old.gone();
  }

  /**
   * Resolves when the active version owes nothing, or after the limit.
   * @returns the number of requests that it still owes
   */
  async idle(limitMs: number): Promise<number> {
    if (this.#pendingCount() > 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, limitMs);
        this.#idle.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
    return this.#pendingCount();
  }

  /**
   * Lets the next front that joins show this version to the node.
   * @returns why that version has not taken it, if so
   */
  expectFront(version: Version): Promise<HandshakeFailure | undefined> {
    this.isExchanging = true;
    return new Promise((done) => {
      this.#joining = { version, done };
    });
  }

  async #getmanifest(front: Front, { id = "", token }: RawMessage): Promise<void> {
    this.manifestParams = paramsOf(token);
    if (this.#joining !== undefined) {
      const { version } = this.#joining;
      this.registered = version.manifest;
      this.gapMs = performance.now() - this.#goneAt;
      front.send(answerText(id, withDynamic(version.manifestText ?? "{}")));
      return;
    }
    const version = this.#program.begin();
    await version.getmanifest(this.manifestParams);
    const { answer, manifest, manifestText } = version;
    // It has ended, or has not answered within lightningd's own limit.
    if (answer === undefined) return this.#leave(version);
    if (manifest === undefined || manifestText === undefined) {
      front.send(answer.withMember("id", id));
      return;
    }
    this.registered = manifest;
    // Requests may arrive before init: db_write does.
    version.state = "active";
    this.active = version;
    const isStatic = !this.#program.isDynamic || manifest.featurebits.size > 0;
    front.send(answerText(id, isStatic ? manifestText : withDynamic(manifestText)));
  }

  async #init(front: Front, { id = "", token }: RawMessage): Promise<void> {
    const joining = this.#joining;
    const params = paramsOf(token);
    const version = joining?.version ?? this.active;
    this.initParams = notAtStartup(params);
    if (version === undefined) return;
    if (joining !== undefined && version === this.active) {
      this.#joined(joining, undefined);
      front.send(answerText(id, "{}"));
      return;
    }
    const failure = await version.init(params);
    const { answer } = version;
    if (joining === undefined && answer === undefined) return this.#leave(version);
    if (joining !== undefined) this.#joined(joining, failure);
    if (answer === undefined) {
      front.leave();
      this.frontGone(front, true);
    } else if (joining !== undefined && failure !== undefined) {
      front.send(answerText(id, JSON.stringify({ disable: failure.words })));
    } else front.send(answer.withMember("id", id));
  }

  /** The first version failed to start: the node sees the end that it would see without us. */
  #leave(version: Version): void {
    version.kill();
    this.front?.leave();
    this.#program.end(true);
  }

  #joined(joining: Joining, failure: HandshakeFailure | undefined): void {
    this.#joining = undefined;
    // After a failure the active version is shown to the node again.
    this.isExchanging = failure !== undefined;
    joining.done(failure);
  }

  #shutdown(bytes: Buffer): void {
    // `plugin stop` of the front that makes way: the versions stay.
    if (this.isExchanging) {
      this.front?.leave();
      if (this.front) this.frontGone(this.front, true);
      return;
    }
    this.#shuttingDown = true;
    const subscribed = this.#talking().filter((version) => version.subscribes("shutdown"));
    for (const version of subscribed) version.send(bytes);
    if (this.active === undefined || !this.active.subscribes("shutdown")) this.#finish();
  }

  /** Ends the front, for which the node waits, and the program. */
  #finish(): void {
    this.front?.leave();
    this.#program.end(false);
  }

  #route(from: FromNode): void {
    const { front, message } = from;
    const { kind, method = "", id = "", bytes } = message;
    const version = this.#oneshot ?? this.active;
    const isHeld = this.#heldSince !== undefined && this.#oneshot === undefined;
    if (kind === "notification") {
      if (isHeld) return void this.#hold(from);
      if (method === "deprecated_oneshot") this.#oneshot = version;
      else if (!version?.subscribes(method)) return;
      version?.send(bytes);
      return;
    }
    this.#oneshot = undefined;
    const standing = standingOf(method);
    if (isHeld || (version === undefined && standing === "must-not-fail")) {
      return void this.#hold(from);
    }
    if (version === undefined || version.end !== undefined) {
      front.send(ownAnswer(id, method, this.down ?? "the plugin is down"));
      return;
    }
    const change = method === "setconfig" ? readSetconfig(message.token) : undefined;
    const kept = standing === "method" ? undefined : message.copy();
    version.pending.set(id, { front, method, message: kept, change });
    version.send(bytes);
  }

  #hold({ front, message }: FromNode): void {
    const { id, method = "", bytes } = message;
    const isFull = this.#held.length >= MAX_HELD || this.#heldBytes > MAX_HELD_BYTES;
    if (!isFull) {
      this.#heldBytes += bytes.length;
      this.#held.push({ front, message: message.copy() });
    } else if (id !== undefined) {
      const reason = "too many requests wait for the next version of the plugin";
      front.send(ownAnswer(id, method, reason));
    }
  }

  #answered(version: Version, { id = "", isError, bytes }: RawMessage): void {
    const pending = version.pending.get(id);
    if (pending === undefined) {
      if (this.#redelivered.delete(id)) return;
      this.#program.emit({ event: "unknown-id", version: version.number, id });
      return;
    }
    version.pending.delete(id);
    for (const other of this.#talking()) other.pending.delete(id);
    if (pending.change !== undefined && !isError && this.initParams !== undefined) {
      const options = this.registered?.options ?? [];
      this.initParams = withConfig(this.initParams, pending.change, options);
    }
    pending.front.send(bytes);
    this.#checkIdle();
    this.#checkDrained(version);
  }

  #checkIdle(): void {
    if (this.#pendingCount() > 0) return;
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  #pendingCount(): number {
    return this.active?.pending.size ?? 0;
  }

  #drain(version: Version): void {
    version.state = "draining";
    const hooks = setTimeout(() => this.#redeliver(version), HOOK_GRACE_MS);
    const cut = setTimeout(() => this.#cut(version), DRAIN_MS);
    this.#draining.set(version, [hooks, cut]);
    const [oldest] = this.#draining.keys();
    if (this.#draining.size > MAX_DRAINING && oldest !== undefined) this.#cut(oldest);
    this.#checkDrained(version);
  }

  #checkDrained(version: Version): void {
    if (version.state === "draining" && version.pending.size === 0) this.#retire(version);
  }

  #retire(version: Version): void {
    for (const timer of this.#draining.get(version) ?? []) clearTimeout(timer);
    this.#draining.delete(version);
    version.retire(version.subscribes("shutdown") ? SHUTDOWN_MS : EOF_MS);
  }

  /**
   * Gives the new version the hooks that an old one still holds: the old one may wait for a call
   * that only the new one gets.
   */
  #redeliver(version: Version): void {
    const next = this.active;
    if (next === undefined || next === version) return;
    const hooks = [...version.pending].filter(([, { message }]) => message !== undefined);
    for (const [id, pending] of hooks) {
      this.#redelivered.add(id);
      version.pending.delete(id);
      if (pending.message === undefined || next.pending.has(id)) continue;
      next.pending.set(id, pending);
      next.send(pending.message.bytes);
    }
    this.#checkDrained(version);
  }

  /** Kills an old version that has used up its time. */
  #cut(version: Version): void {
    const methods = [...version.pending.values()].map(({ method }) => method);
    this.#program.emit({ event: "cut", version: version.number, methods });
    version.kill();
  }

  /**
   * Handles a request whose version is gone. Hooks go to the next version; methods have side
   * effects, so they fail.
   */
  #orphaned(id: string, { front, method, message }: Pending, reason: string): void {
    if (front.isGone) return;
    const isKept = this.active !== undefined || standingOf(method) !== "hook";
    if (message !== undefined && isKept) this.#route({ front, message });
    else front.send(ownAnswer(id, method, reason));
  }

  #talking(): Version[] {
    return [...this.#draining.keys(), ...(this.active === undefined ? [] : [this.active])];
  }
}

/** Returns the plugin's last line on stderr, or how it ended. */
function lastWords({ output, end }: Version): string {
  const line = output.stderr.trimEnd().split("\n").at(-1)?.trim() ?? "";
  if (line !== "") return line.slice(0, 300);
  return end?.signal ? `it was ended by ${end.signal}` : `it ended with exit code ${end?.code}`;
}

function paramsOf(request: Token): string {
  return request.member("params")?.raw ?? "{}";
}

function answerText(id: string, result: string): string {
  return `{"jsonrpc":"2.0","id":${id},"result":${result}}`;
}

function withDynamic(manifest: string): string {
  const token = new Token(manifest.trim());
  if (token.member("dynamic") !== undefined) return token.withMember("dynamic", "true");
  const rest = token.raw.slice(1);
  return `{"dynamic":true${rest.trim() === "}" ? "" : ","}${rest}`;
}

/** Sets `startup` to false: later versions are not part of the node's own start. */
function notAtStartup(params: string): string {
  const token = new Token(params);
  const configuration = token.member("configuration");
  if (configuration?.member("startup") === undefined) return params;
  return token.withMember("configuration", configuration.withMember("startup", "false"));
}
