/**
 * The hot host as a program: `node host.js FOLDER MODE PID [arguments of the node]`, started by the
 * front with that PID. Its descriptors 3 and 4 are the front's pipes to the node. It loads no code
 * of the command line.
 */
import { spawnSync } from "node:child_process";
import { constants, openSync, rmSync, write } from "node:fs";
import { Socket } from "node:net";
import { join } from "node:path";
import { replaceFile } from "../filesystem/replace-file.js";
import type { RawMessage } from "../jsonrpc/envelope.js";
import { LineSplitter } from "../jsonrpc/line-splitter.js";
import { environmentOf, workingDirectoryOf } from "../node/process-table.js";
import { commandOf } from "../plugin/process/run-settings.js";
import { HotControl } from "./control-server.js";
import { type HotDescription, readDescription } from "./description.js";
import { Front, openPipesOf } from "./front.js";
import { Host, type Program } from "./host.js";
import { type HotCommand, type HotEvent, PROTOCOL } from "./protocol.js";
import { HotReloader } from "./reload.js";
import { Version, type VersionOwner } from "./version.js";

/** lightningd's own limit for each of the two answers, in ms. */
const ANSWER_MS = 120_000;
/** How long after a version has become active the next one is prepared, in ms. */
const PREPARE_MS = 60;
/** How long a version may take to end after the node has ended or stopped the plugin, in ms. */
const END_MS = 4_000;
/** The longest line at the door, in characters: it holds a pid. */
const MAX_KNOCK = 64;
/** How often the front and the node are checked, in ms. */
const LOOK_MS = 500;
/** Where the front passes on its own stdin and stdout: libuv never closes 0 and 1. */
const [INPUT, OUTPUT] = [3, 4];
const MAX_STDERR_WAITING = 1024 * 1024;

function main([folder = "", mode = "", front = "", ...args]: string[]): void {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => {});
  const described = readDescription(folder);
  if (described === undefined) {
    process.stderr.write(`cln-dev: no hot-mode plugin is described in ${folder}\n`);
    process.exitCode = 1;
    return;
  }
  new HotProgram(folder, described.plugin, mode, Number(front), args);
}

class HotProgram implements Program, VersionOwner {
  readonly plugin: string;
  readonly isDynamic: boolean;
  readonly #folder: string;
  readonly #args: readonly string[];
  readonly #host = new Host(this);
  readonly #reloader = new HotReloader(this.#host, this);
  readonly #control: HotControl;
  readonly #versions = new Set<Version>();
  #count = 0;
  #spare: { readonly version: Version; readonly settings: string } | undefined;
  #surroundings: { readonly env: NodeJS.ProcessEnv; readonly cwd: string };
  #ending = false;
  #stderrWaiting = 0;

