/** The user's home folder, which must not be taken for a project. */
import { homedir } from "node:os";
import { attempt } from "../../filesystem/try-read.js";

/** Undefined for a user without one: HOME is not set, and the uid has no name (in a container). */
export function homeFolder(): string | undefined {
  return attempt(homedir);
}
