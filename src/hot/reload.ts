/**
 * A reload in hot mode: a new version is started and asked beside the old one, and takes its place,
 * or does not. Where it cannot run beside the old one, that one ends first.
 */
import type { Handover, HotDescription } from "./description.js";
import type { HandshakeFailure, HostAnswer } from "./handshake.js";
import type { Host } from "./host.js";
import type { HotCommand, HotEvent, HotOutcome } from "./protocol.js";
import { surfaceChanges } from "./surface.js";
import type { Version } from "./version.js";

type ReloadWish = Omit<Extract<HotCommand, { cmd: "reload" }>, "cmd">;

export interface ReloaderParts {
  readonly host: Host;
  /** What the next version is run with. */
  readonly settings: () => Partial<HotDescription>;
  /** A version that begins now. */
  readonly begin: () => Version;
  /** A version took its place: the next one can be prepared. */
  readonly onSwitched: () => void;
}

/** What the old version holds and the new one cannot have: then the old one has to end first. */
const TAKEN =
  /EADDRINUSE|address already in use|database is locked|resource temporarily unavailable|already (running|locked)|could not (get|acquire) .*lock/i;
/** How long the calls of the old version are waited for where it has to end first, in ms. */
const END_FIRST_MS = 10_000;
/** How long a moment without calls is waited for before a new registration, in ms. */
const IDLE_MS = 1_000;

export class HotReloader {
  /** How the next reload begins: found out, or set. */
  handover: Handover = "beside";
  readonly #parts: ReloaderParts;
  #turn = 0;
  #trying: Version | undefined;
  /** It has passed its getmanifest and waits for a front that joins. */
  #waiting: Version | undefined;
  /** The front has left, or will in a moment, and no other has joined. */
  #isExchanging = false;

  constructor(parts: ReloaderParts) {
    this.#parts = parts;
  }

  /** Never throws. */
  async reload(wish: ReloadWish): Promise<HotOutcome> {
    const turn = ++this.#turn;
    this.#trying?.kill();
    this.#waiting?.kill();
    this.#waiting = undefined;
    const { active } = this.#parts.host;
    this.handover = this.#parts.settings().handover ?? this.handover;
    const first = await this.#try(wish, turn, this.handover, undefined);
    if (first.result !== "failed" || this.handover !== "beside" || active === undefined) {
      return first;
    }
    const words = TAKEN.exec(`${first.words}\n${first.stderr}`)?.[0];
    if (words === undefined || turn !== this.#turn) return first;
    this.handover = "old-first";
    return await this.#try(wish, turn, "old-first", words);
  }

  /** Waits for a moment without calls, so that the front can be exchanged. */
  async makeWay(number: number, emit: (event: HotEvent) => void): Promise<void> {
    const { host } = this.#parts;
    const pending = await host.idle(IDLE_MS);
    const version = this.#waiting;
    if (version === undefined) return emit({ event: "ready", number, pending });
    this.#isExchanging = true;
    host.expectFront(version, (failure) => {
      this.#waiting = undefined;
      this.#isExchanging = failure !== undefined;
      if (failure !== undefined) return void this.#failed(number, version, failure).then(emit);
      const held = host.switchTo(version);
      this.#parts.onSwitched();
      const { handover } = this;
      const named = { event: "outcome", number, version: version.number, handover } as const;
      const times = { manifestMs: 0, initMs: 0, gapMs: host.gapMs, ...held };
      emit({ ...named, result: "switched", because: undefined, ...times });
    });
    emit({ event: "ready", number, pending });
  }

  /** The new version does not come to the node: the active one is shown to it again. */
  takeBack(number: number, emit: (event: HotEvent) => void): void {
    const { host } = this.#parts;
    this.#waiting?.kill();
    this.#waiting = undefined;
    if (host.active && this.#isExchanging) {
      host.expectFront(host.active, () => {
        this.#isExchanging = false;
      });
    }
    emit({ event: "ready", number, pending: 0 });
  }

  async #try(
    { number, register }: ReloadWish,
    turn: number,
    handover: Handover,
    because: string | undefined,
  ): Promise<HotOutcome> {
    const { host } = this.#parts;
    const superseded = { event: "outcome", number, result: "superseded" } as const;
    const settings = this.#parts.settings();
    if (handover === "old-first") {
      // At a breakpoint it would not end them.
      await host.endActive(settings.debug ? IDLE_MS : END_FIRST_MS);
    }
    if (turn !== this.#turn || host.manifestParams === undefined) return superseded;
    const version = this.#parts.begin();
    this.#trying = version;
    if (settings.debug) version.handshake.limitMs = undefined;
    try {
      const asked = await version.handshake.manifest(host.manifestParams);
      if (turn !== this.#turn) return superseded;
      const unfit = version.handshake.manifestFailure(asked);
      if (unfit) return await this.#failed(number, version, unfit);
      const { registered, initParams = "{}" } = host;
      const changes =
        registered && version.manifest ? surfaceChanges(registered, version.manifest) : [];
      if (changes.length > 0 || register) {
        version.state = "waiting";
        this.#waiting = version;
        const manifest = version.manifestText ?? "{}";
        const named = { event: "outcome", number, version: version.number } as const;
        return { ...named, result: "changed", changes, manifest };
      }
      const answered = await version.handshake.init(initParams);
      if (turn !== this.#turn) return superseded;
      const failure = version.handshake.initFailure(answered);
      if (failure) return await this.#failed(number, version, failure);
      const held = host.switchTo(version);
      this.#parts.onSwitched();
      return {
        event: "outcome",
        number,
        result: "switched",
        version: version.number,
        handover,
        because,
        manifestMs: msOf(asked),
        initMs: msOf(answered),
        gapMs: undefined,
        ...held,
      };
    } finally {
      if (this.#trying === version) this.#trying = undefined;
      if (version.state === "trying") version.kill();
    }
  }

  /** Its last words are waited for; what was held while it was tried is not. */
  async #failed(number: number, version: Version, failure: HandshakeFailure): Promise<HotOutcome> {
    const { host } = this.#parts;
    const running = host.active !== undefined;
    version.kill();
    await version.gone();
    if (!running) host.down ??= `the new version does not run: ${failure.words}`;
    // The next attempt keeps holding.
    if (running || this.#trying === version) host.release();
    return {
      event: "outcome",
      number,
      result: "failed",
      version: version.number,
      ...failure,
      manifest: version.manifestText,
      stderr: version.stderr,
      stray: version.stray,
      logged: version.logged,
      running,
    };
  }
}

function msOf(answer: HostAnswer): number {
  return answer.kind === "answer" ? answer.ms : 0;
}
