/**
 * Whether lightningd v26.06.6 with its own plugins has a method, so that an error can tell a method that
 * only a real node does from one that nobody knows. Used by dispatch.ts.
 */
import { NATIVE_METHODS, PLUGIN_METHODS } from "../../node/plugins/builtin-names.js";

export function isRealMethod(name: string): boolean {
  return NATIVE_METHODS.has(name) || PLUGIN_METHODS.has(name);
}

/** lightningd has it only when it is started with `--developer`. */
export function isDeveloperMethod(name: string): boolean {
  return isRealMethod(name) && /^dev(-|$)/.test(name);
}
