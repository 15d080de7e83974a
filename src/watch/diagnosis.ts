/** Finds out why a start failed. Loaded only then: nothing of it is on the good path. */
import type { PluginFile } from "../plugin/plugin-file.js";
import { type Diagnosis, NO_DIAGNOSIS } from "./outcomes.js";
import type { Target } from "./target.js";

export async function diagnoseStart(
  _target: Target,
  _file: PluginFile,
  _error: unknown,
  _signal: AbortSignal,
): Promise<Diagnosis> {
  return NO_DIAGNOSIS;
}
