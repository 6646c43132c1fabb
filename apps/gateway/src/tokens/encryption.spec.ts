import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { MemoryTokenStore, TokenClient } from '@mintonce/token-cache';
import { clientCredentials } from '@mintonce/token-cache/oauth';
import { startRedis } from '@mintonce/test-support';
import { Redis } from 'ioredis';
import { gatewayRig, type GatewayRig } from '../test/running-gateway.js';

const newKey = () => randomBytes(32).toString('base64');

/** Everything of SQLite that is on disk. */
function databaseOf(rig: GatewayRig): string {
  const files = ['', '-wal', '-shm'].map((end) => rig.path(`.mintonce/tokens.sqlite${end}`));
  return files
    .filter(existsSync)
    .map((file) => readFileSync(file, 'latin1'))
    .join('');
}

describe('The encryption section', () => {
  let rig: GatewayRig;

  beforeEach(async () => {
    rig = await gatewayRig();
    rig.file('key-1', `${newKey()}\n`);
    rig.file('key-2', `${newKey()}\r\n`);
  });
  afterEach(() => rig.stop());

  const keys = (...ids: string[]) => ({ encryption: { keys: ids.map((id) => ({ id, key: `file:${id}` })) } });

  it.each([
    ['in the clear without it', {}, true],
    ['nowhere with it', keys('key-1'), false],
  ])('leaves the token %s in the SQLite file', async (_where, sections, isThere) => {
    const gateway = await rig.start(sections);
    await gateway.call();
    await fetch(`${gateway.url}/api/integrations/billing/purge`, { method: 'POST' });
    await gateway.call();

    expect(rig.idp.seen).toHaveLength(2);
    expect(/token-[12]/.test(databaseOf(rig))).toBe(isThere);
    await gateway.stop();
    expect(/token-[12]/.test(databaseOf(rig))).toBe(isThere);
  });

  it.each([
    ['in the clear without it', {}, true],
    ['nowhere with it', keys('key-1'), false],
  ])('leaves the token %s in the dump and in the append-only file of Redis', async (_where, sections, isThere) => {
    const redis = await startRedis({
      args: ['--appendonly', 'yes', '--appendfsync', 'always', '--rdbcompression', 'no'],
    });
    const admin = new Redis(redis.url);
    try {
      const gateway = await rig.start(sections, { REDIS_URL: redis.url });
      await gateway.call();
      expect((await admin.keys('mintonce:*:t')).length).toBe(1);
      await admin.save();
      const [, directory = ''] = (await admin.config('GET', 'dir')) as string[];
      const dump = readFileSync(join(directory, 'dump.rdb'), 'latin1');
      const log = readFileSync(join(directory, 'appendonlydir', 'appendonly.aof.1.incr.aof'), 'latin1');

      expect(/token-1/.test(dump)).toBe(isThere);
      expect(/token-1/.test(log)).toBe(isThere);
      expect(dump + log).toContain('mintonce:');
    } finally {
      admin.disconnect();
      await rig.stop();
      await redis.stop();
    }
  });

  it('opens what the first key of an earlier start sealed, as long as that key is in the list, and seals with the new one', async () => {
    const mintsAfter = async (...ids: string[]) => {
      const gateway = await rig.start(keys(...ids));
      expect(await gateway.call()).toBe(200);
      await gateway.stop();
      return rig.idp.seen.length;
    };

    expect(await mintsAfter('key-1')).toBe(1);
    expect(await mintsAfter('key-2', 'key-1')).toBe(1);
    // The key that sealed the token is lost: one mint, under the key that is left.
    expect(await mintsAfter('key-2')).toBe(2);
    expect(await mintsAfter('key-1', 'key-2')).toBe(2);
  });

  it('costs one mint when it is turned on, and one when it is turned off', async () => {
    for (const [sections, mints] of [
      [{}, 1],
      [keys('key-1'), 2],
      [keys('key-1'), 2],
      [{}, 3],
    ] as const) {
      const gateway = await rig.start(sections);
      expect(await gateway.call()).toBe(200);
      await gateway.stop();
      expect(rig.idp.seen).toHaveLength(mints);
    }
  });

  it('takes a key from the environment, in either alphabet of base64', () => {
    const key = Buffer.alloc(32, 0xfb);
    const load = (text: string) => rig.load({ encryption: { keys: [{ id: 'a', key: '${KEY}' }] } }, { KEY: text });

    expect(load(key.toString('base64')).encryption).toEqual([{ id: 'a', key }]);
    expect(load(key.toString('base64url')).encryption).toEqual([{ id: 'a', key }]);
  });

  it.each([16, 31, 32, 33, 64])('takes a key of %i bytes exactly if the library does', async (length) => {
    const key = randomBytes(length);
    const takes = async (make: () => unknown) =>
      Promise.resolve()
        .then(make)
        .then(
          () => true,
          () => false,
        );
    const library = await takes(() => {
      const source = clientCredentials({ tokenEndpoint: 'https://a.example', clientId: 'a', clientSecret: 'a' });
      const encryption = { keys: [{ id: 'a', key }] };
      return new TokenClient({ store: new MemoryTokenStore(), encryption, integrations: { a: { source } } }).close();
    });

    expect(library).toBe(length === 32);
    expect(await takes(() => rig.load({ encryption: { keys: [{ id: 'a', key: key.toString('base64') }] } }))).toBe(
      library,
    );
  });

  it.each([
    ['encryption.keys: ', {}],
    ['encryption.keys.0.key: must be 32 bytes in base64', { keys: [{ id: 'a', key: 'c2hvcnQ=' }] }],
    [
      'encryption.keys.0.key: must be 32 bytes in base64',
      { keys: [{ id: 'a', key: randomBytes(32).toString('hex') }] },
    ],
    ['encryption.keys.0.key: must be 32 bytes in base64', { keys: [{ id: 'a', key: `${newKey()}\n${newKey()}` }] }],
    ['encryption.keys.0.key: the file', { keys: [{ id: 'a', key: 'file:nowhere' }] }],
    ['encryption.keys.0.secret: is not an option', { keys: [{ id: 'a', secret: newKey() }] }],
    ['encryption: ', newKey()],
  ])('is refused with %s', (message, encryption) => {
    expect(() => rig.load({ encryption })).toThrow(message);
  });
});
