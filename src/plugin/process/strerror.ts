/** The system's error messages for an unusable file, which lightningd passes on. */
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

/** Returns the message that C's strerror has for an error. */
export function strerror(error: unknown): string {
  const code = systemCode(error) ?? "";
  return MESSAGES[code] ?? (error instanceof Error ? error.message : String(error));
}

/** How shells word these errors. */
const IN_A_SHELL: readonly (readonly [RegExp, string])[] = [
  [/not found|no such file/i, "ENOENT"],
  [/permission denied/i, "EACCES"],
  [/text file busy/i, "ETXTBSY"],
  [/exec format|cannot execute/i, "ENOEXEC"],
  [/argument list|arg list/i, "E2BIG"],
  [/levels of symbolic/i, "ELOOP"],
];

/** Returns the system error behind a shell's message that it cannot run a program. */
export function errorOfShell(message: string): Error {
  const code = IN_A_SHELL.find(([pattern]) => pattern.test(message))?.[1] ?? "EUNKNOWN";
  return Object.assign(new Error(MESSAGES[code] ?? message.trim()), { code });
}
