/**
 * Reads the `rpcmethods` of a manifest (lightningd/plugin.c plugin_rpcmethods_add). Used by
 * manifest.ts.
 */
import { type Token, unescapeText } from "../../jsonrpc/token.js";
import { type Deprecation, readDeprecation } from "./deprecation.js";
import { ManifestFault } from "./manifest-fault.js";

export interface ManifestMethod {
  readonly name: string;
  readonly usage: string;
  readonly deprecated: Deprecation | undefined;
}

/** The existing methods that those of a new plugin can clash with. */
interface MethodSurroundings {
  readonly path: string;
  ownerOfMethod(name: string): string | undefined;
}

/** Reads the `rpcmethods` of a manifest. @throws ManifestFault */
export function readMethods(result: Token, surroundings: MethodSurroundings): ManifestMethod[] {
  const field = result.member("rpcmethods");
  if (field === undefined) throw new ManifestFault('"result.rpcmethods" missing');
  if (field.type !== "array") throw new ManifestFault('"result.rpcmethods" is not an array');
  const names = new Set<string>();
  return field.elements.map((element) => {
    const method = readMethod(element);
    const owner = names.has(method.name)
      ? surroundings.path
      : surroundings.ownerOfMethod(method.name);
    if (owner !== undefined) {
      throw new ManifestFault(
        `Could not register method "${method.name}", a method with that name is already ` +
          `registered by plugin ${owner}`,
      );
    }
    names.add(method.name);
    return method;
  });
}

function readMethod(element: Token): ManifestMethod {
  const name = element.member("name");
  const usage = element.member("usage");
  if (name?.type !== "string") {
    throw new ManifestFault(`rpcmethod does not have a string "name": ${element.text}`);
  }
  if (usage !== undefined && usage.type !== "string") {
    throw new ManifestFault(`"usage" is not a string: ${element.text}`);
  }
  if (usage === undefined) throw new ManifestFault('"usage" not provided by plugin');
  const deprecated = readDeprecation(element.member("deprecated"));
  const plainUsage = unescapeText(usage.text);
  if (plainUsage === undefined) {
    // lightningd up to v26.06.6 crashes here, so there is no message to copy.
    throw new ManifestFault(
      `Could not register method "${name.text}", its "usage" holds a \\u escape, ` +
        `at which lightningd crashes: ${usage.text}`,
    );
  }
  return { name: name.text, usage: plainUsage, deprecated };
}
