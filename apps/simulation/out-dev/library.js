import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
/** Where the build of `@mintonce/token-cache` lies. */
export function builtLibrary() {
    return dirname(fileURLToPath(import.meta.resolve('@mintonce/token-cache')));
}
/** Loads the library from a directory: as it was built, or a copy of it with a defect. */
export async function loadLibrary(directory) {
    return (await import(pathToFileURL(join(directory, 'index.js')).href));
}
//# sourceMappingURL=library.js.map