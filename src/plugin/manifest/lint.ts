/**
 * Finds everything wrong with a manifest, whereas lightningd stops at the first fault. Applies
 * lightningd's own rules (manifest.ts) to each part in turn to find what it refuses. Warns or hints
 * at what it accepts but does not handle as intended. Used by `cln-dev check`.
 */
import { nearestName } from "../../errors/did-you-mean.js";
import { RawJson } from "../../jsonrpc/json.js";
import { Token } from "../../jsonrpc/token.js";
import { NOTIFICATIONS } from "../release.js";
import { isSecretName } from "../secret-options.js";
import { parseManifest } from "./manifest.js";

/** `error`: the node refuses the plugin, or crashes. `warning`: probably not intended. */
export type Severity = "error" | "warning" | "hint";

export interface LintFinding {
  readonly severity: Severity;
  /** The place in the manifest: `dynamic`, `options[0].name`. */
  readonly field: string;
  /** What is wrong. For an error this is lightningd's message. */
  readonly message: string;
  readonly fix?: string;
}

/**
 * Checks a manifest and returns every finding.
 * @param text the `result` of getmanifest, as received
 */
export function lintManifest(text: string): LintFinding[] {
  const manifest = new Token(text.trim());
  if (manifest.type !== "object" || manifest.member("disable") !== undefined) return [];
  const faults = [...partFaults(manifest), ...missing(manifest)];
  // Only the whole manifest shows faults between its parts, such as a duplicate name.
  const whole = faultOf(manifest.raw);
  const all =
    whole === undefined || faults.some(({ message }) => message === whole)
      ? faults
      : [...faults, error("", whole)];
  return [...all, ...unknownMembers(manifest), ...suspicious(manifest)];
}

const LISTS = ["options", "rpcmethods", "hooks", "subscriptions", "notifications"] as const;
const FIELDS = [
  ...LISTS,
  "dynamic",
  "featurebits",
  "custommessages",
  "nonnumericids",
  "cancheck",
  "disable",
];

/** Checks each member, and each element of a list, as if it were the only one. */
function partFaults(manifest: Token): LintFinding[] {
  return manifest.members.flatMap(({ key, value }) => {
    const isList = LISTS.some((list) => list === key) && value.type === "array";
    if (!isList) return faultIn(key, key, value.raw);
    return value.elements.flatMap((element, index) =>
      faultIn(`${key}[${index}]`, key, `[${element.raw}]`),
    );
  });
}

/** lightningd takes the first of repeated keys, so `key` must precede the members added here. */
function faultIn(field: string, key: string, raw: string): LintFinding[] {
  const fault = faultOf(`{${JSON.stringify(key)}:${raw},"options":[],"rpcmethods":[]}`);
  return fault === undefined ? [] : [error(field, fault.replace(/\[0\]/, indexOf(field)))];
}

function indexOf(field: string): string {
  return /\[\d+\]$/.exec(field)?.[0] ?? "[0]";
}

function missing(manifest: Token): LintFinding[] {
  return ["options", "rpcmethods"]
    .filter((key) => manifest.member(key) === undefined)
    .map((key) => {
      const near = nearestName(
        key,
        manifest.members.map((member) => member.key),
      );
      const fix =
        near === undefined ? `Add "${key}": []` : `Did you mean ${key} where it says ${near}?`;
      const filled = key === "options" ? '{"rpcmethods":[]}' : '{"options":[]}';
      return { ...error(key, faultOf(filled) ?? ""), fix };
    });
}

function faultOf(text: string): string | undefined {
  const parsed = parseManifest(new RawJson(text));
  return "error" in parsed ? parsed.error : undefined;
}

const OPTION_MEMBERS = ["name", "type", "description", "default", "multi", "dynamic", "deprecated"];
/** The last three are ignored since v24.08. Earlier releases require a description. */
const METHOD_MEMBERS = [
  "name",
  "usage",
  "deprecated",
  "description",
  "long_description",
  "category",
];
const HOOK_MEMBERS = ["name", "before", "after", "filters"];

function unknownMembers(manifest: Token): LintFinding[] {
  const listed = (key: string, known: readonly string[]) =>
    (manifest.member(key)?.elements ?? []).flatMap((element, index) =>
      membersBeside(element, known, `${key}[${index}].`),
    );
  return [
    ...membersBeside(manifest, FIELDS, ""),
    ...listed("options", OPTION_MEMBERS),
    ...listed("rpcmethods", METHOD_MEMBERS),
    ...listed("hooks", HOOK_MEMBERS),
  ];
}

