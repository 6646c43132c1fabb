import { TokenConfigError } from '@mintonce/token-cache';

/** One field of the configuration that is wrong. */
export interface ConfigProblem {
  /** A path in the YAML file, or the name of an environment variable. */
  readonly path: string;
  /** What is wrong and what would be right; never the value that was found, which may be a secret. */
  readonly problem: string;
  /** The YAML text as a whole is wrong, and no field of it. */
  readonly isOfText?: boolean;
}

/** The path of a field, in which an empty name can be seen: YAML reads one where nothing stands before a colon. */
export function fieldPath(names: readonly PropertyKey[]): string {
  return names.map((name) => (name === '' ? '""' : String(name))).join('.') || 'the file';
}

/** The gateway cannot start with this configuration; the message names every field that is wrong. */
export class ConfigError extends Error {
  constructor(readonly problems: readonly ConfigProblem[]) {
    super(problems.map(({ path, problem }) => `${path}: ${problem}`).join('\n'));
    this.name = 'ConfigError';
  }
}

/**
 * Rethrows an error of the library in terms of the YAML file.
 *
 * @param pathOf where a field of the library's options stands in the file
 * @throws ConfigError in place of a `TokenConfigError`, else the error itself
 */
export function rethrowAsConfigError(error: unknown, pathOf: (field: string) => string): never {
  if (!(error instanceof TokenConfigError)) throw error;
  throw new ConfigError([{ path: pathOf(error.field), problem: error.problem }]);
}
