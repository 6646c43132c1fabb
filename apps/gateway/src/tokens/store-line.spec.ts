import { redisFromUrl, resolveRedis } from '../config/redis/redis-config.js';
import { storeLine, tellStore } from './store-line.js';

const key = (id: string) => ({ id, key: Buffer.alloc(32) });
const server = (host: string) => ({ host, port: 26_379 });
const sqlitePath = '/var/lib/gateway/tokens.sqlite';

describe('The line at the start', () => {
  it.each([
    ['Tokens are in the memory of each worker alone', { store: 'memory' }],
    ['Tokens are shared in SQLite (/var/lib/gateway/tokens.sqlite), not encrypted', { store: 'sqlite' }],
    [
      'Tokens are shared in SQLite (/var/lib/gateway/tokens.sqlite), encrypted with the key k2; older ones are opened with k1, k0',
      { store: 'sqlite', encryption: [key('k2'), key('k1'), key('k0')] },
    ],
    [
      'Tokens are shared in Redis (redis.example:6380, TLS), encrypted with the key k1',
      { store: 'redis', redis: redisFromUrl('rediss://u:s3cret@redis.example:6380/1'), encryption: [key('k1')] },
    ],
    [
      'Tokens are shared in Redis (/run/redis.sock), not encrypted',
      { store: 'redis', redis: redisFromUrl('/run/redis.sock') },
    ],
    [
      'Tokens are shared in Redis (tokens, by 2 Sentinels, TLS), not encrypted',
      {
        store: 'redis',
        redis: resolveRedis({ sentinels: [server('a'), server('b')], sentinelName: 'tokens', tls: true }, '/', []),
      },
    ],
    [
      'Tokens are shared in Redis (a cluster, by 1 of its nodes), not encrypted',
      { store: 'redis', redis: resolveRedis({ cluster: [server('a')], password: 's3cret' }, '/', []) },
    ],
  ] as const)('says: %s', (line, config) => {
    expect(storeLine({ sqlitePath, ...config })).toBe(line);
  });

  it.each([
    [true, 'redis://redis.example', {}],
    [false, 'rediss://redis.example', {}],
    [false, 'redis://redis.example', { encryption: [key('k1')] }],
    [false, 'redis://127.0.0.1', {}],
    [false, '/run/redis.sock', {}],
  ])('comes with a warning (%s) of tokens in the clear on the way to %s with %j', (isWarned, url, more) => {
    const written = jest.spyOn(process.stdout, 'write').mockReturnValue(true);
    try {
      tellStore({ store: 'redis', sqlitePath, redis: redisFromUrl(url), ...more });
      const text = written.mock.calls.join('\n');

      expect(text).toContain('Tokens are shared in Redis');
      expect(text.includes('Tokens travel to Redis in the clear')).toBe(isWarned);
    } finally {
      written.mockRestore();
    }
  });
});
