/** The build step of a reload (`--build`), and whether the node already runs its result. */
import { notBuilt } from "../../../events/outcomes.js";
import { isAsked, type Target } from "../../../events/reload-target.js";
import type { Emit, Outcome } from "../../../events/watch-events.js";
import { inspectPluginFile } from "../../../plugin/file/plugin-file.js";
import { isBuildSource } from "../../../plugin/file/source-files.js";
import { runShellCommand } from "../../shell-command.js";
import type { PluginOnNode } from "../plugin-on-node.js";
import type { AttemptProgress } from "../supersede/attempt-progress.js";
import { builtContent } from "./built-content.js";

export interface BuildStep {
  readonly target: Target;
  readonly node: PluginOnNode;
  readonly progress: AttemptProgress;
  readonly emit: Emit;
  /** A hash of the last build's result, which the node started; undefined if unknown. */
  readonly runningContent: Promise<string | undefined>;
}

/**
 * Runs the build, if there is one.
 * @returns how long it took, in ms, and the outcome if the reload ends here; undefined if there is
 *   no build
 */
export async function runBuildStep(
  step: BuildStep,
): Promise<{ readonly buildMs: number; readonly outcome: Outcome | undefined } | undefined> {
  const { target, node, progress, emit } = step;
  const { build } = target.plugin;
  if (build === undefined) return undefined;
  progress.begin("build");
  const result = await runShellCommand({
    ...build,
    signal: progress.newer,
    onSlow: (ms, output) => emit(slowBuild(target, ms, output)),
  });
  progress.throwIfSuperseded();
  const buildMs = progress.built();
  progress.absorb();
  if (!result.ok) {
    const outcome = notBuilt(target.name, progress.change, build.command, result, node.runs);
    return { buildMs, outcome };
  }
  if (!(await isUnchanged(step))) return { buildMs, outcome: undefined };
  const { cause, files, at } = progress.change;
  const totalMs = performance.now() - at;
  return {
    buildMs,
    outcome: { event: "unchanged", ...target.name, cause, files, totalMs, buildMs },
  };
}

function slowBuild({ name }: Target, ms: number, output: string) {
  const printed = output === "" ? "it has printed nothing" : output;
  const message = `the build of ${name.plugin} has taken ${Math.round(ms / 1000)} s so far: ${printed}`;
  return { event: "notice", level: "info", message } as const;
}

/** Whether the build of a compiled plugin gave the same file that the node already runs. */
async function isUnchanged({ target, node, progress, runningContent }: BuildStep) {
  const { path } = target.plugin;
  const { change } = progress;
  const running = await runningContent;
  if (running === undefined || node.state.is !== "running" || isAsked(change)) return false;
  if (!change.files.every((file) => file === path || isBuildSource(file))) return false;
  const isCompiled = await inspectPluginFile(path).then(
    ({ interpreter }) => interpreter === undefined,
    () => false,
  );
  const isSame = isCompiled && (await builtContent(path)) === running;
  progress.throwIfSuperseded();
  return isSame;
}
