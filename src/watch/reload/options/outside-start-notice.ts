/**
 * Reports that the plugin was started outside this session: with which options, and what happens to
 * them.
 */
import { shownValue } from "../../../plugin/secret-options.js";
import { type AttemptContext, warn } from "../attempt-context.js";
import { shownOptions } from "./inherited-options.js";

/** Reports it if the running version was started outside this session. */
export function reportOutsideStart(context: AttemptContext): void {
  const { byOthers, inherited } = context.node;
  // A command is given other options on purpose.
  const isReplaced = inherited.replaced.length > 0 && context.progress.change.cause === "start";
  if (!byOthers && !isReplaced) return;
  const { name, plugin } = context.options.target;
  const all = shownOptions(inherited.takenOver);
  const details = all.length === 0 ? [] : [`${all.join(", ")} is kept`];
  for (const option of inherited.replaced) {
    const given = plugin.options.find((one) => one.name === option.name);
    const [was] = shownOptions([option]);
    details.push(
      `${was} is replaced by ${given && shownValue(given)}, which this session was given`,
    );
  }
  const more = details.length === 0 ? "" : `: ${details.join("; ")}`;
  warn(context, `${name.plugin} was started outside this session${more}`);
}
