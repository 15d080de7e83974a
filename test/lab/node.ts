/** The node under a bench or a soak: a real lightningd if there is one, else the embedded node. */
import type { ChildProcess } from "node:child_process";
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pluginsOf } from "./by-hand.js";
import { type Lab, PROGRAM, programPath, within } from "./lab.js";

export type NodeKind = "lightningd" | "embedded";

const UP_MS = 30_000;

export class LabNode {
  readonly kind: NodeKind;
  readonly lightningDir: string;
  readonly networkDir: string;
  readonly rpcFile: string;
  readonly #lab: Lab;
  #child: ChildProcess | undefined;

  private constructor(lab: Lab, kind: NodeKind, lightningDir: string) {
    this.#lab = lab;
    this.kind = kind;
    this.lightningDir = lightningDir;
    this.networkDir = join(lightningDir, "regtest");
    this.rpcFile = join(this.networkDir, "lightning-rpc");
  }

  /** Starts one; it ends with the lab. */
  static async start(lab: Lab, kind: NodeKind): Promise<LabNode> {
    const node = new LabNode(lab, kind, lab.folder());
    if (kind === "lightningd") writeFileSync(join(node.lightningDir, "config"), CONFIG);
    await node.start();
    return node;
  }

  get flag(): string {
    return `--lightning-dir=${this.lightningDir}`;
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  /** For a table: `lightningd v26.06.6`. */
  get name(): string {
    if (this.kind === "embedded") return "the embedded node";
    const version = execFileSync("lightningd", ["--version"], { encoding: "utf8" }).trim();
    return `lightningd ${version}`;
  }

  /** Starts it (again) and waits until it and all its plugins are up. */
  async start(): Promise<void> {
    this.launch();
    if (!(await this.up()))
      throw new Error(`the node did not come up: ${this.#log().slice(-2000)}`);
  }

  /** Starts it and does not wait. */
  launch(): void {
    const [command, args] =
      this.kind === "lightningd"
        ? ["lightningd", [this.flag]]
        : [process.execPath, [PROGRAM, "node", this.flag]];
    this.#child = this.#lab.spawn(command, args, { stdio: "ignore", cwd: this.lightningDir });
  }

  /** Waits until the node answers and all its plugins are active. */
  up(timeoutMs = UP_MS): Promise<boolean> {
    return within(timeoutMs, async () => {
      try {
        const plugins = await pluginsOf(this.rpcFile);
        // The embedded node has no plugins itself.
        const some = this.kind === "embedded" || plugins.length > 0;
        return some && plugins.every((plugin) => plugin.active);
      } catch {
        return false;
      }
    });
  }

  /** Ends it at once, with its plugins, as a crash does. */
  async kill(): Promise<void> {
    if (this.#child) await this.#lab.kill(this.#child);
  }

  #log(): string {
    try {
      return readFileSync(join(this.networkDir, "log"), "utf8");
    } catch {
      return "it wrote no log";
    }
  }
}

/** The real one if it is installed. */
export function bestKind(): NodeKind {
  return programPath("lightningd") && programPath("lightning-cli") ? "lightningd" : "embedded";
}

const CONFIG = `network=regtest
disable-plugin=bcli
plugin=${join(process.cwd(), "test/lab/stub-chain.mjs")}
log-file=log
log-level=debug
autolisten=false
offline
`;
