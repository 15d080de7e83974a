/** Reads the `hooks` of a manifest (lightningd/plugin.c plugin_hooks_add). Used by manifest.ts. */
import { Token } from "../../jsonrpc/token.js";
import { HOOKS, type HookFilter } from "../release.js";
import { ManifestFault } from "./manifest-fault.js";

export interface ManifestHook {
  readonly name: string;
  /** Plugins that must be called after this one, by basename or path. */
  readonly before: readonly string[];
  /** Plugins that must be called before this one, by basename or path. */
  readonly after: readonly string[];
  /** Strings or decimal integers, one of which must match. Undefined if always called. */
  readonly filters: readonly string[] | undefined;
}

/** Reads the `hooks` of a manifest. @throws ManifestFault */
export function readHooks(result: Token): ManifestHook[] {
  const field = result.member("hooks");
  if (field === undefined) return [];
  const seen = new Set<string>();
  return entriesOf(field).map((entry) => {
    const hook = readHook(entry);
    if (seen.has(hook.name)) {
      throw new ManifestFault(`Registered for hook ${hook.name} multiple times`);
    }
    seen.add(hook.name);
    return hook;
  });
}

/** lightningd does not check that `hooks` is an array: it takes an object's keys as names. */
function entriesOf(field: Token): readonly Token[] {
  if (field.type !== "object") return field.elements;
  return field.members.map((member) => new Token(`"${member.keyText}"`));
}

function readHook(entry: Token): ManifestHook {
  const nameField = entry.type === "object" ? entry.member("name") : entry;
  if (nameField === undefined) throw new ManifestFault(`no name in hook obj ${entry.raw}`);
  const name = nameField.text;
  const kind = HOOKS.get(name);
  if (kind === undefined) throw new ManifestFault(`Unknown hook name ${name}`);
  return {
    name,
    filters: readFilters(name, kind, entry.member("filters")),
    before: (entry.member("before")?.elements ?? []).map((element) => element.text),
    after: (entry.member("after")?.elements ?? []).map((element) => element.text),
  };
}

function readFilters(
  name: string,
  kind: HookFilter,
  field: Token | undefined,
): readonly string[] | undefined {
  if (field === undefined) return undefined;
  if (kind === "none") throw new ManifestFault(`Hook ${name} does not allow filters`);
  if (field.type !== "array") throw new ManifestFault("filters token must be an array");
  return field.elements.map((element) => {
    if (kind === "strings" && element.type === "string") return element.text;
    const number = kind === "integers" ? element.unsigned : undefined;
    if (number === undefined) {
      const wanted = kind === "strings" ? "strings" : "unsigned integers";
      throw new ManifestFault(`filters must be array of ${wanted}, not '${element.raw}'`);
    }
    return number.toString();
  });
}
