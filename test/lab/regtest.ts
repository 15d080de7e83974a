/** `cln-dev regtest` under a bench or a soak: its nodes end with that, whatever happens to it. */
import { rmSync } from "node:fs";
import { isObject, type JsonObject, parseJson } from "../../src/jsonrpc/json.js";
import { OWNER_VARIABLE } from "../../src/regtest/backend/backend-files.js";
import { ownIdentity } from "../../src/regtest/process-identity.js";
import { type Lab, PROGRAM } from "./lab.js";

export interface RegtestNodeLine {
  readonly name: string;
  readonly id: string;
  readonly pid: number;
  readonly rpcFile: string;
}

export class LabRegtest {
  readonly dir: string;
  readonly #lab: Lab;

  /** @param dir is not there yet */
  constructor(lab: Lab, dir: string) {
    this.#lab = lab;
    this.dir = dir;
  }

  /** Runs a command. @returns its events. @throws Error: it failed */
  async run(...args: readonly string[]): Promise<readonly JsonObject[]> {
    const line = [PROGRAM, "regtest", ...args, "--dir", this.dir, "--json"];
    const child = this.#lab.spawn(process.execPath, line, {
      env: { ...process.env, ...this.#lab.env, [OWNER_VARIABLE]: ownIdentity() },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let stdout = "";
    let stderr = "";
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    const code = await new Promise((resolve) => child.once("close", resolve));
    if (code !== 0) throw new Error(`regtest ${args.join(" ")}: ${stdout}${stderr}`);
    return stdout.split("\n").map(parseJson).filter(isObject);
  }

  /** Starts what does not run. */
  async start(...args: readonly string[]): Promise<readonly RegtestNodeLine[]> {
    const { nodes } = (await this.run("start", ...args)).at(-1) ?? {};
    const all: readonly unknown[] = Array.isArray(nodes) ? nodes : [];
    return all.filter(isObject).map(({ name, id, pid, rpcFile }) => ({
      name: String(name),
      id: String(id),
      pid: Number(pid),
      rpcFile: String(rpcFile),
    }));
  }

  async end(): Promise<void> {
    await this.run("reset");
    rmSync(this.dir, { recursive: true, force: true });
  }
}
