/**
 * Where `setconfig` keeps its values: in `config.setconfig` beside the network's config, which is
 * made to include it; older values in other files are commented out (lightningd/configs.c). Used by
 * methods/setconfig.ts.
 */
import {
  accessSync,
  appendFileSync,
  constants,
  existsSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import type { LogBook } from "../log/log-book.js";
import { invalidParams } from "../rpc/rpc-fault.js";
import type { ConfigVar, ConfigVars } from "./config-vars.js";

const HEADER =
  "# Created and update by setconfig, but you can edit this manually when node is stopped.";

export class SetconfigFile {
  readonly #config: string;
  readonly #own: string;

  constructor(
    networkDir: string,
    private readonly log: LogBook,
  ) {
    this.#config = join(networkDir, "config");
    this.#own = `${this.#config}.setconfig`;
  }

  /** @throws RpcFault where a file that would have to be changed cannot be, or has been already */
  refuseIfNotWritable(vars: readonly ConfigVar[]): void {
    for (const { source } of vars) {
      if (source.kind === "file" && !isWritable(dirname(source.path))) {
        throw invalidParams(`Cannot write to config file ${source.path}`);
      }
    }
    const isThere = existsSync(this.#own);
    if (isThere ? !isWritable(this.#own) : !isWritable(dirname(this.#config))) {
      throw invalidParams(`Cannot write to config file ${isThere ? this.#own : this.#config}`);
    }
    for (const item of vars) this.#linesOf(item);
  }

  /** Writes the lines, and takes the values over into the options. */
  save(
    configs: ConfigVars,
    name: string,
    multi: boolean,
    lines: readonly string[],
    values: readonly string[],
  ): void {
    this.#create();
    const before = multi ? configs.allValues(name) : configs.values(name).slice(0, 1);
    let place: number | undefined;
    for (const item of before) {
      if (item.source.kind !== "file") continue;
      const isReplaced = !multi && item.source.path === this.#own;
      this.#replace(item, isReplaced ? lines[0] : undefined);
      if (isReplaced) place = item.source.line;
    }
    if (multi) configs.remove(name, "file");
    for (const [index, line] of lines.entries()) {
      const number = place ?? this.#append(this.#own, line);
      const source = { kind: "file", path: this.#own, line: number } as const;
      configs.add(name, values[index], source);
      this.log.add(
        "lightningd",
        "info",
        `setconfig: ${name} ${values[index] ?? "SET"} (updated ${this.#own}:${number})`,
      );
    }
  }

  #create(): void {
    if (existsSync(this.#own)) return;
    // As C's ctime puts it: `Sat Nov 21 07:55:50 2026`.
    const [day, month, date, year, time] = new Date().toString().split(" ");
    const now = `${day} ${month} ${date} ${time} ${year}`;
    this.#append(this.#config, `# Inserted by setconfig ${now}\ninclude config.setconfig`);
    this.#append(this.#own, HEADER);
  }

  /** @returns the number of the line at which it stands now, from 1 */
  #append(path: string, text: string): number {
    const before = existsSync(path) ? readFileSync(path, "utf8") : "";
    const lead = before === "" || before.endsWith("\n") ? "" : "\n";
    appendFileSync(path, `${lead}${text}\n`);
    return before.split("\n").length + lead.length;
  }

  #replace(item: ConfigVar, line: string | undefined): void {
    if (item.source.kind !== "file") return;
    const { path, line: number } = item.source;
    const lines = this.#linesOf(item);
    const old = lines[number - 1] ?? "";
    lines[number - 1] = line ?? `# setconfig commented out (see config.setconfig): ${old}`;
    const verb = line === undefined ? "commented out" : "replaced";
    this.log.add("lightningd", "info", `setconfig: ${verb} line ${number} of ${path} (${old})`);
    writeFileSync(`${path}.setconfig.new`, lines.join("\n"));
    renameSync(`${path}.setconfig.new`, path);
  }

  /**
   * The lines of the file in which a value stands.
   * @throws RpcFault where somebody has changed it since
   */
  #linesOf(item: ConfigVar): string[] {
    if (item.source.kind !== "file") return [];
    const { path, line: number } = item.source;
    const lines = readFileSync(path, "utf8").split(/\r?\n/);
    if (number >= lines.length) {
      throw invalidParams(`Configfile ${path} no longer has ${number} lines!`);
    }
    const expected = item.value === undefined ? item.name : `${item.name}=${item.value}`;
    const found = lines[number - 1] ?? "";
    if (found.trimEnd() !== expected.trimEnd()) {
      throw invalidParams(
        `Configfile ${path} line ${number} changed from ${expected} to ${found}!`,
      );
    }
    return lines;
  }
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
