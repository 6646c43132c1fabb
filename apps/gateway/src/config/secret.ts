import { resolve } from 'node:path';
import { type ConfigProblem } from './config.error.js';
import { fileProblemOf, readSecretFile } from './secret-file.js';

/** A secret, or a function that reads it again at each use, since its file may change while the gateway runs. */
export type Secret = string | (() => string);

/** Resolves a `file:` reference relative to `directory`; a file that cannot be used goes into `problems`. */
export function resolveSecret(value: string, directory: string, path: string, problems: ConfigProblem[]): Secret {
  if (!value.startsWith('file:')) return value;
  const file = resolve(directory, value.slice('file:'.length));
  const read = () => readSecretFile(file);
  try {
    read();
  } catch (error) {
    problems.push({ path, problem: `the file ${file} ${fileProblemOf(error)}` });
  }
  return read;
}

/** The secret as it is now. */
export function valueOf(secret: Secret): string {
  return typeof secret === 'string' ? secret : secret();
}

/** Reads a secret that has been read before; while its file cannot be read, as when it is being replaced, the last value serves. */
export function lastingSecret(secret: Secret): () => string {
  let last = valueOf(secret);
  return () => {
    try {
      last = valueOf(secret);
    } catch {
      // The file is wrong for now.
    }
    return last;
  };
}
