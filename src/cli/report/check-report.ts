/** Formats the result of `cln-dev check`, as text and as JSON. */
import { type Changes, hasChanges } from "../../diagnose/changes/changes.js";
import type { CheckFinding, CheckResult } from "../../diagnose/check-plugin.js";
import type { Handshake } from "../../plugin/handshake/handshake.js";
import type { Severity } from "../../plugin/manifest/lint.js";
import { renderFindings } from "./findings-lines.js";
import { sanitize } from "./sanitize.js";
import type { Marks, Paint } from "./style.js";

/**
 * Formats the result of `cln-dev check` as lines.
 * @param name the plugin's path as the user wrote it
 * @param changes what has changed since the previous manifest, if there was one
 */
export function renderCheck(
  name: string,
  result: CheckResult,
  paint: Paint,
  marks: Marks,
  changes?: Changes,
): string[] {
  const mark = result.ok ? paint.green(marks.good) : paint.red(marks.bad);
  const known = result.handshake === undefined ? "" : factsOf(result.handshake);
  const facts = [`lightningd ${result.release}`, known].filter((text) => text !== "").join("   ");
  return [
    `${mark} ${paint.bold(sanitize(name))}   ${paint.dim(facts)}`,
    ...folded(result.findings).flatMap((alike) => renderFinding(alike, paint)),
    ...renderFindings(result.printed, paint, "    "),
    ...(changes !== undefined && hasChanges(changes) ? [`  ${renderChanges(changes, paint)}`] : []),
    ...(result.findings.length > 0 ? [`  ${countOf(result.findings)}`] : []),
  ];
}

/** Returns what `--json` prints for a plugin, on one line. */
export function checkJson(
  result: CheckResult,
  changes?: Changes,
): { readonly [key: string]: unknown } {
  const { path, release, ok, findings, printed, handshake } = result;
  const manifest = handshake?.manifest;
  return {
    plugin: path,
    release,
    ok,
    findings,
    end: handshake?.end,
    manifestMs: rounded(handshake?.manifestMs),
    initMs: rounded(handshake?.initMs),
    manifest: manifest && { ...manifest, featurebits: Object.fromEntries(manifest.featurebits) },
    stray: handshake?.stray ?? [],
    stderr: handshake?.stderr ?? "",
    printed,
    ...(changes === undefined ? {} : { changes }),
  };
}

/** Groups findings that several methods or options share: a library writes them all alike. */
function folded(findings: readonly CheckFinding[]): Alike[] {
  const groups = new Map<string, Alike>();
  for (const finding of findings) {
    const key = JSON.stringify({ ...finding, field: finding.field.replace(/\[\d+\]/, "[]") });
    groups.set(key, [...(groups.get(key) ?? []), finding]);
  }
  return [...groups.values()];
}

type Alike = readonly CheckFinding[];

function renderFinding([first, ...others]: Alike, paint: Paint): string[] {
  if (first === undefined) return [];
  const { severity, field, message, reason, fix } = first;
  const colours: Readonly<Record<Severity, (text: string) => string>> = {
    error: paint.red,
    warning: paint.magenta,
    hint: paint.dim,
  };
  const where = paint.bold(sanitize(field === "" ? "manifest" : field));
  const more = others.length === 0 ? "" : ` and ${others.length} more`;
  return [
    `  ${colours[severity](severity.padEnd(7))} ${where}${more}: ${sanitize(message)}`,
    ...(reason === undefined ? [] : [`          ${sanitize(reason)}`]),
    ...(fix === undefined ? [] : [`          ${paint.magenta(sanitize(fix))}`]),
  ];
}

function factsOf({ manifest, manifestMs, initMs }: Handshake): string {
  const counts =
    manifest === undefined
      ? []
      : [
          count(manifest.rpcmethods.length, "method"),
          count(manifest.options.length, "option"),
          count(manifest.hooks.length, "hook"),
          count(manifest.subscriptions.length, "subscription"),
        ];
  return [
    ...(manifestMs === undefined ? [] : [`manifest ${Math.round(manifestMs)} ms`]),
    ...(initMs === undefined ? [] : [`init ${Math.round(initMs)} ms`]),
    ...counts.filter((text) => !text.startsWith("0 ")),
  ].join("   ");
}

/** Formats changes: `changed: +method one  -option two`. */
export function renderChanges({ added, removed, changed }: Changes, paint: Paint): string {
  const parts = [
    ...added.map((text) => paint.green(`+${sanitize(text)}`)),
    ...removed.map((text) => paint.red(`-${sanitize(text)}`)),
    ...changed.map((text) => paint.magenta(`~${sanitize(text)}`)),
  ];
  return `${paint.dim("changed:")} ${parts.join("  ")}`;
}

function countOf(findings: readonly CheckFinding[]): string {
  const of = (severity: Severity) =>
    findings.filter((finding) => finding.severity === severity).length;
  return [count(of("error"), "error"), count(of("warning"), "warning"), count(of("hint"), "hint")]
    .filter((text) => !text.startsWith("0 "))
    .join(", ");
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

function rounded(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : Math.round(ms * 10) / 10;
}
