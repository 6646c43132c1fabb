import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type * as tokenCache from '@mintonce/token-cache';

/** The code under test. */
export type Library = typeof tokenCache;

/** Where the build of `@mintonce/token-cache` lies. */
export function builtLibrary(): string {
  return dirname(fileURLToPath(import.meta.resolve('@mintonce/token-cache')));
}

/** Loads the library from a directory: as it was built, or a copy of it with a defect. */
export async function loadLibrary(directory: string): Promise<Library> {
  return (await import(pathToFileURL(join(directory, 'index.js')).href)) as Library;
}
