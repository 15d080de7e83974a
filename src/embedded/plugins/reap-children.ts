/**
 * Knows which plugin processes are alive, sees to it that none outlives the node, and ends them even
 * where the program ends without having closed its node. Used by node.ts.
 */
import type { HostedPlugin } from "./hosted-plugin.js";

/** How long a process whose stdin is closed may take to end before it is killed, in ms. */
const GRACE_MS = 1000;

const keepers = new Set<PluginProcesses>();

/** A program that ends without having closed its nodes takes their plugins with it. */
function killAllOfAll(): void {
  for (const keeper of keepers) keeper.killAll();
}

export class PluginProcesses {
  readonly #alive = new Map<number, HostedPlugin>();
  /** Those whose pipes something may hold, be it a child of theirs. */
  readonly #open = new Set<HostedPlugin>();
  #whenGone: (() => void) | undefined;

  constructor() {
    if (keepers.size === 0) process.on("exit", killAllOfAll);
    keepers.add(this);
  }

  note(plugin: HostedPlugin, pid: number, isRunning: boolean): void {
    if (isRunning) {
      this.#alive.set(pid, plugin);
      this.#open.add(plugin);
    } else {
      this.#alive.delete(pid);
    }
    if (this.#alive.size === 0) this.#whenGone?.();
  }

  drained(plugin: HostedPlugin): void {
    this.#open.delete(plugin);
  }

  /** Waits for all to be gone: they have read the end of their stdin; what stays is killed. */
  async end(): Promise<void> {
    const timer = setTimeout(() => this.killAll(), GRACE_MS);
    if (this.#alive.size > 0) {
      await new Promise<void>((resolve) => {
        this.#whenGone = resolve;
      });
    }
    clearTimeout(timer);
    // What still holds a plugin's stderr would keep our own process alive.
    for (const plugin of this.#open) plugin.forgetStderr();
    keepers.delete(this);
    if (keepers.size === 0) process.off("exit", killAllOfAll);
  }

  killAll(): void {
    for (const plugin of this.#alive.values()) plugin.killProcess();
  }
}
