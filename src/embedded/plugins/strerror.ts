/** What the system says when a file cannot be used, in the words that lightningd passes on. */
import { systemCode } from "../../errors/failure.js";

const MESSAGES: Readonly<Record<string, string>> = {
  E2BIG: "Argument list too long",
  EACCES: "Permission denied",
  EISDIR: "Is a directory",
  ELOOP: "Too many levels of symbolic links",
  EMFILE: "Too many open files",
  ENAMETOOLONG: "File name too long",
  ENOENT: "No such file or directory",
  ENOEXEC: "Exec format error",
  ENOMEM: "Cannot allocate memory",
  ENOTDIR: "Not a directory",
  EPERM: "Operation not permitted",
  ETXTBSY: "Text file busy",
  EINVAL: "Invalid argument",
};

/** As C's strerror puts it. */
export function systemMessage(error: unknown): string {
  const code = systemCode(error) ?? "";
  return MESSAGES[code] ?? (error instanceof Error ? error.message : String(error));
}
