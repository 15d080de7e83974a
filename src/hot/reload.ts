/**
 * A reload in hot mode: a new version starts beside the old one, does its handshake, and replaces
 * the old one if that succeeds. If it cannot run beside the old one, the old one ends first.
 */
import type { Handover } from "./description.js";
import type { Host, Program } from "./host.js";
import type { HotCommand, HotEvent, HotOutcome } from "./protocol.js";
import { surfaceChanges } from "./surface.js";
import type { HandshakeFailure, Version } from "./version.js";

type Reload = Extract<HotCommand, { cmd: "reload" }>;

/**
 * How a new version reports that the old one holds what it needs: the old one then has to end
 * first.
 */
const TAKEN =
  /EADDRINUSE|address already in use|database is locked|resource temporarily unavailable|already (running|locked)|could not (get|acquire) .*lock/i;
/** How long to wait for the old version's calls if it has to end first, in ms. */
const END_FIRST_MS = 10_000;
/** How long to wait for a moment without calls before a new registration, in ms. */
const IDLE_MS = 1_000;

export class HotReloader {
  /** How the next reload begins: detected, or set. */
  handover: Handover = "beside";
  readonly #host: Host;
  readonly #program: Program;
  #turn = 0;
  #trying: Version | undefined;
  /** The version that has passed its getmanifest and waits for a front that joins. */
  #waiting: Version | undefined;

  constructor(host: Host, program: Program) {
    this.#host = host;
    this.#program = program;
  }

  /** Runs a reload. Never throws. */
  async reload(command: Reload): Promise<HotOutcome> {
    const turn = ++this.#turn;
    this.#trying?.kill();
    this.#waiting?.kill();
    this.#waiting = undefined;
    const { active } = this.#host;
    this.handover = this.#program.settings().handover ?? this.handover;
    const first = await this.#try(command, turn, undefined);
    if (first.result !== "failed" || this.handover !== "beside" || active === undefined) {
      return first;
    }
    const words = TAKEN.exec(`${first.words}\n${first.stderr}`)?.[0];
    if (words === undefined || turn !== this.#turn) return first;
    this.handover = "old-first";
    return await this.#try(command, turn, words);
  }

  /** Waits for a moment without calls, so that the front can be exchanged. */
  async makeWay(number: number, emit: (event: HotEvent) => void): Promise<void> {
    const pending = await this.#host.idle(IDLE_MS);
    const version = this.#waiting;
    const joined = version && this.#host.expectFront(version);
    emit({ event: "ready", number, pending });
    if (version === undefined) return;
    const failure = await joined;
    this.#waiting = undefined;
    if (failure !== undefined) return emit(await this.#failed(number, version, failure));
    emit(this.#switched(number, version, undefined, this.#host.gapMs));
  }

  /** Gives up the waiting version, and shows the active one to the node again. */
  takeBack(number: number, emit: (event: HotEvent) => void): void {
    this.#waiting?.kill();
    this.#waiting = undefined;
    const { active, isExchanging } = this.#host;
    if (active && isExchanging) void this.#host.expectFront(active);
    emit({ event: "ready", number, pending: 0 });
  }

  /**
   * Makes one attempt.
   * @param because what the new version cannot share with the old one, if this reload found that
   * out
   */
  async #try(
    { number, register }: Reload,
    turn: number,
    because: string | undefined,
  ): Promise<HotOutcome> {
    const host = this.#host;
    const superseded = { event: "outcome", number, result: "superseded" } as const;
    if (this.handover === "old-first") {
      // Stopped at a breakpoint, it would not finish them.
      await host.endActive(this.#program.settings().debug ? IDLE_MS : END_FIRST_MS);
    }
    if (turn !== this.#turn || host.manifestParams === undefined) return superseded;
    const version = this.#program.begin();
    this.#trying = version;
    try {
      const unfit = await version.getmanifest(host.manifestParams);
      if (turn !== this.#turn) return superseded;
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
      const failure = await version.init(initParams);
      if (turn !== this.#turn) return superseded;
      if (failure) return await this.#failed(number, version, failure);
      return this.#switched(number, version, because, undefined);
    } finally {
      if (this.#trying === version) this.#trying = undefined;
      if (version.state === "trying") version.kill();
    }
  }

  #switched(
    number: number,
    version: Version,
    because: string | undefined,
    gapMs: number | undefined,
  ): HotOutcome {
    const held = this.#host.switchTo(version);
    this.#program.prepareSoon();
    const { answerMs } = version;
    return {
      event: "outcome",
      number,
      result: "switched",
      version: version.number,
      handover: this.handover,
      because,
      manifestMs: answerMs.getmanifest,
      initMs: answerMs.init,
      gapMs,
      ...held,
    };
  }

  /**
   * Ends a failed version and waits for its last words. Then releases what was held while it was
   * tried.
   */
  async #failed(number: number, version: Version, failure: HandshakeFailure): Promise<HotOutcome> {
    const host = this.#host;
    const running = host.active !== undefined;
    version.kill();
    await version.gone();
    if (!running) host.down ??= `the new version does not run: ${failure.words}`;
    // If another attempt has begun, it keeps holding.
    if (running || this.#trying === version) host.release();
    return {
      event: "outcome",
      number,
      result: "failed",
      version: version.number,
      ...failure,
      manifest: version.manifestText,
      stderr: version.output.stderr,
      stray: version.output.stray,
      logged: version.output.logged,
      running,
    };
  }
}
