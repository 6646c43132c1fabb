/** Options of `ClusterMetricsModule`; each has a default. Durations are in milliseconds. */
export interface ClusterMetricsOptions {
  /**
   * The parent of the folder `cluster-metrics-<uid>`, in which the workers keep their sockets and snapshots and which only
   * this user can enter. It must be on a local file system. Its path must be short: a socket's path has 107 bytes at most
   * on Linux, 103 elsewhere.
   *
   * @defaultValue `os.tmpdir()`, on macOS `'/tmp'`
   */
  directory?: string;
  /**
   * Name of the application whose workers are merged. Two applications of one name under one PM2 daemon are taken for one.
   *
   * @defaultValue the name under PM2, else `'app'`
   */
  application?: string;
  /**
   * How long a scrape waits for a worker, in ms, from 1 to 2 147 483 647. A later answer is ignored: the worker counts as
   * not up, and its last snapshot takes the place of the answer.
   *
   * @defaultValue 500
   */
  timeoutMs?: number;
  /**
   * Time between two snapshots of a worker's counters, in ms, from 1 to 2 147 483 647. A SIGKILL loses what was counted since
   * the last snapshot, unless a scrape has reported it.
   *
   * @defaultValue 1000
   */
  snapshotIntervalMs?: number;
  /**
   * Whether prom-client's default metrics (`process_*`, `nodejs_*`) are collected. The module leaves them alone if the
   * application already collects them.
   *
   * @defaultValue true
   */
  defaultMetrics?: boolean;
}

/** The options with every default filled in. `directory` and `application` are resolved later. */
export type ClusterMetricsConfig = Required<Omit<ClusterMetricsOptions, 'directory' | 'application'>> &
  Pick<ClusterMetricsOptions, 'directory' | 'application'>;

/** The longest delay of a Node timer; a longer one would fire at once. */
const MAX_DELAY_MS = 2 ** 31 - 1;

/**
 * Fills in the defaults and checks every option.
 *
 * @throws TypeError naming the option that is invalid, and what it must be
 */
export function resolveOptions(options: ClusterMetricsOptions): ClusterMetricsConfig {
  const config = { timeoutMs: 500, snapshotIntervalMs: 1000, defaultMetrics: true, ...definedOnly(options) };
  check('timeoutMs', isDelay(config.timeoutMs), `an integer from 1 to ${MAX_DELAY_MS}`);
  check('snapshotIntervalMs', isDelay(config.snapshotIntervalMs), `an integer from 1 to ${MAX_DELAY_MS}`);
  check('defaultMetrics', typeof config.defaultMetrics === 'boolean', 'true or false');
  check('directory', isTextOrNothing(config.directory), 'a path');
  check('application', isTextOrNothing(config.application), 'a name');
  return config;
}

/** @throws TypeError if the path is not a string or is empty */
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

/** An option given as `undefined` takes its default. */
function definedOnly(options: ClusterMetricsOptions): ClusterMetricsOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
