/** How two manifests differ, if a handshake was made anyway (`--safe`, `check --watch`). */
import type { Manifest, ManifestOption } from "../../plugin/manifest/manifest.js";
import { isSecretName } from "../../plugin/secret-options.js";
import { type Changes, changesIn, type Described, joinChanges } from "./changes.js";

/** Compares two manifests. */
export function manifestChanges(before: Manifest, after: Manifest): Changes {
  const compare = (kind: string, describe: (manifest: Manifest) => Described) =>
    changesIn(kind, describe(before), describe(after));
  return joinChanges([
    compare(
      "method",
      ({ rpcmethods }) => new Map(rpcmethods.map(({ name, usage }) => [name, usage])),
    ),
    compare("option", ({ options }) => new Map(options.map((o) => [o.name, optionText(o)]))),
    compare("hook", ({ hooks }) => new Map(hooks.map(({ name }) => [name, ""]))),
    compare("subscription", ({ subscriptions }) => named(subscriptions)),
    compare("notification", ({ notifications }) => named(notifications)),
    compare("dynamic", ({ dynamic }) => new Map([["", String(dynamic)]])),
  ]);
}

function named(names: readonly string[]): Described {
  return new Map(names.map((name) => [name, ""]));
}

function optionText(option: ManifestOption): string {
  const value = isSecretName(option.name) ? "***" : option.default;
  return [
    option.type,
    option.multi ? "multi" : "",
    option.dynamic ? "dynamic" : "",
    option.default === undefined ? "" : `default ${value}`,
  ]
    .filter((word) => word !== "")
    .join(" ");
}
