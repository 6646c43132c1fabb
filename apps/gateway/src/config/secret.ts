import { resolve } from 'node:path';
import { Logger } from '@nestjs/common';
import { type ConfigProblem } from './config.error.js';
import { fileProblemOf, readSecretFile } from './secret-file.js';

/** A secret, or a function that reads it again at each use, since its file may change while the gateway runs. */
export type Secret = string | (() => string);

/** Resolves a `file:` reference relative to `directory`; a file that cannot be used goes into `problems`. */
export function resolveSecret(value: string, directory: string, path: string, problems: ConfigProblem[]): Secret {
  if (!value.startsWith('file:')) return value;
  const file = resolve(directory, value.slice('file:'.length));
  const read = lastingSecret(file, path);
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

/**
 * Reads a secret; once it has been read, the last one serves while its file cannot be used, as in the moment in which it is written.
 *
 * @throws SecretFileError, or the error of the system, as long as it has not been read
 */
function lastingSecret(file: string, path: string): () => string {
  let last: string | undefined;
  let isTold = false;
  return () => {
    try {
      last = readSecretFile(file);
      isTold = false;
    } catch (error) {
      if (last === undefined) throw error;
      if (!isTold) tellOfFile(file, path, error);
      isTold = true;
    }
    return last;
  };
}

function tellOfFile(file: string, path: string, error: unknown): void {
  new Logger('Secrets').warn(`${path}: the file ${file} ${fileProblemOf(error)}. What was in it stays in use`);
}
