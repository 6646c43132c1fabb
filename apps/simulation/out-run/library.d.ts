import type * as tokenCache from '@mintonce/token-cache';
/** The code under test. */
export type Library = typeof tokenCache;
/** Where the build of `@mintonce/token-cache` lies. */
export declare function builtLibrary(): string;
/** Loads the library from a directory: as it was built, or a copy of it with a defect. */
export declare function loadLibrary(directory: string): Promise<Library>;
