/**
 * Reads the first line of a script as the kernel and env(1) do: which program runs the file, and
 * what is wrong with the line. Used by plugin-file.ts and by the explanations.
 */
import { closeSync, readSync } from "node:fs";
import { basename, delimiter, join } from "node:path";
import { openRegularFile } from "../../filesystem/regular-file.js";
import { isExecutable } from "../../filesystem/try-read.js";

/** What runs a script. */
export interface Interpreter {
  /** The line without `#!` and surrounding blanks. */
  readonly line: string;
  /** The program as the line names it: `python3`, `/opt/venv/bin/python`. */
  readonly name: string;
  /** The program's path here. The node may have a different PATH and find another program. */
  readonly path: string;
  /** Whether env(1) looks it up on the PATH. */
  readonly byEnv: boolean;
}

export type ShebangFault =
  | { readonly fault: "none" }
  | { readonly fault: "byte-order-mark" }
  | { readonly fault: "crlf"; readonly line: string }
  | { readonly fault: "too-long" }
  | { readonly fault: "no-program"; readonly line: string }
  | { readonly fault: "missing"; readonly name: string; readonly byEnv: boolean }
  | { readonly fault: "env-arguments"; readonly line: string };

/** How many bytes of a script the kernel reads to find its interpreter (BINPRM_BUF_SIZE). */
const HEAD_BYTES = 256;

/** Reads the first bytes of a file, for {@link readShebang}. @throws the system's error */
export function readHead(path: string): Buffer {
  const file = openRegularFile(path);
  try {
    const head = Buffer.alloc(HEAD_BYTES);
    return head.subarray(0, readSync(file, head, 0, HEAD_BYTES, 0));
  } finally {
    closeSync(file);
  }
}

/** Reads the `#!` line of a script. @param head the result of {@link readHead} */
export function readShebang(head: Buffer, path = process.env.PATH): Interpreter | ShebangFault {
  if (head.subarray(0, 5).equals(Buffer.from("\ufeff#!"))) return { fault: "byte-order-mark" };
  if (head[0] !== 0x23 || head[1] !== 0x21) return { fault: "none" };
  const end = head.indexOf(0x0a);
  if (end === -1 && head.length >= HEAD_BYTES) return { fault: "too-long" };
  const whole = head.subarray(2, end === -1 ? head.length : end).toString("utf8");
  if (whole.endsWith("\r")) return { fault: "crlf", line: `#!${whole.trimEnd()}` };
  const line = whole.trim();
  const [command = "", ...words] = line.split(/[ \t]+/);
  if (command === "") return { fault: "no-program", line: "#!" };
  if (!isExecutable(command)) return { fault: "missing", name: command, byEnv: false };
  if (basename(command) !== "env") return { line, name: command, path: command, byEnv: false };
  return readEnv(line, words, path);
}

function readEnv(line: string, words: readonly string[], path: string | undefined) {
  const split = words.some((word) => /^(-\w*S|--split-string)/.test(word));
  if (words.length > 1 && !split && process.platform === "linux") {
    return { fault: "env-arguments", line: `#!${line}` } as const;
  }
  const name = programOfEnv(words);
  if (name === undefined) return { fault: "no-program", line: `#!${line}` } as const;
  const found = findProgram(name, path);
  if (found === undefined) return { fault: "missing", name, byEnv: true } as const;
  return { line, name, path: found, byEnv: true };
}

/** Returns the first word that is neither an option of env(1) nor a variable assignment. */
function programOfEnv(words: readonly string[]): string | undefined {
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? "";
    if (word === "-u" || word === "-C" || word === "--unset" || word === "--chdir") at++;
    else if (/^-\w*S./.test(word)) return word.replace(/^-\w*S/, "");
    else if (word.startsWith("--split-string=")) return word.slice("--split-string=".length);
    else if (!word.startsWith("-") && !/^\w+=/.test(word)) return word;
  }
  return undefined;
}

/** Returns the path of a program, looked up on a PATH as execvp(3) does; undefined if not found. */
export function findProgram(name: string, path = process.env.PATH): string | undefined {
  if (name.includes("/")) return isExecutable(name) ? name : undefined;
  for (const folder of (path ?? "/bin:/usr/bin").split(delimiter)) {
    const candidate = join(folder || ".", name);
    if (isExecutable(candidate)) return candidate;
  }
  return undefined;
}