function membersBeside(object: Token, known: readonly string[], prefix: string): LintFinding[] {
  const keys = object.members.map(({ key }) => key);
  const unknown = keys.filter((key) => !known.includes(key));
  const twice = keys.filter((key, index) => keys.indexOf(key) !== index);
  return [
    ...unknown.map((key): LintFinding => {
      const near = nearestName(
        key,
        known.filter((name) => !keys.includes(name)),
      );
      const finding = { field: `${prefix}${key}`, message: "lightningd does not know this member" };
      if (near === undefined) return { severity: "hint", ...finding };
      return { severity: "warning", ...finding, fix: `Did you mean ${near}?` };
    }),
    ...twice.map(
      (key): LintFinding => ({
        severity: "warning",
        field: `${prefix}${key}`,
        message: "it appears twice, and lightningd takes the first",
      }),
    ),
  ];
}

function suspicious(manifest: Token): LintFinding[] {
  return [
    ...(manifest.member("dynamic")?.bool === true ? [] : [notDynamic(manifest)]),
    ...elementsOf(manifest, "options").flatMap(suspiciousOption),
    ...elementsOf(manifest, "rpcmethods").flatMap(suspiciousMethod),
    ...elementsOf(manifest, "subscriptions").flatMap((subscription) =>
      suspiciousTopic(subscription, manifest),
    ),
  ];
}

/** Only nonempty featurebits rule out `dynamic`; libraries also write empty ones. */
function notDynamic(manifest: Token): LintFinding {
  const bits = manifest.member("featurebits")?.members ?? [];
  const hasBits = bits.some(({ value }) => value.text !== "");
  return {
    severity: "warning",
    field: "dynamic",
    message:
      "it is not true: the plugin can only start together with the node, and cannot be reloaded" +
      (hasBits ? " (with featurebits it cannot be dynamic)" : ""),
    fix: hasBits ? "Remove featurebits while you develop" : 'Add "dynamic": true',
  };
}

/** Option names that clash with the parameters of `plugin start`. */
const START_PARAMETERS: ReadonlyMap<string, string> = new Map([
  ["plugin", "plugin start cannot set it: it has a parameter of that name"],
  ["subcommand", "plugin start cannot set it: it has a parameter of that name"],
  ["options", "from v26.09 on plugin start cannot set it: it has a parameter of that name"],
]);

interface Element {
  readonly token: Token;
  readonly field: string;
}

function elementsOf(manifest: Token, key: string): Element[] {
  const elements = manifest.member(key)?.elements ?? [];
  return elements.map((token, index) => ({ token, field: `${key}[${index}]` }));
}

function suspiciousOption({ token, field }: Element): LintFinding[] {
  const name = token.member("name")?.text ?? "";
  const taken = START_PARAMETERS.get(name);
  if (taken !== undefined) {
    return [{ ...warning(`${field}.name`, taken), fix: "Begin the name with the plugin's name" }];
  }
  if (!isSecretName(name) || !token.member("type")?.is("string")) return [];
  const message = `${name} looks like a secret, and listconfigs shows its value to everyone`;
  return [
    {
      severity: "hint",
      field: `${field}.type`,
      message,
      fix: "Use the type string-conceal (v24.11)",
    },
  ];
}

function suspiciousMethod({ token, field }: Element): LintFinding[] {
  const name = token.member("name")?.text ?? "";
  if (/^[a-z0-9_-]*$/.test(name)) return [];
  return [warning(`${field}.name`, `"${name}" is an unusual method name: use a-z, 0-9, _ and -`)];
}

/**
 * Reports only near misses of lightningd's own topics: any other topic may be another plugin's.
 */
function suspiciousTopic({ token, field }: Element, manifest: Token): LintFinding[] {
  const topic = token.text;
  const own = elementsOf(manifest, "notifications").map((one) => one.token.member("method")?.text);
  if (topic === "*" || NOTIFICATIONS.has(topic) || own.includes(topic)) return [];
  const near = nearestName(topic, NOTIFICATIONS);
  if (near === undefined) return [];
  const found = warning(field, `lightningd sends no notification ${topic}`);
  return [{ ...found, fix: `Did you mean ${near}?` }];
}

function error(field: string, message: string): LintFinding {
  return { severity: "error", field, message };
}

function warning(field: string, message: string): LintFinding {
  return { severity: "warning", field, message };
}
