/**
 * Which plugins are called for each hook, in which order, and the calls down that chain
 * (lightningd/plugin_hook.c). Used by the plugin host, by dispatch.ts for `rpc_command`, and by
 * raise.ts.
 */
import { PLUGIN_TERMINATED } from "../../jsonrpc/message.js";
import type { Token } from "../../jsonrpc/token.js";
import { requestId } from "../../plugin/handshake/pending-requests.js";
import type { ManifestHook } from "../../plugin/manifest/manifest.js";
import { HOOKS } from "../../plugin/release.js";
import type { NodeLog } from "../log/node-log.js";
import type { HostedPlugin } from "../plugins/hosted-plugin.js";
import { type Chained, orderChain } from "./hook-order.js";

interface HookChain {
  members: readonly Chained[];
  /** The next order, put in place when the last call that is under way is done. */
  next: readonly Chained[] | undefined;
  users: number;
}

export interface HookCall {
  readonly hook: string;
  /** What filters are held against: a method's name, or a number in decimal. */
  readonly filterValue: string | undefined;
  /** The text of the id of the request that led to this call, if any. */
  readonly callerId: string | undefined;
  /** The text of the whole `params`. */
  readonly params: string;
  /** Called with each plugin that is about to be asked. */
  onAsk?(plugin: HostedPlugin): void;
  /** Called with each plugin's whole answer, before all else; undefined where it died over it. */
  onAnswer?(plugin: HostedPlugin, answer: Token | undefined): void;
  /**
   * Called with each plugin's result.
   * @returns true to go on with the next plugin; false where the call is over
   */
  onResult(plugin: HostedPlugin, result: Token): boolean;
  /** Called when no plugin is left. */
  onDone(): void;
}

export class HookChains {
  readonly #chains = new Map<string, HookChain>(
    [...HOOKS.keys()].map((name) => [name, { members: [], next: undefined, users: 0 }]),
  );

  constructor(private readonly log: NodeLog) {}

  /** Adds a plugin at the end of its hooks' chains; {@link order} gives it its place. */
  register(plugin: HostedPlugin, hooks: readonly ManifestHook[]): void {
    for (const hook of hooks) {
      const chain = this.#chains.get(hook.name);
      if (chain) chain.members = [...chain.members, { plugin, hook }];
    }
  }

  remove(plugin: HostedPlugin): void {
    for (const chain of this.#chains.values()) {
      // A chain in use keeps its places: a call counts its way along them.
      chain.members = chain.members.filter((member) => chain.users > 0 || member.plugin !== plugin);
      chain.next = chain.next?.filter((member) => member.plugin !== plugin);
    }
  }

  /** Puts every chain in order. @returns the plugins whose demands cannot be met */
  order(logSource: string): ReadonlySet<HostedPlugin> {
    const failed = new Set<HostedPlugin>();
    for (const [name, chain] of this.#chains) {
      const live = chain.members.filter(({ plugin }) => !plugin.ended);
      if (live.length === 0) continue;
      const { ordered, stuck } = orderChain(live);
      for (const plugin of stuck) failed.add(plugin);
      if (stuck.length > 0) continue;
      if (chain.users === 0) {
        chain.members = ordered;
      } else {
        chain.next = ordered;
        this.log.add(
          logSource,
          "unusual",
          `Deferring registration of hook ${name} until it's not in use.`,
        );
      }
    }
    return failed;
  }

  /** The plugins that would be called, in order. */
  pluginsOf(hook: string): readonly HostedPlugin[] {
    return (this.#chains.get(hook)?.members ?? [])
      .map((member) => member.plugin)
      .filter((plugin) => !plugin.ended);
  }

  /** Calls the plugins of a hook one after the other. */
  call(call: HookCall): void {
    const chain = this.#chains.get(call.hook);
    if (chain === undefined || chain.members.length === 0) {
      call.onDone();
      return;
    }
    chain.users++;
    this.#callNext(call, chain, 0);
  }

  #callNext(call: HookCall, chain: HookChain, from: number): void {
    const index = chain.members.findIndex(
      (member, at) => at >= from && isCallable(member, call.filterValue),
    );
    const member = chain.members[index];
    if (member === undefined) {
      this.#done(call.hook, chain);
      call.onDone();
      return;
    }
    const { plugin } = member;
    this.log.add("lightningd", "trace", `Calling ${call.hook} hook of plugin ${plugin.name}`);
    const id = requestId(call.hook, call.callerId);
    const text = `{"jsonrpc":"2.0","id":${id},"method":"${call.hook}","params":${call.params}}\n\n`;
    call.onAsk?.(plugin);
    plugin.request(id, text, {
      onAnswer: (answer) => {
        const goOn = this.#answered(call, plugin, answer);
        if (goOn) this.#callNext(call, chain, index + 1);
        else this.#done(call.hook, chain);
      },
    });
  }

  #answered(call: HookCall, plugin: HostedPlugin, answer: Token | undefined): boolean {
    call.onAnswer?.(plugin, answer);
    const wasTerminated =
      answer?.member("error")?.member("code")?.raw === String(PLUGIN_TERMINATED);
    if (answer === undefined || wasTerminated) {
      this.log.add("lightningd", "debug", `Plugin died from ${call.hook} hook call`);
      return true;
    }
    this.log.add(
      "lightningd",
      "trace",
      `Plugin ${plugin.name} returned from ${call.hook} hook call`,
    );
    const result = answer.member("result");
    if (result !== undefined) return call.onResult(plugin, result);
    // lightningd itself aborts here; the embedded node lets go of the plugin.
    this.log.add(
      "lightningd",
      "broken",
      "A real lightningd ends here: it wants a result of every hook",
    );
    plugin.kill(
      "broken",
      `Plugin ${plugin.name} for ${call.hook} returned non-result response ${answer.raw}`,
    );
    return true;
  }

  #done(hook: string, chain: HookChain): void {
    if (--chain.users > 0) return;
    if (chain.next !== undefined) {
      this.log.add("lightningd", "unusual", `Updating hooks for ${hook} now usage is done.`);
      chain.members = chain.next;
      chain.next = undefined;
    }
    chain.members = chain.members.filter(({ plugin }) => !plugin.ended);
  }
}

function isCallable({ plugin, hook }: Chained, filterValue: string | undefined): boolean {
  if (plugin.ended) return false;
  return hook.filters === undefined || hook.filters.includes(filterValue ?? "");
}