  constructor(folder: string, plugin: string, mode: string, front: number, args: string[]) {
    this.plugin = plugin;
    this.isDynamic = mode === "dynamic";
    this.#folder = folder;
    this.#args = args;
    this.#surroundings = surroundingsOf(front) ?? ownSurroundings();
    const onCommand = (command: HotCommand, answer: (event: HotEvent) => void) => {
      if (command.cmd === "reload") void this.#reloader.reload(command).then(answer);
      else if (command.cmd === "make-way") void this.#reloader.makeWay(command.number, answer);
      else if (command.cmd === "take-back") this.#reloader.takeBack(command.number, answer);
    };
    this.#control = new HotControl(join(folder, "control"), () => this.#hello(), onCommand);
    this.#listenAtDoor();
    this.#host.attach(new Front(front, { input: INPUT, output: OUTPUT }, this.#host));
    setInterval(() => this.#host.look(), LOOK_MS);
  }

  settings(): Partial<HotDescription> {
    return readDescription(this.#folder) ?? {};
  }

  /**
   * Sends an event to the sessions, unless the host is ending: a version that ends with it has not
   * died.
   */
  emit(event: HotEvent): void {
    if (!this.#ending) this.#control.emit(event);
  }

  #hello(): HotEvent {
    const { active, down, registered } = this.#host;
    return {
      event: "hello",
      protocol: PROTOCOL,
      release: CLN_DEV_VERSION,
      pid: process.pid,
      version: active?.number ?? 0,
      down,
      isStatic: !this.isDynamic && registered?.dynamic === false,
      handover: this.#reloader.handover,
    };
  }

  /**
   * Opens the FIFO to which fronts that join write their pid. They block on `hold` until this
   * process ends.
   */
  #listenAtDoor(): void {
    const [door, hold] = [join(this.#folder, "door"), join(this.#folder, "hold")];
    for (const path of [door, hold]) rmSync(path, { force: true });
    spawnSync("mkfifo", ["-m", "600", door, hold], { stdio: "ignore" });
    openSync(hold, constants.O_RDWR);
    const fd = openSync(door, constants.O_RDWR | constants.O_NONBLOCK);
    const knocks = new Socket({ fd, readable: true, writable: false });
    const lines = new LineSplitter(MAX_KNOCK);
    knocks.on("data", (chunk: Buffer) => {
      for (const line of lines.push(chunk.toString("latin1"))) this.#join(Number(line));
    });
  }

  #join(pid: number): void {
    if (!Number.isInteger(pid) || pid <= 1) return;
    try {
      const pipes = openPipesOf(pid, this.#folder);
      this.#surroundings = surroundingsOf(pid) ?? this.#surroundings;
      this.#host.attach(new Front(pid, pipes, this.#host));
    } catch {
      // The front is gone: the node has reported why it ended it.
    }
  }

  begin(): Version {
    const text = JSON.stringify(this.settings());
    const spare = this.#spare?.settings === text ? this.#spare.version : undefined;
    if (spare === undefined) this.#spare?.version.kill();
    this.#spare = undefined;
    const version = spare ?? this.#make(false);
    version.number = ++this.#count;
    if (spare === undefined) this.#noteChildren();
    if (this.#ending) version.kill();
    return version;
  }

  #make(waits: boolean): Version {
    const settings = this.settings();
    const options = {
      path: this.plugin,
      command: [...commandOf(settings, this.plugin), ...this.#args],
      cwd: this.#surroundings.cwd,
      env: { ...this.#surroundings.env, ...settings.env },
      timeoutMs: settings.debug ? undefined : ANSWER_MS,
      waits,
    };
    const version = new Version(options, this);
    if (version.pid !== undefined) this.#versions.add(version);
    return version;
  }

  prepareSoon(): void {
    setTimeout(() => {
      if (this.#ending || this.#spare !== undefined) return;
      this.#spare = { version: this.#make(true), settings: JSON.stringify(this.settings()) };
      this.#noteChildren();
    }, PREPARE_MS).unref();
  }

  fromVersion(version: Version, message: RawMessage): void {
    this.#host.fromVersion(version, message);
  }

  resume(): void {
    this.#host.resume();
  }

  stray({ number }: Version, text: string): void {
    this.#control.emit({ event: "stray", version: number, text });
  }

  /** Sends stderr to the sessions or, without one, to where the node's own stderr goes. */
  stderr({ number }: Version, chunk: Buffer): void {
    if (!this.#control.isHeard) this.#writeStderr(chunk);
    this.#control.emit({ event: "stderr", version: number, text: chunk.toString("utf8") });
  }

  versionGone(version: Version): void {
    this.#versions.delete(version);
    if (this.#spare?.version === version) this.#spare = undefined;
    this.#noteChildren();
    this.#host.versionGone(version);
    if (this.#ending && this.#versions.size === 0) this.#exit();
  }

  /** Lists the versions for the front, which ends them if this process is killed at any moment. */
  #noteChildren(): void {
    const lines = [...this.#versions].map(({ identity }) => `${identity}\n`);
    try {
      replaceFile(join(this.#folder, "children"), lines.join(""));
    } catch {
      // The folder is being removed: everything ends then.
    }
  }

  passed({ number }: Version, direction: "to-plugin" | "to-node", bytes: Buffer): void {
    const max = this.#control.traceBytes;
    if (max === 0) return;
    this.#control.emit({
      event: "trace",
      at: performance.timeOrigin + performance.now(),
      direction,
      version: number,
      bytes: bytes.length,
      text: bytes.toString("utf8", 0, Math.min(bytes.length, max)),
    });
  }

  /**
   * Writes to where the plugin's stderr goes without us. There may be no reader: do not wait for
   * one.
   */
  #writeStderr(chunk: Buffer): void {
    if (this.#stderrWaiting > MAX_STDERR_WAITING) return;
    this.#stderrWaiting += chunk.length;
    write(2, chunk, () => {
      this.#stderrWaiting -= chunk.length;
    });
  }

  /** Called when the node is gone, or has stopped the plugin. */
  end(killed: boolean): void {
    if (this.#ending) return;
    this.#ending = true;
    this.#spare?.version.kill();
    for (const version of this.#versions) {
      if (killed) version.kill();
      else version.retire(END_MS);
    }
    if (this.#versions.size === 0) this.#exit();
  }

  /** Answers already written have reached the node by now, or never will. */
  #exit(): void {
    this.#control.close();
    setImmediate(() => {
      for (const version of this.#versions) version.kill();
      process.exit();
    });
  }
}

/**
 * Returns the environment and working directory that the node gave a front; undefined without
 * /proc.
 */
function surroundingsOf(pid: number) {
  const env = environmentOf(pid);
  const cwd = workingDirectoryOf(pid);
  return env === undefined || cwd === undefined ? undefined : { env: { ...env }, cwd };
}

/**
 * For systems without /proc: returns the environment that the front passed on, and its directory.
 */
function ownSurroundings() {
  const { ...env } = process.env;
  for (const name of ["NODE_OPTIONS", "NODE_EXTRA_CA_CERTS"]) {
    const handed = env[`CLN_DEV_PLUGIN_${name}`];
    delete env[`CLN_DEV_PLUGIN_${name}`];
    if (handed !== undefined) env[name] = handed;
  }
  return { env, cwd: process.cwd() };
}

main(process.argv.slice(2));
