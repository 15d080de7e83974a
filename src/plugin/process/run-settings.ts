/** What a plugin's process is run with, if the process is ours: hot mode and the embedded node. */
export interface RunSettings {
  /** The command in place of the plugin's path; `{plugin}` in it is that path. */
  readonly exec?: readonly string[] | undefined;
  /** Environment variables in addition to the node's. */
  readonly env?: { readonly [name: string]: string } | undefined;
  /** No time limit: somebody debugs it. */
  readonly debug?: boolean | undefined;
}

const DEBUGGER = /(^|[\s/])(--inspect|debugpy|pdb|gdbserver|gdb|lldb|lldb-server|dlv|rr)\b/;

/** Whether the command runs the plugin in a debugger: it may stop it for as long as somebody looks. */
export function isDebugger(exec: readonly string[] | undefined): boolean {
  return DEBUGGER.test(exec?.join(" ") ?? "");
}

/** The words that are run. @param path of the plugin */
export function commandOf({ exec = ["{plugin}"] }: RunSettings, path: string): string[] {
  return exec.map((word) => word.replaceAll("{plugin}", path));
}
