/**
 * The part of a manifest that the node keeps: while it stays the same, a new version replaces the
 * old one without the node's knowledge (lightningd/plugin.c registers only what getmanifest
 * answers).
 */
import type { Manifest } from "../plugin/manifest/manifest.js";

/**
 * Compares the manifests of two versions.
 * @returns the differences, such as `+method two`, `-option x`, `~hook y`; empty if the node need
 * not know of the new version
 */
export function surfaceChanges(before: Manifest, after: Manifest): string[] {
  const [old, fresh] = [partsOf(before), partsOf(after)];
  const added = [...fresh].filter(([name]) => !old.has(name)).map(([name]) => `+${name}`);
  const removed = [...old].filter(([name]) => !fresh.has(name)).map(([name]) => `-${name}`);
  const changed = [...fresh]
    .filter(([name, value]) => old.has(name) && old.get(name) !== value)
    .map(([name]) => `~${name}`);
  return [...added, ...removed, ...changed];
}

function partsOf(manifest: Manifest): Map<string, string> {
  const { rpcmethods, options, hooks, subscriptions, notifications, custommessages } = manifest;
  const named = (kind: string, name: string, value: unknown): [string, string] => [
    `${kind} ${name}`,
    JSON.stringify(value) ?? "",
  ];
  return new Map([
    ...rpcmethods.map((method) => named("method", method.name, method)),
    ...options.map(({ description: _, ...option }) => named("option", option.name, option)),
    ...hooks.map((hook) => named("hook", hook.name, hook)),
    ...subscriptions.map((topic) => named("subscription", topic, "")),
    ...notifications.map((topic) => named("notification", topic, "")),
    ...custommessages.map((number) => named("custommessage", String(number), "")),
    ...[...manifest.featurebits].map(([place, bits]) => named("featurebits", place, bits)),
    ...(manifest.cancheck ? [named("cancheck", "", "")] : []),
  ]);
}
