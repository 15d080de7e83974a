/** The host's end of a front: the pipes that the node talks over. */
import { closeSync, constants, existsSync, openSync } from "node:fs";
import { Socket } from "node:net";
import { join } from "node:path";
import { RawMessage } from "../jsonrpc/envelope.js";
import { Framer } from "../jsonrpc/framing.js";
import { identityOf, isRunning, type ProcessIdentity } from "../node/plugins/plugin-processes.js";
import { processStat } from "../node/process-table.js";

/** The descriptors of the pipes to the node. */
interface FrontPipes {
  readonly input: number;
  readonly output: number;
}

/** What a front reports. */
export interface FrontOwner {
  fromNode(front: Front, message: RawMessage): void;
  /**
   * Called when the front is gone, and all that the node sent before has been handled.
   * @param killed whether the node has killed the front, rather than closed its pipes
   */
  frontGone(front: Front, killed: boolean): void;
  /** Called when the node takes messages again. */
  resume(): void;
}

/** How long the kernel may take to end a killed process, in ms. */
const KILL_MS = 15;

export class Front {
  /** The node's process, which started the front; undefined without /proc. */
  readonly node: ProcessIdentity | undefined;
  readonly #owner: FrontOwner;
  readonly #identity: ProcessIdentity | undefined;
  readonly #input: Socket;
  readonly #output: Socket;
  readonly #framer = new Framer();
  #isGone = false;

  /** @param pid the process of the front, which the node kills */
  constructor(
    readonly pid: number,
    { input, output }: FrontPipes,
    owner: FrontOwner,
  ) {
    this.#owner = owner;
    this.#identity = identityOf(pid);
    this.node = identityOf(processStat(pid)?.parent ?? 0);
    this.#input = new Socket({ fd: input, readable: true, writable: false });
    this.#output = new Socket({ fd: output, readable: false, writable: true });
    this.#input.on("data", (chunk: Buffer) => {
      for (const { kind, bytes } of this.#framer.push(chunk)) {
        if (kind === "object") owner.fromNode(this, new RawMessage(bytes));
      }
    });
    for (const pipe of [this.#input, this.#output]) {
      for (const end of ["end", "error"]) pipe.on(end, () => this.#end());
    }
    this.#output.on("drain", () => owner.resume());
  }

  /**
   * Checks for ends without an event: a front that is killed by hand, or a node that is killed
   * while the front is paused.
   */
  look(): void {
    if (!this.#isAlive() || (this.node !== undefined && !isRunning(this.node))) this.#end();
  }

  get isGone(): boolean {
    return this.#isGone;
  }

  /** What the node has not taken yet, in bytes. */
  get unsentBytes(): number {
    return this.#output.writableLength;
  }

  send(bytes: Buffer | string): void {
    if (this.#isGone) return;
    this.#output.cork();
    this.#output.write(bytes);
    this.#output.write("\n\n");
    this.#output.uncork();
  }

  pause(): void {
    this.#input.pause();
  }

  resume(): void {
    this.#input.resume();
  }

  /** Ends the front as the node sees it, once what was written has reached the node. */
  leave(): void {
    if (this.#isGone) return;
    this.#isGone = true;
    this.#input.destroy();
    this.#output.end(() => {
      this.#output.destroy();
      if (!this.#isAlive()) return;
      try {
        process.kill(this.pid, "SIGKILL");
      } catch {
        // The node has killed it already.
      }
    });
  }

  #isAlive(): boolean {
    if (this.#identity !== undefined) return isRunning(this.#identity);
    try {
      process.kill(this.pid, 0);
      return true;
    } catch {
      return false;
    }
  }

  #end(): void {
    if (this.#isGone) return;
    this.#isGone = true;
    this.#input.destroy();
    this.#output.destroy();
    // A kill sent just before may not have taken effect yet.
    if (this.#isAlive()) setTimeout(() => this.#owner.frontGone(this, !this.#isAlive()), KILL_MS);
    else this.#owner.frontGone(this, true);
  }
}

/**
 * Opens the pipes of a front that joins: the ones the node gave it, through its own descriptors 4
 * and 3, or, without /proc, the FIFOs that it pumps from and to.
 * @throws Error if the front is gone
 */
export function openPipesOf(pid: number, folder: string): FrontPipes {
  const { O_NONBLOCK, O_RDONLY, O_RDWR, O_WRONLY } = constants;
  const descriptors = `/proc/${pid}/fd`;
  const hasProc = existsSync("/proc/self/fd");
  const [from, to] = hasProc
    ? [join(descriptors, "4"), join(descriptors, "3")]
    : [join(folder, `in.${pid}`), join(folder, `out.${pid}`)];
  const input = openSync(from, O_RDONLY | O_NONBLOCK);
  try {
    // The FIFO may not have a reader yet.
    return { input, output: openSync(to, (hasProc ? O_WRONLY : O_RDWR) | O_NONBLOCK) };
  } catch (error) {
    closeSync(input);
    throw error;
  }
}
