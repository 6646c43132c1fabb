export interface ClusterMetricsOptions {
  /**
   * Where the workers keep their sockets and snapshots: a folder `cluster-metrics-<uid>`, closed to others, is made in it.
   * Must be on a local file system, and its path short (a socket's path has 107 bytes at most).
   *
   * @defaultValue the directory for temporary files
   */
  directory?: string;
  /**
   * Name of the application whose workers are merged.
   *
   * @defaultValue the name that PM2 gave it
   */
  application?: string;
  /**
   * How long a scrape waits for a worker. One that is late is left out, with what it had last saved in its place.
   *
   * @defaultValue 500
   */
  timeoutMs?: number;
  /**
   * How often a worker saves its counters: what a SIGKILL can lose, unless a scrape has seen it.
   *
   * @defaultValue 1000
   */
  snapshotIntervalMs?: number;
  /**
   * Whether prom-client's default metrics (`process_*`, `nodejs_*`) are collected.
   *
   * @defaultValue true
   */
  defaultMetrics?: boolean;
}

/** The options with their defaults. */
export type ClusterMetricsConfig = Required<Omit<ClusterMetricsOptions, 'directory' | 'application'>> &
  Pick<ClusterMetricsOptions, 'directory' | 'application'>;

/** The longest delay that a Node timer can wait. */
const MAX_DELAY_MS = 2 ** 31 - 1;

/** @throws TypeError naming the option that makes no sense */
export function resolveOptions(options: ClusterMetricsOptions): ClusterMetricsConfig {
  const config = { timeoutMs: 500, snapshotIntervalMs: 1000, defaultMetrics: true, ...definedOnly(options) };
  check('timeoutMs', isDelay(config.timeoutMs), `an integer from 1 to ${MAX_DELAY_MS}`);
  check('snapshotIntervalMs', isDelay(config.snapshotIntervalMs), `an integer from 1 to ${MAX_DELAY_MS}`);
  check('defaultMetrics', typeof config.defaultMetrics === 'boolean', 'true or false');
  check('directory', isTextOrNothing(config.directory), 'a path');
  check('application', isTextOrNothing(config.application), 'a name');
  return config;
}

/** @throws TypeError if the path is no route */
export function checkPath(path: unknown): string {
  check('path', typeof path === 'string' && path.length > 0, 'a route such as "/metrics"');
  return path as string;
}

function check(option: string, isRight: boolean, expected: string): void {
  if (!isRight) {
    throw new TypeError(`ClusterMetricsModule: the option "${option}" must be ${expected}`);
  }
}

function isDelay(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) >= 1 && (value as number) <= MAX_DELAY_MS;
}

function isTextOrNothing(value: unknown): boolean {
  return value === undefined || (typeof value === 'string' && value.length > 0);
}

/** An option given as `undefined` is an option not given. */
function definedOnly(options: ClusterMetricsOptions): ClusterMetricsOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
