/** lightningd's log levels, their names and how they are parsed (common/status_levels.c). */

export const LOG_LEVELS = ["io", "trace", "debug", "info", "unusual", "broken"] as const;

export type LogLevel = (typeof LOG_LEVELS)[number];

/** Returns the level of that name, ignoring case. `warn` and `error` are aliases. */
export function parseLogLevel(name: string): LogLevel | undefined {
  const lower = name.toLowerCase();
  if (lower === "error") return "broken";
  if (lower === "warn") return "unusual";
  return LOG_LEVELS.find((level) => level === lower);
}

/** Whether a level is at or above another. */
export function isAtLeast(level: LogLevel, minimum: LogLevel): boolean {
  return LOG_LEVELS.indexOf(level) >= LOG_LEVELS.indexOf(minimum);
}
