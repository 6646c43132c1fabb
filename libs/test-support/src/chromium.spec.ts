import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureChromium } from './chromium.js';
import { type TemporaryDirectory, temporaryDirectory } from './temporary-directory.js';

describe('ensureChromium', () => {
  let directory: TemporaryDirectory;

  beforeEach(() => (directory = temporaryDirectory()));
  afterEach(() => directory.remove());

  it('takes the browser that CHROMIUM_BIN names before one on the PATH', () => {
    const folder = join(directory.path, 'bin');
    mkdirSync(folder);
    const browser = join(folder, 'chromium-browser');
    writeFileSync(browser, '', { mode: 0o755 });
    expect(ensureChromium({ PATH: folder })).toBe(browser);
    expect(ensureChromium({ PATH: folder, CHROMIUM_BIN: '/opt/chromium' })).toBe('/opt/chromium');
  });

  it('finds none where there is none and none can be installed', () => {
    expect(ensureChromium({ PATH: directory.path })).toBeUndefined();
  });
});
