export interface ConfigProblem {
  /** Where it is: a path in the YAML file, or the name of an environment variable. */
  readonly path: string;
  /** What is wrong and what would be right; never the value that was found, which may be a secret. */
  readonly problem: string;
}

/** The gateway cannot start with this configuration; the message names every field that is wrong. */
export class ConfigError extends Error {
  constructor(readonly problems: readonly ConfigProblem[]) {
    super(problems.map(({ path, problem }) => `${path}: ${problem}`).join('\n'));
    this.name = 'ConfigError';
  }
}
