/**
 * What the scenarios have seen of the lightningd that the embedded node follows, kept in recorded/: so
 * that the embedded node is compared with it to the field also if no lightningd is installed. A
 * line of JSON a scenario. `CLN_DEV_RECORD=1` writes the files again from the installed lightningd.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll } from "vitest";
import { at, type Json, parse, textAt } from "./json.js";

const isRecording = process.env.CLN_DEV_RECORD === "1";

/** The record of one topic. */
export class Recorded {
  readonly #path: string;
  readonly #seen = new Map<string, Json>();
  readonly #names: string[] = [];

  constructor(topic: string) {
    this.#path = join(
      dirname(import.meta.dirname),
      "recorded",
      `${topic.replaceAll(/\W+/g, "-")}.jsonl`,
    );
    const text = existsSync(this.#path) ? readFileSync(this.#path, "utf8") : "";
    for (const line of text.split("\n").filter((part) => part !== "")) {
      const entry = parse(line);
      this.#seen.set(textAt(entry, "scenario"), at(entry, "seen"));
    }
    if (isRecording) afterAll(() => this.#write());
  }

  /** Notes that there is a scenario of that name: what is not named is dropped. */
  name(scenario: string): void {
    this.#names.push(scenario);
  }

  /** What lightningd showed then; undefined if nothing has been recorded. */
  get(scenario: string): Json | undefined {
    return this.#seen.get(scenario);
  }

  /** @returns whether the record is, or has just been made, what lightningd shows now */
  agrees(scenario: string, seen: Json): boolean {
    if (isRecording) this.#seen.set(scenario, seen);
    return JSON.stringify(this.#seen.get(scenario)) === JSON.stringify(seen);
  }

  #write(): void {
    mkdirSync(dirname(this.#path), { recursive: true });
    const lines = this.#names
      .filter((scenario) => this.#seen.has(scenario))
      .map((scenario) => JSON.stringify({ scenario, seen: this.#seen.get(scenario) }));
    writeFileSync(this.#path, lines.map((line) => `${line}\n`).join(""));
  }
}
