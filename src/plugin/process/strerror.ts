/** The system's messages for a file that cannot be used, as lightningd passes them on. */
import { systemCode } from "../../errors/failure.js";

const MESSAGES: Readonly<Record<string, string>> = {
  E2BIG: "Argument list too long",
  EACCES: "Permission denied",
  EINVAL: "Invalid argument",
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
};

/** As C's strerror puts it. */
export function strerror(error: unknown): string {
  const code = systemCode(error) ?? "";
  return MESSAGES[code] ?? (error instanceof Error ? error.message : String(error));
}

/** How shells word it, if different. */
const IN_A_SHELL: readonly (readonly [RegExp, string])[] = [
  [/not found|no such file/i, "ENOENT"],
  [/permission denied/i, "EACCES"],
  [/text file busy/i, "ETXTBSY"],
  [/exec format|cannot execute/i, "ENOEXEC"],
  [/argument list|arg list/i, "E2BIG"],
  [/levels of symbolic/i, "ELOOP"],
];

/** The system's error behind a shell's message that it cannot run a program. */
export function errorOfShell(message: string): Error {
  const code = IN_A_SHELL.find(([pattern]) => pattern.test(message))?.[1] ?? "EUNKNOWN";
  return Object.assign(new Error(MESSAGES[code] ?? message.trim()), { code });
}
