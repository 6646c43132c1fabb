import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startLoneGateway } from './lone-gateway.js';

/** The packages whose files Node loaded until the gateway served, as V8 lists its scripts. */
async function packagesOfStart(): Promise<Set<string>> {
  const gateway = await startLoneGateway({ before: 'export NODE_V8_COVERAGE="$STATE/scripts"' });
  try {
    await gateway.listens();
    await gateway.process.stop();
    const folder = gateway.state('scripts');
    const lists = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'));
    const urls = lists.flatMap((list) =>
      (JSON.parse(list) as { result: { url: string }[] }).result.map(({ url }) => url),
    );
    expect(urls.some((url) => url.endsWith('/apps/gateway/dist/main.js'))).toBe(true);
    return new Set(urls.flatMap((url) => /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1] ?? []));
  } finally {
    await gateway.stop();
  }
}

describe('A start of the gateway', () => {
  it('loads no package beside its bundle but those with files of their own, so that none is there twice', async () => {
    const ofPino = ['on-exit-leak-free', 'pino-std-serializers', 'quick-format-unescaped', 'safe-stable-stringify'];
    const ofLibsql = ['@neon-rs/load', 'detect-libc'];
    const known = [
      'libsql',
      ...ofLibsql,
      'pino',
      '@pinojs/redact',
      ...ofPino,
      'sonic-boom',
      'thread-stream',
      'atomic-sleep',
    ];
    const loaded = await packagesOfStart();

    expect(loaded.has('pino')).toBe(true);
    expect([...loaded].filter((name) => !known.includes(name))).toEqual([]);
  });
});
