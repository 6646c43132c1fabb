import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { type ConfigProblem } from './config.error.js';

/** A secret, or a function that reads it again at each use, since its file may change while the gateway runs. */
export type Secret = string | (() => string);

/** Resolves a `file:` reference relative to `directory`; a file that is empty or cannot be read goes into `problems`. */
export function resolveSecret(value: string, directory: string, path: string, problems: ConfigProblem[]): Secret {
  if (!value.startsWith('file:')) return value;
  const file = resolve(directory, value.slice('file:'.length));
  const read = () => readFileSync(file, 'utf8').replace(/[\r\n]+$/, '');
  try {
    if (read() === '') problems.push({ path, problem: `the file ${file} is empty; write the secret into it` });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    problems.push({ path, problem: `the file ${file} cannot be read (${code}); check its path and permissions` });
  }
  return read;
}

/** The secret as it is now. */
export function valueOf(secret: Secret): string {
  return typeof secret === 'string' ? secret : secret();
}
