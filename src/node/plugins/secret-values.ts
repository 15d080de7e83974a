/**
 * The values of the secret options of a node's plugins, as `listconfigs` shows them, for whoever shows
 * what plugins say. They change when a plugin is started anew, so they are asked for again.
 */
import { isObject, type JsonObject } from "../../jsonrpc/json.js";
import { concealing, isSecretName } from "../../plugin/secret-options.js";
import { callNode } from "../rpc/client.js";

/** A plugin that was started anew may have another value: no plugin starts faster. Few bytes are asked for. */
const VALUES_AFTER_MS = 5;
/** It may have another option: the node shows all of them, and keeps that answer in its log ring. */
const NAMES_AFTER_MS = 60_000;

interface Secret {
  readonly name: string;
  readonly value: string;
}

export class SecretValues {
  readonly #rpcFile: string;
  readonly #signal: AbortSignal;
  #names: readonly string[] = [];
  /** Earlier values too: older lines hold them. */
  readonly #values = new Map<string, Secret>();
  #valuesAt = Number.NEGATIVE_INFINITY;
  #namesAt = Number.NEGATIVE_INFINITY;
  /** Hides every value that is known. */
  hide: (text: string) => string;

  /** @param given what is known without the node: the project's own settings */
  constructor(
    rpcFile: string,
    given: readonly { readonly name: string; readonly value: unknown }[],
    signal: AbortSignal,
  ) {
    this.#rpcFile = rpcFile;
    this.#signal = signal;
    for (const { name, value } of given) this.#add({ name, value: String(value) });
    this.hide = concealing([...this.#values.values()]);
  }

  /** A plugin has ended: the next one may have other options. */
  pluginEnded(): void {
    this.#namesAt = Number.NEGATIVE_INFINITY;
  }

  /** Sees to it that what is known is not old. A node that does not answer changes nothing. */
  async refresh(): Promise<void> {
    const now = performance.now();
    const isNamesTime = now - this.#namesAt > NAMES_AFTER_MS;
    if (!isNamesTime && now - this.#valuesAt <= VALUES_AFTER_MS) return;
    this.#valuesAt = now;
    if (isNamesTime) this.#namesAt = now;
    const asked = isNamesTime ? [{}] : this.#names.map((config) => ({ config }));
    const answers = await Promise.all(asked.map((params) => this.#ask(params)));
    const secrets = answers.flatMap((configs) => (configs === undefined ? [] : secretsIn(configs)));
    if (isNamesTime) this.#names = [...new Set(answers.flatMap(secretNames))];
    for (const secret of secrets) this.#add(secret);
    this.hide = concealing([...this.#values.values()]);
  }

  #add(secret: Secret): void {
    if (isSecretName(secret.name)) this.#values.set(JSON.stringify(secret), secret);
  }

  async #ask(params: { readonly config?: string }): Promise<JsonObject | undefined> {
    const options = { signal: this.#signal, timeoutMs: 2_000 };
    const answer = await callNode(this.#rpcFile, "listconfigs", params, options).catch(() => {});
    return isObject(answer) && isObject(answer.configs) ? answer.configs : undefined;
  }
}

function secretNames(configs: JsonObject | undefined): string[] {
  return Object.entries(configs ?? {})
    .filter(([name, config]) => isSecretName(name) && isObject(config) && "plugin" in config)
    .map(([name]) => name);
}

function secretsIn(configs: JsonObject): Secret[] {
  return secretNames(configs).flatMap((name) => {
    const config = configs[name];
    if (!isObject(config)) return [];
    const one = [config.value_str, config.value_int, config.value_msat];
    const many = [config.values_str, config.values_int].flatMap((list) =>
      Array.isArray(list) ? (list as readonly unknown[]) : [],
    );
    return (
      [...one, ...many]
        // `...` is what the node shows of a concealed one.
        .filter((value) => value !== undefined && value !== "...")
        .map((value) => ({ name, value: String(value) }))
    );
  });
}
