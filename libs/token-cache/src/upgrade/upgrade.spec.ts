import { rmSync } from 'node:fs';
import { join } from 'node:path';
import {
  type RedisServer,
  startRedis,
  type TemporaryDirectory,
  temporaryDirectory,
  waitFor,
} from '@mintonce/test-support';
import { MixedFleet, type Place, type Version, type VersionProcess } from './versions.spec-support.js';

/** The versions, with the place of one process of it. */
const VERSIONS: readonly (readonly [Version, number])[] = [
  ['former', 0],
  ['present', 1],
];

let fleet: MixedFleet;
let processes: readonly VersionProcess[];
let former: VersionProcess;
let present: VersionProcess;
let redis: RedisServer;
let directory: TemporaryDirectory;
let places = 0;
const onRedis = (): Place => ({ at: redis.socketPath, namespace: `upgrade-${++places}` });
const onSqlite = (): Place => ({ at: join(directory.path, `tokens-${++places}.sqlite`), namespace: 'upgrade' });

beforeAll(async () => {
  directory = temporaryDirectory();
  [redis, fleet] = await Promise.all([startRedis(), MixedFleet.start()]);
  processes = await Promise.all(
    (['former', 'present', 'former', 'present'] as const).map((version) => fleet.process(version)),
  );
  [former, present] = processes as [VersionProcess, VersionProcess];
});
afterEach(() => fleet.reset());
afterAll(async () => {
  await Promise.all([redis?.stop(), fleet?.stop()]);
  directory.remove();
});

/** The processes of a version, which take turns in the fleet. */
function processesOf(version: Version): VersionProcess[] {
  return processes.filter((_, index) => (index % 2 === 0) === (version === 'former'));
}

/** The tokens of all processes, asked at the same time. */
async function tokensOf(some = processes): Promise<string[]> {
  return [...new Set((await Promise.all(some.map((process) => process.get()))).flat())];
}

/** All processes, once they give that token: a purge or a rejection reaches the others by an event. */
async function allGive(token: string, some = processes): Promise<void> {
  await waitFor(async () => (await tokensOf(some)).join() === token);
}

describe.each([
  ['one Redis', onRedis, 'may go on with the token in its hand', ['token-1', 'token-2']],
  ['one SQLite file', onSqlite, 'reads the new one', ['token-2']],
])('Processes of the former version and of the present one on %s', (_store, placeOf, outcome, formerTokens) => {
  beforeEach(async () => {
    const place = placeOf();
    // The former version comes first, as in an upgrade: it does not open a file of the present one.
    for (const process of [...processesOf('former'), ...processesOf('present')]) await process.open(place);
  });

  it('mint once for all of them', async () => {
    expect(await tokensOf()).toEqual(['token-1']);
    expect(fleet.minted).toBe(1);
  });

  it.each(VERSIONS)('mint once more after a purge by the %s version', async (_version, index) => {
    await tokensOf();
    await processes[index]!.tell('purge');
    await allGive('token-2');
    expect(fleet.minted).toBe(2);
  });

  it.each(VERSIONS)(
    'replace a token once that an upstream of the %s version refused, whoever refuses it next',
    async (_version, index) => {
      await tokensOf();
      expect(await processes[index]!.tell('invalidate')).toBe(true);
      await allGive('token-2');
      expect(await processes[1 - index]!.tell('invalidate')).toBe(false);
      expect([await tokensOf(), fleet.minted]).toEqual([['token-2'], 2]);
    },
  );

  it(`purge all tokens of an integration for the present version, while the former ${outcome}`, async () => {
    await tokensOf();
    await present.tell('purgeAll');
    await allGive('token-2', processesOf('present'));
    expect(formerTokens).toEqual(expect.arrayContaining(await tokensOf(processesOf('former'))));
    await former.tell('purge');
    await waitFor(async () => {
      const [token, ...others] = await tokensOf();
      return others.length === 0 && token !== 'token-1' && token !== 'token-2';
    });
    // What the former version minted is void for the present one, which cannot tell when that was begun.
    expect(fleet.minted).toBeLessThanOrEqual(4);
  });
});

describe.each([
  ['Redis', onRedis],
  ['a SQLite file', onSqlite],
])('An upgrade on %s', (_store, placeOf) => {
  it('goes on with the tokens that are there, and mints none', async () => {
    const place = placeOf();
    await former.open(place);
    expect(await former.get()).toEqual(['token-1']);
    await former.tell('close');
    await present.open(place);
    expect(await present.get()).toEqual(['token-1']);
  });
});

describe('A downgrade', () => {
  it('on Redis goes on with the tokens that are there, and mints none', async () => {
    const place = onRedis();
    await present.open(place);
    expect(await present.get()).toEqual(['token-1']);
    await present.tell('close');
    await former.open(place);
    expect(await former.get()).toEqual(['token-1']);
  });

  it('on a SQLite file is refused at boot, until the file is deleted, which costs a mint', async () => {
    const place = onSqlite();
    await present.open(place);
    await present.get();
    await present.tell('close');
    await expect(former.open(place)).rejects.toThrow('path cannot be used: its schema is 5');
    for (const end of ['', '-wal', '-shm']) rmSync(place.at + end, { force: true });
    await former.open(place);
    expect(await former.get()).toEqual(['token-2']);
  });
});
