/** The levels of `LOG_LEVEL`, from the fewest lines to the most. */
export const LOG_LEVELS = ['silent', 'fatal', 'error', 'warn', 'info', 'debug', 'trace'] as const;

export type LogLevel = (typeof LOG_LEVELS)[number];

export const DEFAULT_LOG_LEVEL: LogLevel = 'info';

/** The level of that name; undefined if there is none. */
export function logLevelOf(name: string): LogLevel | undefined {
  return LOG_LEVELS.find((level) => level === name);
}
