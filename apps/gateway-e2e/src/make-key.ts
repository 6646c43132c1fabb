import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { ROOT } from './fleet.js';

/** A key for a caller and its hash, as `main.js make-key` prints them. */
export function makeKey(): { key: string; sha256: string } {
  const printed = execFileSync(process.execPath, [join(ROOT, 'apps/gateway/dist/main.js'), 'make-key'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [, key = '', sha256 = ''] = /^key: (\S+)\nsha256: (\S+)\n$/.exec(printed) ?? [];
  return { key, sha256 };
}
