/** Shows the steps of `cln-dev regtest`: as lines, with a spinner for long steps, or as JSON. */
import { shellPath } from "../../../plugin/shell-words.js";
import type { StepContext } from "../../../regtest/network/context.js";
import type {
  RegtestChannel,
  RegtestEvent,
  RegtestNodeStatus,
} from "../../../regtest/network/events.js";
import { regtestCommand } from "../../../regtest/regtest-command.js";
import { sanitize } from "../../report/sanitize.js";
import { type StreamStyle, styleOf } from "../../report/style.js";
import { Spinner } from "../../report/watch/spinner.js";
import type { Context, ExitCode } from "../context.js";

/** How often to show a long step if there is no spinner, in ms. */
const SHOW_EVERY_MS = 5_000;

export interface Steps extends StepContext {
  /** Reports something that is not a result. */
  note(text: string): void;
}

/** Runs `act` and shows its progress and results. */
export async function withSteps(
  { flags, io }: Context,
  act: (steps: Steps) => Promise<ExitCode>,
): Promise<ExitCode> {
  const style = styleOf(io.stderr, flags);
  const spinner = style.animated
    ? new Spinner(io.stderr, { colored: style.paint.isColorSupported, ascii: style.ascii })
    : undefined;
  const print = (stream: NodeJS.WriteStream, text: string) => void stream.write(`${text}\n`);
  const out = styleOf(io.stdout, flags);
  let shownAt = performance.now();
  try {
    return await act({
      signal: io.signal,
      onProgress: (text) => {
        spinner?.show(text);
        if (spinner !== undefined || text === undefined || flags.json || flags.quiet) return;
        if (performance.now() - shownAt < SHOW_EVERY_MS) return;
        shownAt = performance.now();
        print(io.stderr, `cln-dev: ${text}`);
      },
      onEvent: (event) => {
        if (flags.json) {
          print(io.stdout, JSON.stringify({ time: new Date().toISOString(), ...event }));
          return;
        }
        const isResult = event.event === "ready" || event.event === "status";
        if (flags.quiet && !isResult) return;
        const lines = linesOf(event, out, flags.verbose);
        if (lines.length > 0) print(io.stdout, lines.join("\n"));
      },
      note: (text) => {
        if (!flags.json && !flags.quiet) print(io.stderr, `cln-dev: ${text}`);
      },
    });
  } finally {
    spinner?.show(undefined);
  }
}

/** Formats an event. Sanitizes before colouring: colours are escape codes, too. */
function linesOf(event: RegtestEvent, { paint, marks }: StreamStyle, verbose: boolean): string[] {
  const good = paint.green(marks.good);
  switch (event.event) {
    case "chain":
      return verbose ? [`${good} a chain of ${event.height} blocks`] : [];
    case "node-started":
      return [
        `${good} ${event.name} runs (lightningd ${sanitize(event.version)})   ${event.ms} ms`,
      ];
    case "node-stopped": {
      const how = event.killed ? "did not stop by itself and was killed" : "is stopped";
      return [`${good} ${event.name} ${how}`];
    }
    case "port-changed":
      return [
        `${marks.warn} ${event.name}: port ${event.from} is taken, it listens on ${event.to} now`,
      ];
    case "options-ignored":
      return [
        `${marks.warn} the options go to new nodes only; the config of ${event.names.join(", ")} is unchanged`,
      ];
    case "funded":
      return verbose ? [`${good} ${event.name} has ${grouped(event.sat)} sat`] : [];
    case "channel":
      return [`${good} ${channelText(event)}`];
    case "mined": {
      const seen = event.nodes.length === 0 ? "no node runs" : `seen by ${event.nodes.join(", ")}`;
      return [`${good} block ${event.height}, ${seen}   ${event.ms} ms`];
    }
    case "reorganized":
      return [`${good} ${event.depth} blocks replaced, block ${event.height} is the tip`];
    case "paid":
      return [
        `${good} ${event.from} paid ${grouped(event.msat)} msat to ${event.to} (fee ${grouped(event.feeMsat)} msat)   ${event.ms} ms`,
      ];
    case "fees":
      return Object.entries(event.feerates).map(
        ([blocks, rate]) => `${good} within ${blocks} blocks: ${grouped(rate)} sat per 1000 vbytes`,
      );
    case "reset":
      return event.left.length === 0
        ? [`${good} ${sanitize(event.dir)} is removed`]
        : [
            `${marks.warn} ${sanitize(event.dir)} still has files that are not the network's: ${sanitize(event.left.join(", "))}`,
          ];
    case "status":
      return [
        `${sanitize(event.dir)}   block ${event.height}`,
        ...event.nodes.flatMap((node) => statusLines(node, paint)),
        ...event.channels.map((channel) => `  ${channelText(channel)}`),
      ];
    case "ready":
      return [
        "",
        ...event.nodes.flatMap(({ name, id, port, lightningDir }) => [
          `${paint.bold(name)}   ${id}   127.0.0.1:${port}`,
          `  cln-dev watch ./myplugin.py --lightning-dir=${sanitize(shellPath(lightningDir))}`,
          `  lightning-cli --lightning-dir=${sanitize(shellPath(lightningDir))} getinfo`,
        ]),
        ...(event.channels.length > 0 ? ["", ...event.channels.map(channelText)] : []),
        "",
        ...(event.developer ? [] : [SLOW_BLOCKS]),
        paint.dim(
          `ready in ${(event.ms / 1000).toFixed(1)} s; ends with: ${sanitize(regtestCommand("stop", event.dir))}`,
        ),
      ];
  }
}

/** What `--no-developer` costs. */
export const SLOW_BLOCKS =
  "the nodes run without developer mode: each looks for new blocks every 30 s";

function statusLines(node: RegtestNodeStatus, paint: StreamStyle["paint"]): string[] {
  const { name, state, height, port, pid, version, lightningDir, lastWords } = node;
  const at = height === undefined ? "" : `   block ${height}`;
  const process = pid === undefined ? "" : `   pid ${pid}`;
  const shown = state === "running" ? state : paint.red(state);
  return [
    `  ${paint.bold(name)} ${shown}${at}   127.0.0.1:${port}${process}   ${sanitize(version)}`,
    ...(lastWords === undefined ? [] : [`    ${sanitize(lastWords)}`]),
    ...(state === "running" ? [`    --lightning-dir=${sanitize(shellPath(lightningDir))}`] : []),
  ];
}

function channelText({ from, to, shortChannelId, capacitySat }: RegtestChannel): string {
  return `${from} to ${to}   ${shortChannelId}   ${grouped(capacitySat)} sat`;
}

/** Formats a number as 10,000,000. */
function grouped(value: number): string {
  return value.toLocaleString("en-US");
}
