/** How cln-dev runs a plugin's process, in hot mode and on the embedded node. */
export interface RunSettings {
  /** The command to run in place of the plugin's path. `{plugin}` in it stands for the path. */
  readonly exec?: readonly string[] | undefined;
  /** Environment variables in addition to the node's. */
  readonly env?: { readonly [name: string]: string } | undefined;
  /** Whether the plugin is being debugged, which lifts the time limits. */
  readonly debug?: boolean | undefined;
}

const DEBUGGER = /(^|[\s/])(--inspect|debugpy|pdb|gdbserver|gdb|lldb|lldb-server|dlv|rr)\b/;

/** Whether the command runs the plugin in a debugger, which may stop it for any length of time. */
export function isDebugger(exec: readonly string[] | undefined): boolean {
  return DEBUGGER.test(exec?.join(" ") ?? "");
}

/** Returns the words of the command to run. @param path the plugin's path */
export function commandOf({ exec = ["{plugin}"] }: RunSettings, path: string): string[] {
  return exec.map((word) => word.replaceAll("{plugin}", path));
}
