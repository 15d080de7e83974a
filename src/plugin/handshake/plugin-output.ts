/** Collects what a plugin writes besides its answers, within bounds, as evidence if it fails. */
import { BoundedOutput } from "../process/bounded-output.js";
import type { Logged } from "./handshake.js";
import type { PluginNotification } from "./plugin-notification.js";

const MAX_STRAY_LINES = 100;
const MAX_LOGGED = 200;
const MAX_LOGGED_LENGTH = 2000;

export class PluginOutput {
  /** Lines on stdout that are not messages. */
  readonly stray: string[] = [];
  /** The messages of its `log` notifications. */
  readonly logged: Logged[] = [];
  readonly #stderr = new BoundedOutput();

  /** Only the beginning and the end if it is long. */
  get stderr(): string {
    return this.#stderr.text;
  }

  addStderr(chunk: Buffer): void {
    this.#stderr.add(chunk);
  }

  addStray(text: string): void {
    if (this.stray.length < MAX_STRAY_LINES) this.stray.push(text);
  }

  addNotification(notification: PluginNotification): void {
    if (notification.kind !== "log" || this.logged.length >= MAX_LOGGED) return;
    const { level, text } = notification;
    const message = text.slice(0, MAX_LOGGED_LENGTH);
    this.logged.push({ level, message, bytes: Buffer.byteLength(text) });
  }
}
