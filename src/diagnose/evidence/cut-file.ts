/**
 * A file that a plugin was writing when it was stopped: lightningd kills plugins with SIGKILL,
 * which leaves half a file that the next version cannot read.
 */
import { basename, dirname, extname, join } from "node:path";
import { namesIn, tryStat } from "../../filesystem/try-read.js";
import type { PluginFile } from "../../plugin/file/plugin-file.js";
import { ownSources, readSource } from "./own-code.js";

/** How close to the stop it was written, in ms. */
const BEFORE_MS = 1_500;
const AFTER_MS = 300;

/**
 * Finds a file that the plugin was writing when it was stopped.
 * @param networkDir the plugin's working directory
 * @param stopped when the previous version was stopped
 * @returns the path of a file that was written then, if there is one
 */
export function fileWrittenAt(
  file: PluginFile,
  networkDir: string,
  stopped: Date,
): string | undefined {
  const sources = ownSources(file);
  const code = sources.map((path) => readSource(path) ?? "").join("\n");
  const named = [...code.matchAll(/(["'`])((?:\.{0,2}\/)?[\w.@/-]+\.?\w*)\1/g)].map(
    (match) => match[2] ?? "",
  );
  const absolute = named.filter((name) => name.startsWith("/"));
  const names = new Set(named.map((name) => basename(name)));
  const folders = [dirname(file.realPath), networkDir];
  const beside = folders.flatMap((folder) =>
    namesIn(folder)
      .filter((name) => names.has(name) || /\.(json|db|sqlite3?|dat|pickle|pkl|state)$/.test(name))
      .map((name) => join(folder, name)),
  );
  const candidates = [...new Set([...absolute, ...beside])].filter(
    (path) => !sources.includes(path) && !NODES_OWN.test(path) && extname(path) !== ".pyc",
  );
  return candidates.find((path) => {
    const written = writtenAt(path);
    if (written === undefined) return false;
    const late = written - stopped.getTime();
    return late > -BEFORE_MS && late < AFTER_MS;
  });
}

/** What the node itself writes beside its plugins' files. */
const NODES_OWN =
  /\/(lightningd\.sqlite3(-\w+)?|gossip_store|emergency\.recover|accounts\.sqlite3)$/;

function writtenAt(path: string): number | undefined {
  const stat = tryStat(path);
  return stat?.isFile() ? stat.mtimeMs : undefined;
}
