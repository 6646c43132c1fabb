import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type * as tokenCache from '@mintonce/token-cache';

/** The code under test. */
export type Library = typeof tokenCache & {
  readonly resolveOptions: (
    options: tokenCache.TokenCacheOptions,
  ) => ConstructorParameters<typeof tokenCache.TokenService>[0];
};

/** Where the build of `@mintonce/token-cache` lies. */
export function builtLibrary(): string {
  return dirname(fileURLToPath(import.meta.resolve('@mintonce/token-cache')));
}

/** Loads the library from a directory: as it was built, or a copy of it with a defect. */
export async function loadLibrary(directory: string): Promise<Library> {
  const load = (file: string): Promise<Library> =>
    import(pathToFileURL(join(directory, file)).href) as Promise<Library>;
  return { ...(await load('index.js')), ...(await load('core/config/token-cache.options.js')) };
}
