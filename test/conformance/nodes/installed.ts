/** Looks for an installed lightningd: the one that CLN_DEV_LIGHTNINGD names, or the one on PATH. */
import { execFileSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, dirname, join } from "node:path";

interface Installed {
  readonly lightningd: string;
  readonly lightningCli: string;
  /** As it says itself: `v26.06.6`. */
  readonly version: string;
}

/** Undefined where lightningd or lightning-cli is missing. */
export const installed: Installed | undefined = lookForLightningd();

function lookForLightningd(): Installed | undefined {
  const path = (process.env.PATH ?? "").split(delimiter);
  const lightningd = process.env.CLN_DEV_LIGHTNINGD ?? programIn(path, "lightningd");
  if (lightningd === undefined) return undefined;
  const lightningCli = programIn([dirname(lightningd), ...path], "lightning-cli");
  if (lightningCli === undefined) return undefined;
  const version = execFileSync(lightningd, ["--version"], { encoding: "utf8" }).trim();
  return { lightningd, lightningCli, version };
}

function programIn(folders: readonly string[], name: string): string | undefined {
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
