/** The two questions that a version must answer before it serves, and what the answers are worth. */
import { systemCode } from "../errors/failure.js";
import { isObject, parseObject, RawJson } from "../jsonrpc/json.js";
import { membersOf } from "../jsonrpc/members.js";
import type { HandshakeEnd } from "../plugin/handshake/handshake.js";
import { type Manifest, parseManifest } from "../plugin/manifest/manifest.js";
import { strerror } from "../plugin/process/strerror.js";

/** The answer to a question of the host: its whole text, or why there is none. */
export type HostAnswer =
  | { readonly kind: "answer"; readonly text: string; readonly ms: number }
  | { readonly kind: "gone" }
  | { readonly kind: "timeout"; readonly ms: number };

/** The run of the plugin that is asked. */
export interface AskedVersion {
  manifest: Manifest | undefined;
  manifestText: string | undefined;
  readonly end:
    | { readonly code: number | null; readonly signal: NodeJS.Signals | null }
    | undefined;
  readonly spawnError: Error | undefined;
  ask(method: string, params: string, limitMs: number | undefined): Promise<HostAnswer>;
}

/** Why a version does not serve, in the terms of the offline handshake. */
export interface HandshakeFailure {
  readonly phase: "getmanifest" | "init";
  /** The node's words for it, without the plugin's path. */
  readonly words: string;
  readonly end: HandshakeEnd;
}

export class VersionHandshake {
  readonly #version: AskedVersion;
  readonly #path: string;
  /** How long an answer may take, in ms; undefined: no limit. */
  limitMs: number | undefined;

  #refusal: string | undefined;

  constructor(version: AskedVersion, path: string, limitMs: number) {
    this.#version = version;
    this.#path = path;
    this.limitMs = limitMs;
  }

  /** Asks for the manifest, and reads it where it is a good one. */
  async manifest(params: string): Promise<HostAnswer> {
    const version = this.#version;
    const answer = await version.ask("getmanifest", params, this.limitMs);
    if (answer.kind !== "answer") return answer;
    const text = membersOf(answer.text)?.find(({ key }) => key === "result")?.raw;
    const parsed = parseManifest(text === undefined ? undefined : new RawJson(text), {
      path: this.#path,
      answer: answer.text,
      hasOption: () => false,
      ownerOfMethod: () => undefined,
    });
    version.manifestText = text;
    if ("manifest" in parsed) version.manifest = parsed.manifest;
    else this.#refusal = parsed.error;
    return answer;
  }

  init(params: string): Promise<HostAnswer> {
    return this.#version.ask("init", params, this.limitMs);
  }

  /** What is wrong with the answer to getmanifest; undefined where it is a good one. */
  manifestFailure(answer: HostAnswer): HandshakeFailure | undefined {
    if (answer.kind !== "answer") return this.#silence("getmanifest", answer);
    if (this.#refusal !== undefined) {
      const end = { kind: "refused", about: "manifest" } as const;
      return { phase: "getmanifest", words: this.#refusal, end };
    }
    const reason = this.#version.manifest?.disable;
    if (reason === undefined) return undefined;
    const end = { kind: "disabled", phase: "getmanifest", reason } as const;
    return { phase: "getmanifest", words: `disabled itself: ${reason}`, end };
  }

  /** The node takes an error for a good answer; for a version in the place of another it is none. */
  initFailure(answer: HostAnswer): HandshakeFailure | undefined {
    if (answer.kind !== "answer") return this.#silence("init", answer);
    const { result, error } = parseObject(Buffer.from(answer.text)) ?? {};
    if (isObject(error)) {
      const words = `init was answered with an error: ${String(error.message)}`;
      return { phase: "init", words, end: { kind: "init-error", error } };
    }
    if (!isObject(result) || !("disable" in result)) return undefined;
    const reason = String(result.disable);
    const end = { kind: "disabled", phase: "init", reason } as const;
    return { phase: "init", words: `disabled itself at init: ${reason}`, end };
  }

  #silence(
    phase: "getmanifest" | "init",
    answer: Exclude<HostAnswer, { kind: "answer" }>,
  ): HandshakeFailure {
    if (answer.kind === "timeout") {
      const { ms } = answer;
      const end = { kind: "timeout", phase, ms, answersAtEof: false } as const;
      return { phase, words: `timed out before replying to ${phase}`, end };
    }
    const { end: ended, spawnError } = this.#version;
    if (spawnError !== undefined) {
      const end = { kind: "not-started", code: systemCode(spawnError) ?? "unknown" } as const;
      return { phase, words: `opening pipe: ${strerror(spawnError)}`, end };
    }
    const { code: exit = null, signal = null } = ended ?? {};
    const end = { kind: "exited", phase, code: exit, signal } as const;
    return { phase, words: `exited before replying to ${phase}`, end };
  }
}
