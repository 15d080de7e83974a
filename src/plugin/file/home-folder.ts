/** The user's home folder, which never counts as a project. */
import { homedir } from "node:os";
import { attempt } from "../../filesystem/try-read.js";

/** Undefined if HOME is not set and the uid has no name (as in a container). */
export function homeFolder(): string | undefined {
  return attempt(homedir);
}
