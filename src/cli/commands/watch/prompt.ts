/** Asks for one line while the keys are inactive. */
import { createInterface } from "node:readline/promises";
import type { ReadStream } from "node:tty";
import type { KeyListener } from "./terminal-keys.js";

export interface Prompt {
  readonly question: string;
  /** The completions of the first word, for Tab. */
  readonly words?: readonly string[];
  /** Earlier lines, newest first. */
  readonly history?: readonly string[];
}

/**
 * Asks for a line.
 * @returns the trimmed line; empty if the user cancels with Ctrl-C or an empty line
 */
export async function ask(
  stdin: ReadStream,
  keys: KeyListener,
  { question, words = [], history = [] }: Prompt,
): Promise<string> {
  keys.pause();
  const prompt = createInterface({
    input: stdin,
    output: process.stdout,
    history: [...history],
    completer: (line: string): [string[], string] => [
      words.filter((word) => word.startsWith(line)),
      line,
    ],
  });
  const left = new AbortController();
  const leave = () => left.abort();
  prompt.on("SIGINT", leave);
  prompt.on("close", leave);
  // Ignore Ctrl-Z: readline would stop only this process, and under npm no shell takes over.
  prompt.on("SIGTSTP", () => {});
  try {
    return (await prompt.question(question, left)).trim();
  } catch {
    // Cancelled with Ctrl-C, or the terminal is gone.
    return "";
  } finally {
    prompt.close();
    keys.resume();
  }
}
