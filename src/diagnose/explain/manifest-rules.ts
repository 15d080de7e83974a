/** Explanations of lightningd's objections to a manifest, or to the options of a start. */
import { basename } from "node:path";
import { nearestName, nearNames } from "../../errors/did-you-mean.js";
import { isObject, stringOf } from "../../jsonrpc/json.js";
import { HOOKS } from "../../plugin/release.js";
import { shownValue } from "../../plugin/secret-options.js";
import type { Rule, RuleContext } from "./explanation.js";
import { explainPythonModule } from "./missing-module.js";
import { stopCommand } from "./node-rules.js";

export const MANIFEST_RULES: readonly Rule[] = [
  {
    id: "disabled-for-module",
    pattern: /^disabled itself(?: at init)?: (.*No module named '([^']+)'.*)$/,
    reason: ({ groups, file }) =>
      `the plugin itself refuses to run: ${explainPythonModule(groups[1] ?? "", file).reason}`,
    fix: ({ groups, file }) => explainPythonModule(groups[1] ?? "", file).fix,
  },
  {
    id: "disabled",
    pattern: /^disabled itself(?: at init)?: ([\s\S]*)$/,
    reason: ({ groups }) => `the plugin itself refuses to run: ${groups[0]}`,
    fix: "Give it what it asks for, such as an option or a service",
  },
  {
    id: "unknown-option",
    pattern: /^unknown parameter "?([^\s"]+)"?$/,
    reason: ({ groups, offline }) => {
      const names = optionNames(offline);
      if (names === undefined) return `its manifest declares no option ${groups[0]}`;
      if (names.length === 0) return "its manifest declares no options at all";
      return `its manifest declares no option ${groups[0]}; it has ${names.join(", ")}`;
    },
    fix: ({ groups, offline }) => {
      const near = nearestName(groups[0] ?? "", optionNames(offline) ?? []);
      return near === undefined
        ? "Declare it in the options of the manifest, or leave it out"
        : `Did you mean ${near}?`;
    },
  },
  {
    id: "wrong-value",
    pattern: /^(?:Invalid argument )?'(.*)'(?: is (not a number|out of range))?$/,
    reason: (facts) => {
      const option = optionWithValue(facts);
      const type = option?.type === "bool" ? "true or false" : "a whole number";
      const value = `${option === undefined ? facts.groups[0] : shownValue({ name: option.name, value: facts.groups[0] })}`;
      return `${option === undefined ? "an option" : `option ${option.name}`} takes ${type}, not ${value === "" ? "an empty text" : value}`;
    },
    fix: (facts) =>
      optionWithValue(facts)?.type === "bool"
        ? "Give true or false"
        : "Give a whole number in decimal digits, such as 42",
  },
  {
    id: "wrong-bool",
    pattern: /^boolean plugin arguments must be true or false/,
    reason: "an option of type bool has a default or a value that is neither true nor false",
    fix: "Give true or false, without quotes",
  },
  {
    id: "deprecated-option",
    pattern: /^deprecated option/,
    reason: "the plugin declares this option as deprecated, and it no longer works",
    fix: "Leave the option out, or see what replaces it",
  },
  {
    id: "unicode-usage",
    pattern: /^Could not register method "(.*)", its "usage" holds a \\u escape/,
    reason: ({ groups }) =>
      `the usage of ${groups[0]} contains a \\u escape, which crashes lightningd from v25.12 on`,
    fix: "Use plain ASCII in it, or json.dumps(..., ensure_ascii=False)",
  },
  {
    id: "method-clash",
    pattern: /^Could not register method "(.*)", .* already registered by plugin ([\s\S]*)$/,
    reason: ({ groups, path }) => {
      const owner = groups[1] ?? "";
      if (owner === path || owner === "the plugin itself") {
        return `its manifest lists the method ${groups[0]} twice`;
      }
      if (owner === "lightningd") return `lightningd itself has a method ${groups[0]}`;
      return `${basename(owner)} (${owner}) has a method ${groups[0]} already`;
    },
    fix: (facts) => {
      const owner = facts.groups[1] ?? "";
      return owner === facts.path || !owner.startsWith("/")
        ? "Give one of the two another name"
        : `Rename the method, or stop the other one: ${stopCommand(owner, facts)}`;
    },
  },
  {
    id: "option-clash",
    pattern: /^Option "(.*)" already registered$/,
    reason: (facts) => {
      const name = facts.groups[0] ?? "";
      const owner = ownerOfOption(facts, name);
      if (owner === facts.path) return `its manifest lists the option ${name} twice`;
      return `${owner ?? "lightningd, or another plugin,"} has an option ${name} already`;
    },
    fix: (facts) => {
      const owner = ownerOfOption(facts, facts.groups[0] ?? "");
      const isOther = owner?.startsWith("/") === true && owner !== facts.path;
      const other = isOther ? `Stop that one (${stopCommand(owner, facts)}), or r` : "R";
      return `${other}ename the option: names are shared by all plugins, so begin them with the plugin's name`;
    },
  },
  fault("options-missing", /^"result\.options" (was not found|is not an array)/, {
    reason: "its manifest has no list of options, and lightningd requires one",
    fix: 'Add "options": [] to the manifest',
  }),
  fault("rpcmethods-missing", /^"result\.rpcmethods" (missing|is not an array)/, {
    reason: "its manifest has no list of rpcmethods, and lightningd requires one",
    fix: 'Add "rpcmethods": [] to the manifest',
  }),
  fault("usage-missing", /^"usage" (not provided by plugin|is not a string)/, {
    reason: "one of its rpcmethods has no usage text, and lightningd requires one",
    fix: 'Add "usage": "" to the method, or the names of its parameters',
  }),
  fault("method-name", /^rpcmethod does not have a string "name"/, {
    reason: "one of its rpcmethods has no name",
    fix: 'Write {"name": "mymethod", "usage": ""}',
  }),
  fault("option-members", /^An option is missing either/, {
    reason: "one of its options lacks name, type or description; lightningd requires all three",
    fix: 'Write {"name": "my-option", "type": "string", "default": "x", "description": "what it does"}',
  }),
  fault("option-name", /^Option "name" (must be lowercase|may not contain)/, {
    reason: "an option's name has a letter that lightningd does not allow",
    fix: "Use a to z, 0 to 9, _ and - only",
  }),
  fault("option-type", /^Only "string", "int", "bool", and "flag"/, {
    reason: "an option has a type that lightningd does not have",
    fix: "Use string, string-conceal, int, bool or flag",
  }),
  fault("option-default", /^(?:Invalid default '(.*)': (.*)|default (.*) is not a valid (\w+))$/, {
    reason: ({ groups }) =>
      `an option's default does not fit its type: ${groups[1] || `${groups[2]} is not a valid ${groups[3]}`}`,
    fix: "Give a default of that type, or null for none",
  }),
  fault("flag-default", /type flag default must be 'false'/, {
    reason: "a flag is off unless it is given, so its only default is false",
    fix: "Remove the default, or make it an option of type bool",
  }),
  fault("multi-type", /(?:^|type ")(flag|bool)"? (?:type )?cannot (?:be|have) multi$/, {
    reason: ({ groups }) => `an option of type ${groups[0]} cannot be given several times`,
    fix: "Remove multi, or make it a string",
  }),
  fault("switch-type", /(?:invalid|Bad) ['"](\w+)['"] field/, {
    reason: ({ groups }) => `${groups[0]} must be true or false, without quotes`,
    fix: ({ groups }) => `Write "${groups[0]}": true in the JSON, not "true"`,
  }),
  fault("unknown-hook", /^Unknown hook name (.*)$/, {
    reason: ({ groups }) => `lightningd has no hook ${groups[0]}`,
    fix: ({ groups }) => didYouMean(groups[0] ?? "", [...HOOKS.keys()]),
  }),
  fault("hook-twice", /^Registered for hook (.*) multiple times$/, {
    reason: ({ groups }) => `its manifest lists the hook ${groups[0]} twice`,
    fix: "List it once",
  }),
  fault("hook-unknown-or-taken", /^could not register hook '(.*)', either the name/, {
    reason: ({ groups }) => `lightningd has no hook ${groups[0]}, or the manifest lists it twice`,
    fix: ({ groups }) => didYouMean(groups[0] ?? "", [...HOOKS.keys()]),
  }),
  fault("hook-filters", /filters/, {
    reason: "this hook takes no filters, or others than these",
    fix: "Remove filters: rpc_command takes strings, custommsg numbers, the rest none",
  }),
  fault("hook-shape", /^no name in hook obj/, {
    reason: "one of its hooks is an object without a name",
    fix: 'Write "hooks": ["peer_connected"] or [{"name": "peer_connected"}]',
  }),
  fault("native-topic", /^plugin attempted to register a native notification topic "(.*)"/, {
    reason: ({ groups }) => `only lightningd itself may send the notification ${groups[0]}`,
    fix: "Give its own notification another name; to receive one, use subscriptions",
  }),
  fault("subscriptions", /result\.subscriptions/, {
    reason: "its subscriptions are not a list of names",
    fix: 'Write "subscriptions": ["connect", "disconnect"]',
  }),
  fault("notifications", /result\.notifications/, {
    reason: "its notifications are not a list of objects with a method",
    fix: 'Write "notifications": [{"method": "my-topic"}]',
  }),
  fault("featurebits-kept", /^Custom featurebits already present/, {
    reason:
      "the node keeps the feature bits of an earlier start of this plugin, which it refused because the plugin is not dynamic",
    fix: "Restart the node; a plugin with featurebits can only be started together with it",
  }),
  fault("featurebits", /^(Custom featurebits|Featurebits returned)/, {
    reason:
      "its featurebits are not hexadecimal, or the plugin is dynamic: only a plugin that is started with the node may set them",
    fix: "Remove featurebits while you develop, or leave the plugin static and restart the node",
  }),
  fault("custommessages", /^custommessages /, {
    reason: "its custommessages are not a list of numbers from 0 to 65535",
    fix: 'Write "custommessages": [11000]',
  }),
  fault("nonnumericids", /nonnumericids/, {
    reason: "lightningd sends ids that are strings, and its manifest refuses them",
    fix: 'Use the id as received, and write "nonnumericids": true or nothing',
  }),
  fault("deprecated-shape", /"deprecated"/, {
    reason: "a deprecated member is neither true or false nor one or two versions",
    fix: 'Write "deprecated": true or ["v25.12", "v26.06"]',
  }),
  fault("cancheck", /^Invalid cancheck/, {
    reason: "cancheck must be true or false, without quotes",
    fix: 'Write "cancheck": true',
  }),
];

