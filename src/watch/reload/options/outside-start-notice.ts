/**
 * Reports that the plugin was started outside this session: its options, and what happens to them.
 */
import { shownValue } from "../../../plugin/secret-options.js";
import { type AttemptContext, warn } from "../attempt-context.js";
import { shownOptions } from "./inherited-options.js";

/** Reports a running version that was started outside this session, or with other options. */
export function reportOutsideStart(context: AttemptContext): void {
  const { byOthers, inherited } = context.node;
  // Someone who gives other options in a command does so on purpose.
  const isReplaced = inherited.replaced.length > 0 && context.progress.change.cause === "start";
  if (!byOthers && !isReplaced) return;
  const { name, plugin } = context.options.target;
  const all = shownOptions(inherited.takenOver);
  const details = all.length === 0 ? [] : [`${all.join(", ")} is kept`];
  for (const option of inherited.replaced) {
    const given = plugin.options.find((one) => one.name === option.name);
    const [was] = shownOptions([option]);
    details.push(`${was} is replaced by ${given && shownValue(given)}, as given to this session`);
  }
  const more = details.length === 0 ? "" : `: ${details.join("; ")}`;
  warn(context, `${name.plugin} was started outside this session${more}`);
}
