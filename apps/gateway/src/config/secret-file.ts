import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';

/** Well above a bundle of all public authorities. */
const MAX_SECRET_BYTES = 1024 * 1024;
/** White space within a line, and characters of no width. */
const INVISIBLE = '(?:[^\\S\\r\\n]|[\\u200b-\\u200f\\u2060])';
const SURROUNDED = new RegExp(`^${INVISIBLE}|${INVISIBLE}$`);

/** A file is there, but cannot be a secret or a configuration. */
export class SecretFileError extends Error {
  constructor(
    readonly code: 'NO_REGULAR_FILE' | 'TOO_LARGE' | 'NOT_UTF8' | 'EMPTY' | 'CONTROL_CHARACTERS' | 'SURROUNDING_SPACE',
    /** What is wrong and what would be right, without a word of what the file holds. */
    readonly problem: string,
  ) {
    super(problem);
    this.name = 'SecretFileError';
  }
}

/**
 * Reads a secret, or a PEM, without the line breaks at its end.
 *
 * @throws SecretFileError, or the error of the system
 */
export function readSecretFile(path: string): string {
  const text = readTextFile(path).replace(/[\r\n]+$/, '');
  if (text === '') throw new SecretFileError('EMPTY', 'is empty; write the secret into it');
  if (/[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]/.test(text)) {
    throw new SecretFileError(
      'CONTROL_CHARACTERS',
      'holds control characters; a secret is text: write it anew without them',
    );
  }
  if (SURROUNDED.test(text)) {
    throw new SecretFileError('SURROUNDING_SPACE', 'begins or ends with white space that is no line break; remove it');
  }
  return text;
}

/**
 * Reads a text without its byte order mark. It must be in a regular file: opening a pipe would wait for its writer, and reading a
 * device might never end.
 *
 * @throws SecretFileError, or the error of the system
 */
export function readTextFile(path: string, maxBytes = MAX_SECRET_BYTES): string {
  const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stats = fstatSync(file);
    if (!stats.isFile())
      throw new SecretFileError('NO_REGULAR_FILE', 'is not a regular file; name one that holds the text');
    if (stats.size > maxBytes)
      throw new SecretFileError(
        'TOO_LARGE',
        `is larger than ${maxBytes / 1024} KiB; name the file that is meant, or shorten it`,
      );
    return decoded(readFileSync(file));
  } finally {
    closeSync(file);
  }
}

function decoded(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new SecretFileError('NOT_UTF8', 'is not UTF-8 text; save it in UTF-8');
  }
}

/** What is wrong with a file, and what would be right. */
export function fileProblemOf(error: unknown): string {
  if (error instanceof SecretFileError) return error.problem;
  return `cannot be read (${(error as NodeJS.ErrnoException).code}); check its path and permissions`;
}
