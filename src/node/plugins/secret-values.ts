/**
 * Reads the values of secret plugin options from `listconfigs`, to hide them in plugins' messages.
 * The node keeps each answer in its log ring, so it is asked only when a plugin may have started:
 * values do not change otherwise.
 */
import { isObject, type JsonObject } from "../../jsonrpc/json.js";
import { isSecretName, redactor } from "../../plugin/secret-options.js";
import { callNode } from "../rpc/client.js";

/** How long values stay valid, in ms: a plugin may have started unnoticed with other values. */
const MAX_AGE_MS = 60_000;
/** How long a plugin may take to get its options and log its first lines, in ms. */
const STARTING_MS = 10_000;
/** How long values stay valid during that time, in ms. */
const STARTING_AGE_MS = 5;

interface Secret {
  readonly name: string;
  readonly value: string;
}

export class SecretValues {
  readonly #rpcFile: string;
  readonly #signal: AbortSignal;
  /** Includes previous values: older lines still contain them. */
  readonly #values = new Map<string, Secret>();
  #askedAt = Number.NEGATIVE_INFINITY;
  #startingUntil = Number.NEGATIVE_INFINITY;
  /** Hides every known value in a text. */
  hide: (text: string) => string;

  /** @param given values known without the node, from the project's own settings */
  constructor(
    rpcFile: string,
    given: readonly { readonly name: string; readonly value: unknown }[],
    signal: AbortSignal,
  ) {
    this.#rpcFile = rpcFile;
    this.#signal = signal;
    for (const { name, value } of given) this.#add({ name, value: String(value) });
    this.hide = redactor([...this.#values.values()]);
  }

  /** Called when a plugin ends: the next one may have other options and values. */
  pluginEnded(): void {
    this.#startingUntil = performance.now() + STARTING_MS;
    this.#askedAt = Number.NEGATIVE_INFINITY;
  }

  /** Asks the node again if the known values are old. Keeps them if the node does not answer. */
  async refresh(): Promise<void> {
    const now = performance.now();
    const maxAge = now < this.#startingUntil ? STARTING_AGE_MS : MAX_AGE_MS;
    if (now - this.#askedAt <= maxAge) return;
    this.#askedAt = now;
    const options = { signal: this.#signal, timeoutMs: 2_000 };
    const answer = await callNode(this.#rpcFile, "listconfigs", {}, options).catch(() => {});
    const configs = isObject(answer) && isObject(answer.configs) ? answer.configs : {};
    for (const secret of secretsIn(configs)) this.#add(secret);
    this.hide = redactor([...this.#values.values()]);
  }

  #add(secret: Secret): void {
    if (isSecretName(secret.name)) this.#values.set(JSON.stringify(secret), secret);
  }
}

function secretsIn(configs: JsonObject): Secret[] {
  return Object.entries(configs).flatMap(([name, config]) => {
    if (!isSecretName(name) || !isObject(config) || !("plugin" in config)) return [];
    const one = [config.value_str, config.value_int, config.value_msat];
    const many = [config.values_str, config.values_int].flatMap((list) =>
      Array.isArray(list) ? (list as readonly unknown[]) : [],
    );
    return (
      [...one, ...many]
        // The node shows `...` for a concealed value.
        .filter((value) => value !== undefined && value !== "...")
        .map((value) => ({ name, value: String(value) }))
    );
  });
}
