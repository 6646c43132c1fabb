import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryDirectory } from './temporary-directory.js';

describe('temporaryDirectory', () => {
  it('is there until it is removed with all that is in it', () => {
    const directory = temporaryDirectory();
    writeFileSync(join(directory.path, 'file'), 'x');
    directory.remove();
    expect(existsSync(directory.path)).toBe(false);
  });

  it('leaves room for the name of a unix socket', () => {
    const directory = temporaryDirectory();
    expect(directory.path.length).toBeLessThan(60);
    directory.remove();
  });
});
