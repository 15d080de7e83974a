/** How a plugin's process is run, if cln-dev runs it: hot mode and the embedded node. */
export interface RunSettings {
  /** The command in place of the plugin's path; `{plugin}` in it is that path. */
  readonly exec?: readonly string[] | undefined;
  /** Environment variables in addition to the node's. */
  readonly env?: { readonly [name: string]: string } | undefined;
  /** No time limit: it is being debugged. */
  readonly debug?: boolean | undefined;
}

const DEBUGGER = /(^|[\s/])(--inspect|debugpy|pdb|gdbserver|gdb|lldb|lldb-server|dlv|rr)\b/;

/** Whether the command runs the plugin in a debugger, which may stop it for any time. */
export function isDebugger(exec: readonly string[] | undefined): boolean {
  return DEBUGGER.test(exec?.join(" ") ?? "");
}

/** The words of the command to run. @param path of the plugin */
export function commandOf({ exec = ["{plugin}"] }: RunSettings, path: string): string[] {
  return exec.map((word) => word.replaceAll("{plugin}", path));
}
