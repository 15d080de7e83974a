/**
 * Orders the plugins of a hook and calls them one by one (lightningd/plugin_hook.c). Used by the
 * plugin host, rpc-command-hook.ts and raise.ts.
 */
import { PLUGIN_TERMINATED } from "../../jsonrpc/message.js";
import type { Token } from "../../jsonrpc/token.js";
import { requestId, requestText } from "../../plugin/handshake/pending-requests.js";
import type { ManifestHook } from "../../plugin/manifest/manifest.js";
import type { NodeLog } from "../log/node-log.js";
import type { HostedPlugin } from "../plugins/hosted-plugin.js";
import { pathsMatch } from "../plugins/plugin-paths.js";

interface Member {
  readonly plugin: HostedPlugin;
  readonly hook: ManifestHook;
}

export interface HookCall {
  readonly hook: string;
  /** The value to match filters against: a method's name, or a decimal number. */
  readonly filterValue: string | undefined;
  /** The id of the request that led to this call, if any, as JSON text. */
  readonly callerId: string | undefined;
  /** The whole `params`, as JSON text. */
  readonly params: string;
  /** Called just before each plugin is asked. */
  onAsk?(plugin: HostedPlugin): void;
  /** Called first with each plugin's whole answer, or undefined if the plugin died. */
  onAnswer?(plugin: HostedPlugin, answer: Token | undefined): void;
  /** Called with each plugin's result. @returns whether to go on with the next plugin */
  onResult(result: Token): boolean;
  /** Called when no plugin is left. */
  onDone(): void;
}

/** Returns the plugins that have the hook, in the order of their calls. */
export function pluginsOfHook(
  plugins: readonly HostedPlugin[],
  hook: string,
): readonly HostedPlugin[] {
  return membersOf(plugins, hook).map(({ plugin }) => plugin);
}

/** Calls the plugins of a hook one after another. Plugins that start later are not included. */
export function callHook(plugins: readonly HostedPlugin[], log: NodeLog, call: HookCall): void {
  const wanted = membersOf(plugins, call.hook).filter(
    ({ hook: { filters } }) => filters?.includes(call.filterValue ?? "") ?? true,
  );
  const next = () => {
    let member = wanted.shift();
    while (member?.plugin.ended) member = wanted.shift();
    if (member === undefined) call.onDone();
    else ask(member.plugin, log, call, next);
  };
  next();
}

function ask(plugin: HostedPlugin, log: NodeLog, call: HookCall, next: () => void): void {
  const { hook } = call;
  log.add("lightningd", "trace", `Calling ${hook} hook of plugin ${plugin.name}`);
  const id = requestId(hook, call.callerId);
  call.onAsk?.(plugin);
  plugin.request(id, requestText(id, hook, call.params), {
    onAnswer: (answer) => {
      call.onAnswer?.(plugin, answer);
      const code = answer?.member("error")?.member("code");
      const result = answer?.member("result");
      if (answer === undefined || code?.raw === String(PLUGIN_TERMINATED)) {
        log.add("lightningd", "debug", `Plugin died from ${hook} hook call`);
        next();
        return;
      }
      log.add("lightningd", "trace", `Plugin ${plugin.name} returned from ${hook} hook call`);
      if (result === undefined) {
        // lightningd aborts here; the embedded node only drops the plugin.
        const note = "A real lightningd would abort here: every hook must return a result";
        log.add("lightningd", "broken", note);
        const reason = `Plugin ${plugin.name} for ${hook} returned non-result response ${answer.raw}`;
        plugin.kill("broken", reason);
        next();
      } else if (call.onResult(result)) next();
    },
  });
}

/** Returns the plugins that cannot be ordered: their `before` and `after` lead into a cycle. */
export function unmetDemands(plugins: readonly HostedPlugin[]): ReadonlySet<HostedPlugin> {
  const hooks = new Set(plugins.flatMap(({ manifest }) => manifest?.hooks ?? []).map(nameOf));
  return new Set([...hooks].flatMap((hook) => inOrder(registered(plugins, hook), true).stuck));
}

function nameOf({ name }: ManifestHook): string {
  return name;
}

function membersOf(plugins: readonly HostedPlugin[], hook: string): Member[] {
  return inOrder(registered(plugins, hook), false).ordered;
}

function registered(plugins: readonly HostedPlugin[], name: string): Member[] {
  return plugins.flatMap((plugin) =>
    (plugin.manifest?.hooks ?? [])
      .filter((hook) => hook.name === name && !plugin.ended)
      .map((hook) => ({ plugin, hook })),
  );
}

/**
 * Puts members in order of registration, adjusted to their `before` and `after`.
 * @param logs whether to log unknown names
 */
function inOrder(members: readonly Member[], logs: boolean) {
  const waitsFor = new Map(members.map((member) => [member, new Set<Member>()]));
  const find = ({ plugin, hook }: Member, word: "before" | "after", name: string) => {
    const found = members.find((other) => pathsMatch(other.plugin.path, name));
    if (found === undefined && logs) {
      plugin.log("debug", `hook ${hook.name} ${word} unknown plugin ${name}`);
    }
    return found;
  };
  for (const member of members) {
    for (const name of member.hook.before) {
      const later = find(member, "before", name);
      if (later) waitsFor.get(later)?.add(member);
    }
    for (const name of member.hook.after) {
      const earlier = find(member, "after", name);
      if (earlier) waitsFor.get(member)?.add(earlier);
    }
  }
  const ordered: Member[] = [];
  const left = new Set(members);
  const isFree = (member: Member) => ![...(waitsFor.get(member) ?? [])].some((on) => left.has(on));
  const firstFree = () => [...left].find(isFree);
  for (let next = firstFree(); next; next = firstFree()) {
    ordered.push(next);
    left.delete(next);
  }
  return { ordered, stuck: [...left].map(({ plugin }) => plugin) };
}
