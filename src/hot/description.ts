/** What a host knows about its plugin: a file beside the front, in a private directory. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { whyNotPrivate } from "../filesystem/private-folder.js";
import { isObject, parseJson, stringOf } from "../jsonrpc/json.js";
import type { RunSettings } from "../plugin/process/run-settings.js";

/** Whether the new version may run beside the old one, or the old one has to end first. */
export type Handover = "beside" | "old-first";

const HANDOVERS: readonly Handover[] = ["beside", "old-first"];

/** The content of `hot.json`. */
export interface HotDescription extends RunSettings {
  /** How a reload begins; detected if not set. */
  readonly handover?: Handover | undefined;
  /** The plugin's canonical path. */
  readonly plugin: string;
  /** The node's rpc-file. */
  readonly node: string;
  /** Whether the node's config starts a front: the files then stay when the plugin is stopped. */
  readonly atStart?: boolean | undefined;
}

/** The name of the file. */
export const DESCRIPTION = "hot.json";

/**
 * Reads a plugin's `hot.json`.
 * @returns undefined if there is none, another user could have changed it, or it cannot be read
 */
export function readDescription(folder: string): HotDescription | undefined {
  try {
    if (whyNotPrivate(folder) !== undefined) return undefined;
    const value = parseJson(readFileSync(join(folder, DESCRIPTION), "utf8"));
    if (!isObject(value)) return undefined;
    const [plugin, node] = [stringOf(value.plugin), stringOf(value.node)];
    if (plugin === undefined || node === undefined) return undefined;
    const exec = Array.isArray(value.exec) ? value.exec.map(String) : undefined;
    return {
      plugin,
      node,
      debug: value.debug === true,
      atStart: value.atStart === true,
      exec,
      env: isObject(value.env) ? textsOf(value.env) : undefined,
      handover: HANDOVERS.find((one) => one === value.handover),
    };
  } catch {
    return undefined;
  }
}

function textsOf(value: { readonly [key: string]: unknown }): { [name: string]: string } {
  return Object.fromEntries(Object.entries(value).map(([name, text]) => [name, String(text)]));
}
