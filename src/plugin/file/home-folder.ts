/** The user's home folder: for what must not be taken for a project. */
import { homedir } from "node:os";
import { attempt } from "../../filesystem/try-read.js";

/** Undefined for a user who has none: HOME is not set, and the number has no name (in a container). */
export function homeFolder(): string | undefined {
  return attempt(homedir);
}
