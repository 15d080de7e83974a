/**
 * The entry point of the command line. If Node supports it (22.1 and later), compiled code is
 * cached for the next start, which makes short commands faster. Only modules loaded after that call
 * are cached, so the program is loaded after it.
 */
import { lstatSync, mkdirSync, statSync } from "node:fs";
import nodeModule from "node:module";
import { dirname, isAbsolute, join } from "node:path";

const { HOME, XDG_CACHE_HOME } = process.env;
const cache = join(XDG_CACHE_HOME || (HOME ? join(HOME, ".cache") : "."), "cln-dev");
if (
  "enableCompileCache" in nodeModule &&
  typeof nodeModule.enableCompileCache === "function" &&
  isAbsolute(cache) &&
  isPrivate(cache)
) {
  nodeModule.enableCompileCache(cache);
}
void import("./main.js");

/** Whether no one else can put code there that we would run. Creates the folder if missing. */
function isPrivate(folder: string): boolean {
  try {
    for (const level of [dirname(folder), folder]) {
      if (statSync(level, { throwIfNoEntry: false }) === undefined) mkdirSync(level, 0o700);
    }
    return [statSync(dirname(folder)), lstatSync(folder)].every(
      (stat) => stat.isDirectory() && stat.uid === process.getuid?.() && (stat.mode & 0o022) === 0,
    );
  } catch {
    // Without a cache, everything is compiled again.
    return false;
  }
}
