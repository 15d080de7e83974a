/** Asks for one line while the keys are inactive. */
import { createInterface } from "node:readline/promises";
import type { ReadStream } from "node:tty";
import type { KeyListener } from "./terminal-keys.js";

export interface Prompt {
  readonly question: string;
  /** What Tab completes the first word to. */
  readonly words?: readonly string[];
  /** Lines typed before, newest first. */
  readonly history?: readonly string[];
}

/**
 * Asks for a line.
 * @returns the line without blanks around it; "" if the user leaves it by Ctrl-C or an empty line
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
  // Otherwise readline stops this process alone, and under npm no shell takes the terminal back.
  prompt.on("SIGTSTP", () => {});
  try {
    return (await prompt.question(question, left)).trim();
  } catch {
    // Left by Ctrl-C, or the terminal is gone.
    return "";
  } finally {
    prompt.close();
    keys.resume();
  }
}
