/** The options of the node itself, as `listconfigs` shows them. Used by node.ts. */
import type { ConfigVars } from "./config-vars.js";

/** @param node what its options say */
export function addNodeOptions(
  configs: ConfigVars,
  node: { readonly lightningDir: string; readonly network: string; readonly logFile: string },
  logLevel: string,
): void {
  const plain = { description: "", dynamic: false, deprecated: undefined, plugin: undefined };
  const add = (name: string, value: string, multi = false) => {
    configs.addOption({ ...plain, name, type: "string", default: undefined, multi });
    configs.add(name, value, { kind: "cmdline" });
  };
  add("lightning-dir", node.lightningDir);
  add("network", node.network);
  configs.addOption({
    ...plain,
    name: "rpc-file",
    type: "string",
    default: "lightning-rpc",
    multi: false,
  });
  for (const name of ["plugin", "important-plugin"]) {
    configs.addOption({ ...plain, name, type: "string", default: undefined, multi: true });
  }
  add("log-level", logLevel);
  add("log-file", node.logFile, true);
}
