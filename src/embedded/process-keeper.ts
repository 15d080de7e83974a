/**
 * Knows which plugin processes are alive, sees to it that none outlives the node, and ends them even
 * where the program ends without having closed its node. Used by node.ts.
 */
import type { HostedPlugin } from "./hosted-plugin.js";

/** How long a process that has been told to end may take before it is killed, in ms. */
const GRACE_MS = 1000;

export class ProcessKeeper {
  readonly #alive = new Map<number, HostedPlugin>();
  readonly #known = new Set<HostedPlugin>();
  #whenGone: (() => void) | undefined;
  readonly #onExit = () => this.#killAll();

  constructor(private readonly onChange: (pid: number, isRunning: boolean) => void) {
    process.on("exit", this.#onExit);
  }

  note(plugin: HostedPlugin, pid: number, isRunning: boolean): void {
    if (isRunning) {
      this.#alive.set(pid, plugin);
      this.#known.add(plugin);
    } else {
      this.#alive.delete(pid);
    }
    this.onChange(pid, isRunning);
    if (this.#alive.size === 0) this.#whenGone?.();
  }

  /** Waits for all to be gone: they have read the end of their stdin; what stays is killed. */
  async end(): Promise<void> {
    const timer = setTimeout(() => this.#killAll(), GRACE_MS);
    if (this.#alive.size > 0) {
      await new Promise<void>((resolve) => {
        this.#whenGone = resolve;
      });
    }
    clearTimeout(timer);
    // A child of a plugin may still hold its stderr: it would keep our own process alive.
    for (const plugin of this.#known) plugin.forgetStderr();
    process.off("exit", this.#onExit);
  }

  #killAll(): void {
    for (const plugin of this.#alive.values()) plugin.killProcess();
  }
}
