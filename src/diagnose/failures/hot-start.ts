/**
 * The report on a version that did not take over in hot mode: from its own start, so that it need
 * not be run again.
 */
import type { PluginFile } from "../../plugin/file/plugin-file.js";
import type { Handshake } from "../../plugin/handshake/handshake.js";
import type { NodePlace, RawOption } from "../../plugin/handshake/init-params.js";
import { explain } from "../explain/explain.js";
import type { Explanation } from "../explain/explanation.js";
import { findingsOf } from "../findings.js";
import { analyze } from "../offline-run.js";
import { findNodeCrash } from "../preflight.js";
import type { ExplainedFailure } from "./start.js";

export interface HotStart {
  readonly file: PluginFile;
  readonly options: readonly RawOption[];
  readonly node: NodePlace;
  /** The node's version, as in `getinfo`. */
  readonly version: string | undefined;
}

/** Why a version that was tried beside the previous one did not start. Never rejects. */
export function diagnoseHotStart(
  handshake: Handshake,
  { file, options }: HotStart,
): ExplainedFailure {
  const offline = analyze(handshake);
  const context = { path: file.realPath, file, options, offline };
  const findings = findingsOf(offline, "Started in hot mode", false);
  return { explanation: explain(handshake, context), findings, offline };
}

/**
 * Why the node would not survive a registration of this version. Never rejects.
 * @param listedAs the path of the running version in the node's list
 * @returns undefined if it would
 */
export async function hotStartKiller(
  handshake: Handshake,
  start: HotStart,
  listedAs: string,
): Promise<Explanation | undefined> {
  const { file, node, options, version } = start;
  const offline = analyze(handshake);
  const facts = { message: "", groups: [], language: file.language, options };
  return await findNodeCrash(
    { ...facts, path: listedAs, file, offline },
    { file, node, options, running: true, ...(version === undefined ? {} : { version }) },
  );
}