function fault(id: string, pattern: RegExp, texts: Pick<Rule, "reason" | "fix">): Rule {
  return { id: `manifest-${id}`, pattern, ...texts };
}

function optionNames(offline: RuleContext["offline"]): string[] | undefined {
  return offline?.handshake.manifest?.options.map(({ name }) => name);
}

/** lightningd does not name the option: it is the one that has this value. */
function optionWithValue({ groups, message, options = [], offline }: RuleContext) {
  const value = groups[0];
  const types = message.startsWith("Invalid argument") ? ["bool"] : ["int"];
  const declared = offline?.handshake.manifest?.options ?? [];
  const given = options.filter(({ raw }) => raw === value || raw === `"${value}"`);
  const name = given.find((option) =>
    declared.some((shape) => shape.name === option.name && types.includes(shape.type)),
  )?.name;
  return name === undefined && given.length === 1 && given[0] !== undefined
    ? { name: given[0].name, type: types[0] }
    : declared.find((shape) => shape.name === name);
}

function ownerOfOption({ configs, path, offline }: RuleContext, name: string): string | undefined {
  const names = optionNames(offline) ?? [];
  if (names.filter((other) => other === name).length > 1) return path;
  const config = isObject(configs) ? configs[name] : undefined;
  if (!isObject(config)) return undefined;
  return stringOf(config.plugin) ?? "lightningd itself";
}

function didYouMean(name: string, names: readonly string[]): string {
  const near = nearNames(name, names);
  return near.length > 0 ? `Did you mean ${near.join(" or ")}?` : `It has ${names.join(", ")}`;
}
