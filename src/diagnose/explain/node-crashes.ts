/**
 * The plugin mistakes that crash the node: what each looks like in the backtrace that the node
 * leaves, and how to avoid it. Used after a node's death, and to refuse such a plugin before a
 * start (`--safe`, `check`).
 */
import { builtinClashes, hasEmptyOptionName, unicodeUsages } from "../evidence/manifest-hazards.js";
import type { Explanation, Rule } from "./explanation.js";
import { type RuleContext, textOf } from "./explanation.js";

/** `pattern` is searched in each line that the node left behind. */
export const NODE_CRASHES: readonly Rule[] = [
  {
    id: "kills-node-unicode-usage",
    pattern: /\(plugin_rpcmethod_add\)/,
    condition: (facts) => usagesOf(facts).length > 0,
    reason: (facts) =>
      `the usage of ${usagesOf(facts).join(", ")} contains a \\u escape, which crashes lightningd from v25.12 on`,
    fix: "Use plain ASCII in usage, or write the manifest with json.dumps(..., ensure_ascii=False)",
  },
  {
    id: "kills-node-builtin-method",
    pattern: /\(plugin_rpcmethod_add\)/,
    reason: (facts) => {
      const names = clashesOf(facts);
      if (names.length > 1) {
        return `${names.join(", ")} are named like methods of lightningd itself, which crashes it`;
      }
      return `${names[0] ?? "a method of the plugin"} is named like a method of lightningd itself, which crashes it`;
    },
    fix: "Give it another name, such as one that begins with the plugin's own",
  },
  {
    id: "kills-node-stale-option",
    pattern: /\(configvar_finalize_overrides\)|configvar\.c/,
    reason:
      "the node's config, or a setconfig, has a value for an option that no running plugin declares; releases from v23.08 to v26.06.6 then crash at a start with options",
    fix: "Remove that value from the config, or start the plugin without options, or use a newer lightningd",
  },
  {
    id: "node-died-of-call",
    pattern: /No plugin for (\S+) \?/,
    reason: ({ groups }) =>
      `a call of ${groups[0]} came while its plugin was being stopped, and an rpc_command hook was asked in between: a bug of lightningd, which then exits`,
    fix: "Start the node again, and make no calls of the plugin while it is reloaded (up to v25.09 cln-xpay has such a hook; later only other plugins do)",
  },
  {
    id: "kills-node-empty-option",
    pattern: /\((plugin_opt_add|opt_register_arg|_opt_register)\)/,
    condition: (facts) => hasEmptyOptionName(facts.offline?.handshake.manifestText),
    reason: "an option of the plugin has an empty name, which crashes lightningd",
    fix: "Give every option a name, such as one that begins with the plugin's own",
  },
  {
    id: "kills-node-hook-error",
    pattern: /Plugin (\S+) for (\S+) returned non-result response/,
    reason: ({ groups }) =>
      `${groups[0]} answered the hook ${groups[1]} with an error, at which lightningd exits`,
    fix: 'Always answer hooks with a result, such as {"result": "continue"}, also when something fails inside',
  },
  {
    id: "kills-node-hook-answer",
    pattern:
      /: ((?:Plugin (?:return|reject|must|responded|specified|did not|supplied|failed)|Bad \S+ for|htlc_accepted_hook returned)[^{]*)/,
    reason: ({ groups }) =>
      `a plugin answered a hook in a form that lightningd does not know, at which it exits: ${(groups[0] ?? "").replace(/[\s:]+$/, "")}`,
    fix: 'Answer as the hook\'s documentation says; {"result": "continue"} is always right',
  },
  {
    id: "kills-node-giant-log",
    pattern: /\((cap_header|add_entry|plugin_log_handle)\)/,
    reason:
      "the plugin logged a message of more than 262144 bytes, which crashes releases from v26.04 to v26.06.6",
    fix: "Cut long messages before you log them",
  },
  {
    id: "kills-node-hook-callback",
    pattern: /\((plugin_hook_callback|plugin_hook_call_next)\)/,
    reason:
      "the node crashed while it read a plugin's answer to a hook: probably an answer that lightningd does not survive",
    fix: 'Always answer hooks with a result, such as {"result": "continue"}',
  },
];

/**
 * What the node most probably died of, from what it left behind and what is known of the plugin.
 */
export function explainDeath(facts: RuleContext): Explanation {
  const lines = facts.death?.lines ?? [];
  for (const rule of NODE_CRASHES) {
    for (const line of lines) {
      const match = rule.pattern.exec(line);
      const full = { ...facts, groups: match?.slice(1).map((group) => group ?? "") ?? [] };
      if (match !== null && (rule.condition?.(full) ?? true)) return explanationOf(rule, full);
    }
  }
  return lines.length === 0 ? guess(facts) : unknownCrash(facts);
}

/** An explanation by its id, for a plugin that has not been started. */
export function nodeCrash(id: string, facts: RuleContext): Explanation | undefined {
  const rule = NODE_CRASHES.find((candidate) => candidate.id === id);
  return rule === undefined ? undefined : explanationOf(rule, facts);
}

function explanationOf(rule: Rule, facts: RuleContext): Explanation {
  return { id: rule.id, reason: textOf(rule.reason, facts), fix: textOf(rule.fix, facts) };
}

/** Without a backtrace: the mistakes that show in the manifest. */
function guess(facts: RuleContext): Explanation {
  for (const [id, names] of [
    ["kills-node-unicode-usage", usagesOf(facts)],
    ["kills-node-builtin-method", clashesOf(facts)],
    [
      "kills-node-empty-option",
      hasEmptyOptionName(facts.offline?.handshake.manifestText) ? [""] : [],
    ],
  ] as const) {
    const explanation = names.length > 0 ? nodeCrash(id, facts) : undefined;
    if (explanation !== undefined) return explanation;
  }
  return {
    id: "node-died",
    reason: "the node ended before it answered: it was stopped or killed, or it crashed",
    fix: "Start the node again; the plugin is then started with its options",
  };
}

function unknownCrash({ death }: RuleContext): Explanation {
  const signal = death?.lines.map((line) => /FATAL SIGNAL (\d+)/.exec(line)?.[1]).find(Boolean);
  return {
    id: "node-crashed",
    reason: `the node crashed${signal === undefined ? "" : ` with signal ${signal}`}, for an unknown reason`,
    fix: `Read ${death?.file ?? "its log"}, and report it to Core Lightning with the plugin`,
  };
}

function usagesOf({ offline }: RuleContext): string[] {
  return unicodeUsages(offline?.handshake.manifestText);
}

function clashesOf({ offline, methods = [] }: RuleContext): string[] {
  return builtinClashes(offline?.handshake.manifestText, methods);
}
