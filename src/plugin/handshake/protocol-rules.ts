/**
 * What lightningd makes of each thing that a plugin writes during the handshake: goes on, asks the
 * next question, or is done with it. Used by handshake-run.ts, which has the process and the clock.
 */
import type { Frame } from "../../jsonrpc/framing.js";
import { isObject, type JsonObject, parseObject, RawJson, stringOf } from "../../jsonrpc/json.js";
import { membersOf } from "../../jsonrpc/members.js";
import type { Params } from "../../jsonrpc/message.js";
import type { PluginFile } from "../file/plugin-file.js";
import { type Manifest, parseManifest } from "../manifest/manifest.js";
import type { HandshakeEnd, HandshakeOptions, HandshakePhase, Logged } from "./handshake.js";
import { initParams, problemWithOptions } from "./init-params.js";
import { problemWithNotification } from "./notification-rules.js";

/** What comes next. */
export type Step =
  | {
      readonly next: "ask";
      readonly phase: HandshakePhase;
      readonly method: string;
      readonly params: Params;
    }
  | { readonly next: "linger"; readonly ms: number }
  /** The handshake is over. `words` are lightningd's, if it has any for this. */
  | { readonly next: "end"; readonly end: HandshakeEnd; readonly words: string | undefined };

export const FIRST_STEP: Step = {
  next: "ask",
  phase: "getmanifest",
  method: "getmanifest",
  params: new RawJson('{"allow-deprecated-apis":true}'),
};

export function ends(end: HandshakeEnd, words?: string): Step {
  return { next: "end", end, words };
}

export function idOf(phase: HandshakePhase): string {
  return `cln-dev:${phase}`;
}

const MAX_STRAY_LINES = 100;
const MAX_LOGGED = 200;
const MAX_LOGGED_LENGTH = 2000;

export class HandshakeJudge {
  readonly #file: PluginFile;
  readonly #options: HandshakeOptions;
  readonly stray: string[] = [];
  readonly logged: Logged[] = [];
  manifest: Manifest | undefined;
  manifestText: string | undefined;

  constructor(file: PluginFile, options: HandshakeOptions) {
    this.#file = file;
    this.#options = options;
  }

  /** Output that is no message, after the end as well: it is only kept. */
  keepStray(text: string): void {
    if (this.stray.length < MAX_STRAY_LINES) this.stray.push(text.trimEnd());
  }

  /** @returns undefined where the plugin is simply read on */
  judge(frame: Frame, phase: HandshakePhase): Step | undefined {
    const text = frame.bytes.toString("utf8");
    if (frame.kind === "text") {
      this.keepStray(text);
      // lightningd looks at what it has only once there is a closing brace in it.
      return text.includes("}") ? this.garbage(text, phase) : undefined;
    }
    // Once something else stands before a message, it reads the two as one broken message.
    if (this.stray.length > 0) return this.garbage(`${this.stray.join("\n")}\n${text}`, phase);
    const message = parseObject(frame.bytes);
    if (message !== undefined && "jsonrpc" in message) {
      if (message.id === undefined) return this.#notification(message, phase);
      return message.id === idOf(phase) ? this.#answer(message, text, phase) : undefined;
    }
    this.keepStray(text);
    if (message === undefined) return this.garbage(text, phase);
    return this.garbage(
      text,
      phase,
      `JSON-RPC message does not contain "jsonrpc" field: '${text}'`,
    );
  }

  garbage(
    written: string,
    phase: HandshakePhase,
    words = `Failed to parse RPC JSON response '${written}'`,
  ): Step {
    return ends({ kind: "garbage", phase, written }, words);
  }

  #notification(notification: JsonObject, phase: HandshakePhase): Step | undefined {
    const problem = problemWithNotification(notification);
    if (problem !== undefined) return this.garbage(JSON.stringify(notification), phase, problem);
    const { method, params } = notification;
    if (method !== "log" || !isObject(params)) return undefined;
    const text = stringOf(params.message) ?? "";
    if (this.logged.length < MAX_LOGGED) {
      this.logged.push({
        level: stringOf(params.level) ?? "info",
        message: text.slice(0, MAX_LOGGED_LENGTH),
        bytes: Buffer.byteLength(text),
      });
    }
    return undefined;
  }

  #answer(message: JsonObject, text: string, phase: HandshakePhase): Step {
    if (phase === "getmanifest") return this.#onManifest(text);
    return phase === "init" ? this.#onInit(message) : ends({ kind: "passed" });
  }

  #onManifest(answer: string): Step {
    const result = membersOf(answer)?.find((member) => member.key === "result")?.raw;
    this.manifestText = result;
    const parsed = parseManifest(result === undefined ? undefined : new RawJson(result), {
      path: this.#file.realPath,
      answer,
      hasOption: () => false,
      ownerOfMethod: () => undefined,
    });
    if ("error" in parsed) return ends({ kind: "refused", about: "manifest" }, parsed.error);
    const { manifest } = parsed;
    this.manifest = manifest;
    const { options: given = [], mustBeDynamic = true, upTo } = this.#options;
    const { disable } = manifest;
    if (disable !== undefined) {
      const end = { kind: "disabled", phase: "getmanifest", reason: disable } as const;
      return ends(end, `disabled itself: ${disable}`);
    }
    const problem = problemWithOptions(manifest.options, given);
    if (problem !== undefined) return ends({ kind: "refused", about: "options" }, problem);
    if (mustBeDynamic && !manifest.dynamic) {
      return ends({ kind: "not-dynamic" }, "Not a dynamic plugin");
    }
    if (upTo === "getmanifest") return ends({ kind: "passed" });
    const params = initParams(manifest.options, given, this.#options);
    return { next: "ask", phase: "init", method: "init", params };
  }

  #onInit({ result, error }: JsonObject): Step {
    if (isObject(result) && "disable" in result) {
      const reason = stringOf(result.disable) ?? JSON.stringify(result.disable);
      const end = { kind: "disabled", phase: "init", reason } as const;
      return ends(end, `disabled itself at init: ${reason}`);
    }
    if (isObject(error)) return ends({ kind: "init-error", error });
    const { lingerMs = 0, thenCall } = this.#options;
    if (thenCall !== undefined) return { next: "ask", phase: "running", ...thenCall };
    return lingerMs > 0 ? { next: "linger", ms: lingerMs } : ends({ kind: "passed" });
  }
}
