/**
 * Turns each message between a node and one plugin into an event (`--trace`): an answer has the
 * method of its request and how long it took, and secrets are masked.
 */
import { readEnvelope } from "../jsonrpc/envelope.js";
import { isObject, parseJson } from "../jsonrpc/json.js";
import { membersOf } from "../jsonrpc/members.js";
import { HOOKS } from "../plugin/release.js";
import { isSecretName } from "../plugin/secret-options.js";
import type { TargetName, Traced } from "./watch-events.js";

export interface PassedMessage {
  readonly direction: "to-plugin" | "to-node";
  /** The message, or the beginning of it. */
  readonly text: string;
  /** The length of the whole message, in bytes. */
  readonly bytes: number;
  /** Ms since 1970. */
  readonly at: number;
  /** The plugin's version, in hot mode. */
  readonly version?: number;
}

interface Open {
  readonly method: string;
  readonly at: number;
  readonly direction: "to-plugin" | "to-node";
  readonly version: number | undefined;
  isReported: boolean;
}

/** How many unanswered requests are remembered: when it is reached, all are forgotten. */
const MAX_OPEN = 10_000;

export class MessageTrace {
  readonly #name: TargetName;
  readonly #open = new Map<string, Open>();
  /** Options that the plugin declares as secret. */
  readonly #concealed = new Set<string>();

  constructor(name: TargetName) {
    this.#name = name;
  }

  take({ direction, text, bytes, at, version }: PassedMessage): Traced {
    const { kind, id, method, isError } = readEnvelope(Buffer.from(text));
    const open = id === undefined ? undefined : this.#open.get(id);
    const asked = method ?? (kind === "answer" ? open?.method : undefined);
    if (id !== undefined && kind === "answer") this.#open.delete(id);
    if (id !== undefined && kind === "request" && method !== undefined) {
      if (this.#open.size >= MAX_OPEN) this.#open.clear();
      this.#open.set(id, { method, at, direction, version, isReported: false });
    }
    const payload = memberText(text, ["params", "result", "error"]);
    if (asked === "getmanifest" && kind === "answer") this.#learnConcealed(payload);
    const isCut = Buffer.byteLength(text) < bytes;
    return {
      event: "trace",
      ...this.#name,
      at: new Date(at).toISOString(),
      direction,
      kind: kind === "answer" && isError ? "error" : kind,
      method: asked,
      hook: asked !== undefined && HOOKS.has(asked),
      id: id === undefined ? undefined : plainId(id),
      payload: this.#masked(payload, isCut),
      bytes,
      cut: isCut,
      ms: kind === "answer" && open ? at - open.at : undefined,
      version,
    };
  }

  /** Called when a version is gone: forgets the requests that it has not answered. */
  ended(version: number): void {
    for (const [id, open] of this.#open) {
      if (open.version === version && open.direction === "to-plugin") this.#open.delete(id);
    }
  }

  /**
   * Returns the requests that have waited for at least `ms` milliseconds, each only once.
   * @param now ms since 1970
   */
  overdue(now: number, ms: number): Traced[] {
    const late = [...this.#open].filter(([, { at, isReported }]) => !isReported && now - at >= ms);
    return late.map(([id, open]) => {
      open.isReported = true;
      return {
        event: "trace",
        ...this.#name,
        at: new Date(now).toISOString(),
        direction: open.direction,
        kind: "pending",
        method: open.method,
        hook: HOOKS.has(open.method),
        id: plainId(id),
        payload: "",
        bytes: 0,
        cut: false,
        ms: now - open.at,
        version: undefined,
      };
    });
  }

  #learnConcealed(manifest: string): void {
    const value = parseJson(manifest);
    const options = isObject(value) && Array.isArray(value.options) ? value.options : [];
    for (const option of options.filter(isObject)) {
      if (option.type === "string-conceal") this.#concealed.add(String(option.name));
    }
  }

  #masked(payload: string, isCut: boolean): string {
    const isSecret = (name: string) => this.#concealed.has(name) || isSecretName(name);
    if (isCut) {
      return payload.replace(/"([^"\\]+)"(\s*:\s*)"(?:[^"\\]|\\.)*"?/g, (whole, name, colon) =>
        isSecret(name) ? `"${name}"${colon}"***"` : whole,
      );
    }
    const value = parseJson(payload);
    const masked = mask(value, isSecret);
    // A payload without secrets keeps its original text.
    return masked === value ? payload : JSON.stringify(masked);
  }
}

/** Masks the secrets in a value; returns the same value if there are none. */
function mask(value: unknown, isSecret: (name: string) => boolean, depth = 0): unknown {
  if (depth > MAX_DEPTH) return value;
  if (Array.isArray(value)) {
    const masked = value.map((one) => mask(one, isSecret, depth + 1));
    return masked.some((one, index) => one !== value[index]) ? masked : value;
  }
  if (!isObject(value)) return value;
  // `setconfig` has an option's name and its value in two members.
  const isSet = typeof value.config === "string" && isSecret(value.config);
  const members = Object.entries(value).map(([name, member]): [string, unknown] => {
    const isHidden = (isSecret(name) && isValue(member)) || (isSet && name === "val");
    return [name, isHidden ? "***" : mask(member, isSecret, depth + 1)];
  });
  return members.some(([name, member]) => member !== value[name])
    ? Object.fromEntries(members)
    : value;
}

const MAX_DEPTH = 100;

/** Whether a secret is masked as a whole; in an object (`"token": {"type": ...}`) members are. */
function isValue(value: unknown): boolean {
  return typeof value === "string" || typeof value === "number" || Array.isArray(value);
}

function memberText(text: string, names: readonly string[]): string {
  const members = membersOf(text) ?? [];
  return members.find(({ key }) => names.includes(key))?.raw ?? "";
}

/** Returns an id without its quotes, if it has any. */
function plainId(raw: string): string {
  const value = parseJson(raw);
  return typeof value === "string" ? value : raw;
}

/** Whether an event of the trace is shown. */
export type TraceFilter = (event: Traced) => boolean;

const KINDS: { readonly [word: string]: (event: Traced) => boolean } = {
  calls: ({ id, hook }) => id !== undefined && !hook,
  hooks: ({ hook, id }) => hook && id !== undefined,
  notifications: ({ id }) => id === undefined,
  errors: ({ kind }) => kind === "error",
};

/**
 * Parses the filter of `--trace`: comma-separated words, each the name of a method, hook or topic
 * (`*` matches anything), or one of calls, hooks, notifications and errors. `!word` excludes it.
 */
export function traceFilter(text: string): TraceFilter {
  const words = text.split(",").filter((word) => word !== "");
  const wanted = words.filter((word) => !word.startsWith("!")).map(matcher);
  const unwanted = words
    .filter((word) => word.startsWith("!"))
    .map((word) => matcher(word.slice(1)));
  return (event) =>
    (wanted.length === 0 || wanted.some((fits) => fits(event))) &&
    !unwanted.some((fits) => fits(event));
}

function matcher(word: string): (event: Traced) => boolean {
  const kind = KINDS[word];
  if (kind !== undefined) return kind;
  const pattern = word.replace(/[^\w*]/g, "\\$&").replaceAll("*", ".*");
  const name = new RegExp(`^${pattern}$`);
  return ({ method }) => method !== undefined && name.test(method);
}
